"""Positions of documents: of few, whose ids are kept, and of many, whose ids are read anew."""

import shutil
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import negmine
from negmine.config.settings import IndexSettings
from negmine.storage import corpus as module
from negmine.storage.corpus import PER_PART, open_corpus
from negmine.storage.layout import CORPUS
from negmine.storage.manifest import MANIFEST, write_manifest
from negmine.storage.open import open_workdir
from negmine.storage.workdir import Workdir
from tests.conftest import DOCUMENTS


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Nine parts of the tiny collection's documents, some of them copies."""
    folder = tmp_path_factory.mktemp("corpus")
    names = [f"{name}/{n}" for n in range(6) for name in DOCUMENTS]
    texts = [f"{text} {n % 5}" for n in range(6) for _, text in DOCUMENTS.values()]
    documents = pl.DataFrame({"doc_id": names, "text": texts})
    queries = pl.DataFrame({"query_id": ["q"], "text": ["tea"]})
    qrels = pl.DataFrame({"query_id": ["q"], "doc_id": [names[0]], "relevance": [1]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("negmine.config.memory.PART_DOCUMENTS", 16)
        negmine.index(
            folder / "w", corpus=documents, queries=queries, qrels=qrels, retriever=["bm25"]
        )
    return open_corpus(open_workdir(folder / "w"), IndexSettings())


@pytest.mark.parametrize("few", [module.FEW_IDS, 0])
@given(places=st.lists(st.integers(0, 110), max_size=40))
def test_positions_are_places_among_the_documents_that_are_no_copies(corpus, few, places):
    ids = corpus.doc_ids()
    asked = np.array(places, np.int64) % len(ids)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "FEW_IDS", few)
        assert corpus.positions(ids.gather(asked)).tolist() == asked.tolist()


def test_ids_of_many_documents_are_not_kept(corpus, monkeypatch):
    monkeypatch.setattr(module, "FEW_IDS", 0)
    anew = module.Corpus(corpus._work, True, " ")
    monkeypatch.setattr(anew, "_doc_ids", lambda: pytest.fail("all ids were read"))
    assert anew.positions(corpus.doc_ids().tail(2)).tolist() == [
        len(corpus.doc_ids()) - 2, len(corpus.doc_ids()) - 1,
    ]  # fmt: skip


@pytest.mark.parametrize("told", ["as it was made", "an older one", "one that is wrong"])
def test_how_many_documents_parts_have_is_read_from_the_manifest(
    corpus, tmp_path, monkeypatch, told
):
    shutil.copytree(corpus._work.root, tmp_path / "w")
    work = open_workdir(tmp_path / "w")
    expected = [part["same_as"].null_count() for part in work.parts(CORPUS)]
    manifest = work.require(CORPUS)
    if told != "as it was made":
        wrong = {PER_PART: [17, *expected[1:]]} if told == "one that is wrong" else {}
        stats = {key: value for key, value in manifest.stats.items() if key != PER_PART} | wrong
        write_manifest(work.folder(CORPUS) / MANIFEST, replace(manifest, stats=stats))
    if told == "as it was made":
        monkeypatch.setattr(Workdir, "parts", lambda *of: pytest.fail("parts are read"))
    again = open_corpus(work, IndexSettings())
    assert again.part_documents() == expected
    assert len(again) == sum(expected) < manifest.rows
