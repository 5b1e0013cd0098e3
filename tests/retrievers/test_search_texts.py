"""A query that no index has is searched for as one that is mined."""

import numpy as np
import polars as pl
import pytest

import negmine
from negmine.retrievers.registry import types
from negmine.stages.opening import open_existing
from tests.conftest import write_beir
from tests.models.tiny import multi_vector_model, static_model
from tests.models.tiny_sparse import words_model

OWN = "tests.scorers.judge.mining:Backwards"


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    folder = tmp_path_factory.mktemp("texts")
    work = folder / "w"
    negmine.index(
        work, data=write_beir(folder / "data"), retriever=["bm25", "dense", "sparse", "late", OWN],
        model=str(static_model(folder / "m")), sparse_model=str(words_model(folder / "s")),
        late_model=str(multi_vector_model(folder / "l")), device="cpu",
    )  # fmt: skip
    negmine.retrieve(work, k=4)
    return open_existing(work, {})


def test_all_of_ours_with_an_index_can(context):
    able = {kind.name for kind in types(context.config) if kind.search_texts is not None}
    assert able == {"bm25", "dense", "sparse", "late", "Backwards"}


@pytest.mark.parametrize("place", range(5))
def test_a_mined_query_finds_by_its_text_what_it_finds_by_its_id(context, place):
    kind = types(context.config)[place]
    queries = context.queries.mined(0)
    known = kind.open(context).search(queries.to_arrow(), 4)
    unknown = queries.select(query_id=pl.lit("new-") + pl.col("query_id"), text="text")
    found = kind.search_texts(context)(unknown.to_arrow(), 4)
    assert np.array_equal(found.docs, known.docs)
    there = known.docs >= 0
    assert found.scores[there] == pytest.approx(known.scores[there], abs=1e-3)  # float16 on disk
