"""An index that workers make tables for has the bytes of one that one process makes, also after a kill."""

import pickle

import pytest

from negmine.config import memory
from negmine.engine import command, part_task
from negmine.engine.run import run
from negmine.errors import InputError
from negmine.retrievers.bm25.artifacts import INDEX
from negmine.stages.opening import context_to_mine
from negmine.stages.plan import make_plan
from negmine.storage.workdir import PARTIAL
from tests.conftest import write_beir

PARTS = 5  # of five documents each


class Workers:
    """An executor that runs each task from its bytes, as another process would; it notes what it ran.

    most: tasks with a number that it runs before it is killed.
    """

    def __init__(self, most=1000):
        self.ran, self._most = [], most

    def __call__(self, tasks, side_by_side=1):
        for task in tasks:
            if task.place == "driver":
                yield task()
                continue
            if len(self.ran) == self._most:
                raise KeyboardInterrupt
            self.ran.append((task.artifact, task.number))
            here = dict(command._here)
            command._here.clear()
            part_task.close()
            try:
                yield pickle.loads(pickle.dumps(task))()
            finally:
                command._here.update(here)
                part_task.close()


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Return what makes an index with given settings and workers, or in one process, and gives its files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(memory, "PART_DOCUMENTS", 5)
    data = write_beir(tmp_path / "data")

    def make(name, workers=None, force=False, **settings):
        engine = {} if workers is None else {"engine": "ray"}
        given = {"data": data, "retriever": ["bm25"], **engine, **settings}
        context = context_to_mine(tmp_path / name, given, None, None, None, force=force)
        run(context, make_plan(context), ["index"], executor=workers)
        folder = context.work.folder(INDEX)
        files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        return {file: data for file, data in files.items() if file != "_manifest.json"}

    return make


@pytest.mark.parametrize("settings", [{}, {"shards": 3}, {"bm25_engine": "rank-bm25"}])
def test_the_index_has_the_same_bytes(made, settings):
    workers = Workers()
    assert made("there", workers, **settings) == made("here", **settings)
    assert [number for name, number in workers.ran if name == INDEX] == list(range(PARTS))


def test_a_killed_command_goes_on_with_what_is_counted(made, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        made("there", Workers(most=3))
    left = tmp_path / "there" / INDEX / PARTIAL
    assert len(list(left.glob("piece-*.parquet"))) == 3
    (left / "starts-00001.npy").write_bytes(b"of a fill that was killed")
    workers = Workers()
    assert made("there", workers) == made("here")
    assert workers.ran == [(INDEX, 3), (INDEX, 4)]


def test_what_was_counted_with_other_settings_is_counted_again(made):
    with pytest.raises(KeyboardInterrupt):
        made("there", Workers(most=3))
    workers = Workers()
    other = {"stemmer": "english"}
    assert made("there", workers, **other) == made("here", **other)
    assert len(workers.ran) == PARTS


def test_force_counts_everything_again(made):
    made("there", Workers())
    workers = Workers()
    assert made("there", workers, force=True) == made("here")
    assert len(workers.ran) == PARTS


def test_a_column_that_is_missing_is_said_before_anything_is_counted(made):
    workers = Workers()
    with pytest.raises(InputError, match="--language-column"):
        made("there", workers, language_column="lang")
    assert workers.ran == []
