"""Texts are encoded part by part, by name: here, and by actors of a cluster, which load a model once."""

import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

import negmine
from negmine.config import memory
from negmine.engine import command, part_task
from negmine.engine.context import Context
from negmine.errors import EngineError
from negmine.retrievers.encoding import Encoding
from negmine.stages.making import run_stages
from negmine.stages.opening import context_to_mine, open_context
from tests.conftest import DOCUMENTS, QRELS, write_beir
from tests.engine.executors import plugins
from tests.engine.executors.conftest import lost, on
from tests.models.tiny import WORDS, multi_vector_model, static_model
from tests.models.tiny_sparse import words_model
from tests.scorers.judge.mining import Ear

QUERY_PARTS = 4  # of two queries each


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(memory, "PART_QUERIES", 2)
    monkeypatch.setattr(memory, "PART_DOCUMENTS", 5)


def vectors_of(work):
    """Return all arrays of the indexes of a work directory, by their file's name."""
    files = sorted(Path(work).glob("[12]-*/*/*.npy"))
    return {str(path.relative_to(work)): np.load(path) for path in files}


def stats_of(work, artifact):
    """Return what a manifest says of what was encoded."""
    stats = json.loads((Path(work) / artifact / "_manifest.json").read_text())["stats"]
    return {
        name: stats[name] for name in ("encoded", "reused", "dimensions", "norms") if name in stats
    }


def same_vectors(ours, theirs):
    here, there = vectors_of(ours), vectors_of(theirs)
    assert here.keys() == there.keys()
    assert here
    for name, array in here.items():
        assert array.dtype == there[name].dtype, name
        assert np.array_equal(array, there[name]), name


def test_actors_encode_what_one_process_does_and_load_the_model_once(tmp_path, models, connected):
    data = write_beir(tmp_path / "data")
    settings = {"data": data, "retriever": ["dense"], "model": models["model"], "device": "cpu"}
    negmine.index("here", **settings)
    ear = Ear()
    plugins.folder().mkdir()
    (plugins.folder() / plugins.DIES).touch()
    run_stages(open_context("there", {**settings, **on(connected)}, progress=ear), ["index"])
    same_vectors("here", "there")
    dense = "1-index/dense-dense"
    assert stats_of("there", dense) == stats_of("here", dense)
    (note,) = lost(ear)
    assert note.startswith(dense)
    assert note.endswith("its worker died. It is made again")
    loaded = [name.split("-")[1] for name in plugins.marks("model")]
    assert len(set(loaded)) == len(loaded)  # once in each process
    assert str(os.getpid()) not in loaded
    assert 2 <= len(loaded) <= 3  # two workers, and the one that came for the dead one
    parts = -(-len(DOCUMENTS) // 5) + QUERY_PARTS
    assert len(plugins.marks("encode")) >= parts > len(loaded)


def elsewhere(tasks, side_by_side=1):
    """Run each task as another process would: from its bytes, with nothing open."""
    for task in tasks:
        wanted = pickle.loads(pickle.dumps(task))
        here = dict(command._here)
        command._here.clear()
        part_task.close()
        try:
            yield wanted()
        finally:
            command._here.update(here)
            part_task.close()


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return {
        "model": [str(static_model(folder / "dense"))],
        "sparse_model": str(words_model(folder / "sparse")),
        "late_model": str(multi_vector_model(folder / "late")),
    }


@pytest.mark.parametrize("scope", ["all", "candidates"])
def test_every_encoder_encodes_by_name(tmp_path, models, monkeypatch, scope):
    settings = {
        "data": write_beir(tmp_path / "data"), "retriever": ["bm25", "dense", "sparse", "late"],
        "dense_scope": scope, "late_scope": scope, "k": 3, "device": "cpu", **models,
    }  # fmt: skip
    stages = ["index"] if scope == "all" else ["index", "retrieve"]
    run_stages(open_context("here", settings), stages)
    with monkeypatch.context() as patch:
        patch.setattr("negmine.engine.run.local", elsewhere)
        run_stages(open_context("there", settings), stages)
    same_vectors("here", "there")
    for path in Path("here").glob("[12]-*/*/_manifest.json"):
        name = str(path.parent.relative_to("here"))
        assert stats_of("there", name) == stats_of("here", name), name


def test_what_is_encoded_is_no_step_again(tmp_path, models, monkeypatch):
    documents = {f"d{n}": ("", f"{word} tea") for n, word in enumerate(WORDS[:12])}
    judged = [(query, "d0", 1) for query in {query for query, _, _ in QRELS}]
    data = write_beir(tmp_path / "data", documents, qrels=judged)
    settings = {"data": data, "retriever": ["dense"], "model": models["model"], "device": "cpu"}
    negmine.index("w", **settings)
    write_beir(data, {**documents, "new": ("", "cold water")}, qrels=judged)
    made = []

    def counting(tasks, side_by_side=1):
        for task in tasks:
            made.extend([task.number] if task.number is not None else [])
            yield task()

    monkeypatch.setattr("negmine.engine.run.local", counting)
    negmine.index("w", **settings)
    assert made == [2]  # documents 10 to 12
    assert stats_of("w", "1-index/dense-dense")["encoded"] == 1


def test_a_worker_that_would_encode_otherwise_is_refused(tmp_path, models):
    data = write_beir(tmp_path / "data")
    settings = {"data": data, "retriever": ["dense"], "model": models["model"], "device": "cpu"}
    negmine.index("w", **settings)
    context: Context = context_to_mine("w", settings, None, None, None)
    from negmine.config.dense import dense_models
    from negmine.retrievers.dense.encoded import own_encoders

    index = context.config.index
    both = own_encoders(dense_models(index)[0], index, context.work.digest)
    steps = Encoding(context, "1-index/dense-dense", both).steps()
    made = {**steps.make(0), "machine": "node-7"}
    steps.check(made)
    with pytest.raises(EngineError, match=r"node-7 encodes otherwise .*: it computes in bfloat16"):
        steps.check({**made, "encoder": "other", "dtype": "bfloat16"})
    with pytest.raises(EngineError, match=r"its files of --model \S+ are others"):
        steps.check({**made, "encoder": "other"})
