"""A trial hides positives of the qrels alone: those that people were asked about are no fair sample."""

import polars as pl
import pytest

import negmine
from negmine.stages.filter.leak.trial import Trial
from negmine.stages.opening import open_existing
from negmine.storage.labels import labelled_pairs
from negmine.storage.layout import RISK_MODEL
from negmine.storage.workdir import Workdir
from tests.conftest import DOCUMENTS, write_beir

QRELS = [
    ("q1", "tea-1", 1), ("q3", "cat-1", 1), ("q3", "cat-4", 1), ("q4", "py-1", 1), ("q4", "py-2", 1),
]  # fmt: skip
MOST_SEEDS = range(12)


@pytest.fixture
def work(tmp_path):
    copied = dict(DOCUMENTS) | {"a-copy": DOCUMENTS["tea-4"]}
    beir = write_beir(tmp_path / "beir", copied, qrels=QRELS)
    flags = {"retriever": ["bm25"], "max_risk": 0.9, "risk_weights": "shipped"}
    negmine.mine(tmp_path / "w", data=beir, **flags)
    return tmp_path / "w"


def hides(work, **how):
    context = open_existing(work, {})
    return {
        pair for seed in MOST_SEEDS for pair in Trial(context, seed=seed, **how).pairs.iter_rows()
    }


def label(work, *rows):
    file = work.parent / "labels.tsv"
    lines = ["\t".join(row) + "\n" for row in (("query_id", "doc_id", "relevance"), *rows)]
    file.write_text("".join(lines))
    negmine.label(work, file, who="me")
    negmine.mine(work)


@pytest.mark.parametrize("how", [{}, {"hide": "all-but-one"}])
def test_what_a_label_names_is_never_hidden(work, how):
    before = hides(work, **how)
    assert before == {("q3", "cat-1"), ("q3", "cat-4"), ("q4", "py-1"), ("q4", "py-2")}
    label(work, ("q1", "a-copy", "1"), ("q3", "cat-4", "1"), ("q4", "py-3", "1"))
    positives = open_existing(work, {}).queries.all_positives()
    assert {("q1", "tea-4"), ("q4", "py-3")} <= set(positives.iter_rows())
    assert hides(work, **how) == {("q4", "py-1"), ("q4", "py-2")}


def test_a_label_of_a_copy_is_one_of_the_document_that_qrels_name(work):
    label(work, ("q1", "a-copy", "1"), ("q1", "tea-4", "1"))
    pairs = labelled_pairs(Workdir(work))
    assert pairs.rows() == [("q1", "tea-4")]
    negmine.label(work, None, forget=True)
    empty = labelled_pairs(Workdir(work))
    assert empty.is_empty()
    assert empty.schema == {"query_id": pl.String, "doc_id": pl.String}


def test_the_risk_is_learned_anew_after_the_first_label(work):
    learned = Workdir(work).require(RISK_MODEL).identity
    label(work, ("q1", "tea-4", "1"))
    assert Workdir(work).require(RISK_MODEL).identity != learned
