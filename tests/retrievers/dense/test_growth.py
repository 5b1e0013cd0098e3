"""A corpus that grows: the dense run looks at what is new, and ends with the rows of a fresh one."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import negmine
from negmine.config.dense import dense_models
from negmine.storage.workdir import Workdir
from tests.conftest import write_beir
from tests.properties import share

DIMS = 12
TABLES = (
    "2-retrieve/dense-vectors",
    "2-retrieve/candidates",
    "4-filter/verdicts",
    "5-write/triplet",
    "5-write/provenance",
)


def unit(rng, count):
    rows = rng.standard_normal((count, DIMS)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def write(folder, documents, queries, qrels):
    """Write a collection; documents and queries: id to vector."""
    texts = {name: ("", f"document {name}") for name in documents}
    write_beir(folder, texts, {name: f"query {name}" for name in queries}, qrels)
    flags = {}
    for kind, rows in (("document", documents), ("query", queries)):
        np.save(folder / f"{kind}.npy", np.stack(list(rows.values())))
        flags[f"{kind}_vectors"] = folder / f"{kind}.npy"
    return {"data": folder, "retriever": ["dense"], "k": 8, "no_risk": True, **flags}


def rows_of(work):
    return {name: Workdir(work).scan(name).collect() for name in TABLES}


def searched(work):
    return Workdir(work).require("2-retrieve/dense-vectors").stats["searched"]


def collection(rng, documents=80, queries=12):
    docs = {f"d{n:03d}": row for n, row in enumerate(unit(rng, documents))}
    asked = {f"q{n:02d}": row for n, row in enumerate(unit(rng, queries))}
    qrels = [(q, f"d{rng.integers(documents):03d}", 1) for q in asked]
    return docs, asked, qrels


def equal(work, fresh):
    before, after = rows_of(work), rows_of(fresh)
    assert all(before[name].equals(after[name]) for name in TABLES)


def test_new_documents_alone_are_looked_at(tmp_path):
    rng = np.random.default_rng(1)
    docs, asked, qrels = collection(rng)
    negmine.mine(tmp_path / "work", **write(tmp_path / "a", docs, asked, qrels))
    assert searched(tmp_path / "work") == {"in_full": 12, "in_new": 0}
    docs |= {f"n{n}": row for n, row in enumerate(unit(rng, 5))}
    docs = dict(sorted(docs.items(), key=lambda item: item[0][::-1]))  # other places, too
    flags = write(tmp_path / "b", docs, asked, qrels)
    negmine.mine(tmp_path / "work", **flags)
    assert searched(tmp_path / "work") == {"in_full": 0, "in_new": 12}
    negmine.mine(tmp_path / "fresh", **flags)
    assert searched(tmp_path / "fresh") == {"in_full": 12, "in_new": 0}
    equal(tmp_path / "work", tmp_path / "fresh")


def test_force_believes_no_earlier_run(tmp_path):
    flags = write(tmp_path / "a", *collection(np.random.default_rng(1)))
    negmine.mine(tmp_path / "work", **flags)
    negmine.mine(tmp_path / "work", **flags, force=True)
    assert searched(tmp_path / "work") == {"in_full": 12, "in_new": 0}


def test_many_new_documents_are_looked_at_block_by_block(tmp_path, monkeypatch):
    monkeypatch.setattr("negmine.retrievers.dense.earlier.AT_ONCE", 7)
    rng = np.random.default_rng(8)
    docs, asked, qrels = collection(rng)
    negmine.mine(tmp_path / "work", **write(tmp_path / "a", docs, asked, qrels))
    docs |= {f"n{n:02d}": row for n, row in enumerate(unit(rng, 60))}
    flags = write(tmp_path / "b", docs, asked, qrels)
    negmine.mine(tmp_path / "work", **flags)
    assert searched(tmp_path / "work")["in_full"] == 0
    negmine.mine(tmp_path / "fresh", **flags)
    equal(tmp_path / "work", tmp_path / "fresh")


def test_who_lost_a_candidate_is_searched_in_full(tmp_path):
    rng = np.random.default_rng(2)
    docs, asked, qrels = collection(rng)
    work = tmp_path / "work"
    negmine.mine(work, **write(tmp_path / "a", docs, asked, qrels))
    run = rows_of(work)["2-retrieve/dense-vectors"]
    positives = {d for _, d, _ in qrels}
    gone = next(d for d in run["doc_id"].to_list() if d not in positives)
    had_it = run.filter(pl.col("doc_id") == gone)["query_id"].n_unique()
    flags = write(tmp_path / "b", {d: v for d, v in docs.items() if d != gone}, asked, qrels)
    negmine.mine(work, **flags)
    assert searched(work) == {"in_full": had_it, "in_new": 12 - had_it}
    negmine.mine(tmp_path / "fresh", **flags)
    equal(work, tmp_path / "fresh")


def test_a_smaller_k_needs_no_search_and_a_larger_one_all_of_it(tmp_path):
    flags = write(tmp_path / "a", *collection(np.random.default_rng(3)))
    work = tmp_path / "work"
    negmine.mine(work, **flags)
    negmine.mine(work, **flags | {"k": 5})
    assert searched(work)["in_full"] == 0
    negmine.mine(tmp_path / "five", **flags | {"k": 5})
    equal(work, tmp_path / "five")
    negmine.mine(work, **flags | {"k": 20})
    assert searched(work)["in_new"] == 0


@share(0.12)
@given(data=st.data())
def test_whatever_changes_the_rows_are_those_of_a_fresh_run(tmp_path_factory, data):
    """Documents and queries come, go, move and change; positives too; some vectors are equal."""
    folder = tmp_path_factory.mktemp("growth")
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    docs, asked, qrels = collection(rng, documents=40, queries=6)
    negmine.mine(folder / "work", **write(folder / "a", docs, asked, qrels))
    for night in range(2):
        for name in data.draw(st.lists(st.sampled_from(sorted(docs)), max_size=4, unique=True)):
            if data.draw(st.booleans()) and all(name != d for _, d, _ in qrels):
                del docs[name]
            else:  # the vector of another document: an exact tie, under an old id
                docs[name] = docs[data.draw(st.sampled_from(sorted(docs)))]
        docs |= {
            f"n{night}{n}": row for n, row in enumerate(unit(rng, data.draw(st.integers(0, 3))))
        }
        asked[data.draw(st.sampled_from(sorted(asked)))] = unit(rng, 1)[0]
        asked[f"p{night}"] = unit(rng, 1)[0]
        qrels = [*qrels, (f"p{night}", min(docs), 1), (min(asked), max(docs), 1)]
        names = data.draw(st.permutations(sorted(docs)))
        flags = write(folder / f"b{night}", {n: docs[n] for n in names}, asked, list(set(qrels)))
        negmine.mine(folder / "work", **flags)
    negmine.mine(folder / "fresh", **flags)
    equal(folder / "work", folder / "fresh")


def test_a_changed_text_under_an_old_id_is_a_new_document(tmp_path):
    """Found by its new text, not by its old one; in every retriever and every table."""
    texts = {f"d{n}": ("", f"word{n} common words of all") for n in range(30)}
    asked = {"q1": "word1 common", "q2": "word2 common"}
    qrels = [("q1", "d1", 1), ("q2", "d2", 1)]
    flags = {"data": write_beir(tmp_path / "beir", texts, asked, qrels), "retriever": ["bm25"]}
    negmine.mine(tmp_path / "work", k=5, **flags)
    write_beir(tmp_path / "beir", texts | {"d9": ("", "word1 word1 word1")}, asked, qrels)
    negmine.mine(tmp_path / "work", k=5, **flags)
    negmine.mine(tmp_path / "fresh", k=5, **flags)
    found, fresh = (
        Workdir(tmp_path / name).scan("5-write/triplet").collect() for name in ("work", "fresh")
    )
    assert found.equals(fresh)
    assert "word1 word1 word1" in found["negative"].to_list()


@pytest.mark.parametrize("file", ["_manifest.json", "part-00000.parquet"])
def test_a_ledger_that_is_damaged_costs_a_search_and_changes_nothing(tmp_path, file):
    rng = np.random.default_rng(4)
    docs, asked, qrels = collection(rng)
    work = tmp_path / "work"
    negmine.mine(work, **write(tmp_path / "a", docs, asked, qrels))
    (work / "2-retrieve" / "searched-vectors" / file).write_bytes(b"nothing")
    flags = write(tmp_path / "b", docs | {"n1": unit(rng, 1)[0]}, asked, qrels)
    negmine.mine(work, **flags)
    assert searched(work) == {"in_full": 12, "in_new": 0}
    negmine.mine(tmp_path / "fresh", **flags)
    equal(work, tmp_path / "fresh")


def test_a_run_lets_go_of_its_vectors_when_it_is_made(tmp_path):
    """Two mappings of one file count twice in a process' memory."""
    import gc
    import weakref

    from negmine.retrievers.dense import tasks as doors
    from negmine.stages.opening import open_existing

    negmine.mine(tmp_path / "work", **write(tmp_path / "a", *collection(np.random.default_rng(1))))
    gc.disable()
    try:
        context = open_existing(tmp_path / "work", {})
        work = doors._Run(context, *dense_models(context.config.index))
        work.part(0)
        opened = weakref.ref(work._dense().vectors)
        del work
        assert opened() is None
    finally:
        gc.enable()
