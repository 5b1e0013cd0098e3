"""Killed anywhere, nothing lost, nothing torn: the same command again ends with the same rows."""

import random
import shutil

import polars as pl
import pytest

import negmine
from negmine.engine import tasks as engine
from negmine.storage.layout import RISK_MODEL
from tests import killed
from tests.conftest import write_beir, write_vectors

KILLS = 20


def write_collection(folder, queries, documents):
    """Write a collection large enough to have many parts: topics of nine documents."""
    rng = random.Random(7)
    words = [f"word{i}" for i in range(400)]
    corpus, asked, judged = {}, {}, []
    for number in range(documents):
        topic = random.Random(number // 9)
        core = topic.sample(words, 5)
        corpus[f"d{number:04d}"] = ("", " ".join(core + rng.choices(words, k=6)))
    names = list(corpus)
    for number in range(queries):
        target = rng.choice(names)
        asked[f"q{number:04d}"] = " ".join([*corpus[target][1].split()[:5], rng.choice(words)])
        judged.append((f"q{number:04d}", target, 1))
    write_beir(folder, corpus, asked, judged)
    return write_vectors(folder, corpus, asked)


def mine(folder, work, vectors, last=0):
    """Mine in small parts, in a process of its own that dies before step `last`."""
    small_parts = "import negmine.config.memory as e; e.PART_QUERIES = 16; e.PART_DOCUMENTS = 64"
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in vectors.items()]
    arguments = ["mine", work, "--data", folder, "--k", 30, *flags]
    return killed.negmine(arguments, work, last, small_parts)


def rows_of(work):
    """Return every table of a work directory, by folder."""
    tables = {}
    for folder in sorted({path.parent for path in work.glob("*-*/*/part-*.parquet")}):
        tables[str(folder.relative_to(work))] = pl.read_parquet(folder / "*.parquet")
    return tables


@pytest.mark.slow
def test_twenty_kills_and_then_the_rows_of_an_undisturbed_run(tmp_path):
    data, work = tmp_path / "data", tmp_path / "hit"
    vectors = write_collection(data, 100, 300)
    calm = mine(data, tmp_path / "calm", vectors)
    expected = rows_of(tmp_path / "calm")
    assert len(expected["2-retrieve/candidates"]) > 0
    rng, kills = random.Random(13), 0
    while kills < KILLS:
        done = mine(data, work, vectors, last=rng.randint(1, killed.steps(calm) // 4))
        if killed.was_killed(done):
            kills += 1
        else:  # it came to its end: kill the next one from the beginning
            is_whole(done, work, expected)
            shutil.rmtree(work)
    is_whole(mine(data, work, vectors), work, expected)


def is_whole(done, work, expected):
    """Hold a work directory against the rows of an undisturbed run."""
    assert done.returncode == 0, done.stderr
    tables = rows_of(work)
    assert set(tables) == set(expected)
    for name, table in expected.items():
        assert tables[name].equals(table), name
    assert not list(work.rglob("*.tmp"))
    assert not list(work.rglob(".partial"))


IN_ONE_STREAM = (RISK_MODEL, "2-retrieve/searched-vectors")


class Dying:
    """Stands in for the engine: dies after a number of parts."""

    def __init__(self, parts):
        self.left = parts

    def __call__(self, tasks, side_by_side=1):
        for task in tasks:
            if task.number is not None and self.left == 0:
                raise KeyboardInterrupt
            self.left -= task.number is not None
            yield task()


@pytest.mark.parametrize("parts", range(0, 40, 4))
def test_parts_that_are_done_are_not_made_again(tmp_path, monkeypatch, parts):
    monkeypatch.setattr("negmine.config.memory.PART_QUERIES", 2)
    folder = write_beir(tmp_path / "data")
    options = {"data": folder, "k": 5, **write_vectors(folder)}
    calm = negmine.mine(tmp_path / "calm", **options)

    made = []

    def counting(tasks, side_by_side=1):
        for task in tasks:
            made.extend([task] * (task.number is not None))
            yield task()

    with monkeypatch.context() as patch:
        patch.setattr("negmine.engine.run.local", Dying(parts))
        try:
            negmine.mine(tmp_path / "hit", **options)
        except KeyboardInterrupt:
            assert any(state.state != "fresh" for state in negmine.status(tmp_path / "hit"))
    with monkeypatch.context() as patch:
        patch.setattr("negmine.engine.run.local", counting)
        again = negmine.mine(tmp_path / "hit", **options)
    total = sum(
        len(list((tmp_path / "calm" / a["artifact"]).glob("part-*.parquet")))
        for a in calm.artifacts
        if not a["artifact"].startswith("1-") and a["artifact"] not in IN_ONE_STREAM
    )
    assert len(made) == max(0, total - parts)
    assert again.summary == calm.summary
    for name, table in rows_of(tmp_path / "calm").items():
        assert rows_of(tmp_path / "hit")[name].equals(table), name


def test_rows_do_not_depend_on_the_number_of_parts(tmp_path, monkeypatch):
    folder = write_beir(tmp_path / "data")
    options = {"data": folder, "k": 5, "sampling": "random", **write_vectors(folder)}
    negmine.mine(tmp_path / "one", **options)
    monkeypatch.setattr("negmine.config.memory.PART_QUERIES", 3)
    monkeypatch.setattr("negmine.config.memory.PART_DOCUMENTS", 5)
    negmine.mine(tmp_path / "many", **options)
    one, many = rows_of(tmp_path / "one"), rows_of(tmp_path / "many")
    assert len(list((tmp_path / "many" / "5-write" / "triplet").glob("part-*"))) == 3
    for name, table in one.items():
        assert many[name].equals(table), name


def test_a_query_is_never_split_over_two_parts():
    import pyarrow as pa

    tables = [pa.table({"n": list(range(a, b))}) for a, b in ((0, 3), (3, 4), (4, 11))]
    cut = [table["n"].to_pylist() for table in engine.rechunk(tables, 4)]
    assert cut == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10]]
    assert list(engine.rechunk([], 4)) == []
