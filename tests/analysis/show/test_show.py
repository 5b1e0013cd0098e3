"""`negmine.show` over a finished run."""

import pytest

import negmine
from negmine.errors import InputError
from tests.conftest import write_beir


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    folder = tmp_path_factory.mktemp("show")
    data = write_beir(folder / "data")
    negmine.mine(folder / "work", data=data, retriever=["bm25"])
    return folder / "work"


@pytest.mark.parametrize("name", ["triplet", "n-tuple", "labeled-pair", "labeled-list"])
def test_every_format_shows_the_documents_that_were_written(work, name):
    import polars as pl

    negmine.write(work, format=name, num_negatives=2)
    shown = negmine.show(work, "q3")
    assert shown["format"] == name
    assert shown["seed"] is None
    (example,) = shown["examples"]
    assert {one["doc_id"] for one in example["positives"]} == {"cat-1", "cat-4"}
    written = pl.scan_parquet(work / "5-write" / name / "*.parquet").filter(anchor=example["query"])
    values = (
        written.collect().select(pl.exclude("anchor", "label", "labels")).to_dict(as_series=False)
    )
    texts = {
        t for column in values.values() for v in column for t in ([v] if isinstance(v, str) else v)
    }
    assert texts == {one["text"] for one in example["positives"] + example["negatives"]}


def test_a_draw_is_repeatable_has_the_wanted_size_and_keeps_the_order_of_the_file(work):
    negmine.write(work, format="triplet")
    every = [one["query_id"] for one in negmine.show(work, queries=100)["examples"]]
    few = negmine.show(work, queries=2, seed=5)
    assert few == negmine.show(work, queries=2, seed=5)
    assert few["queries_written"] == len(every)
    chosen = [one["query_id"] for one in few["examples"]]
    assert len(chosen) == 2
    assert chosen == [query for query in every if query in chosen]


def test_nothing_written_and_an_unwritten_query_are_told(work):
    with pytest.raises(
        InputError,
        match=r"has no row in the training file\. To see why, run: negmine explain .* q7",
    ):
        negmine.show(work, "q7")
    negmine.write(work, format="n-tuple", num_negatives=500)
    with pytest.raises(InputError, match="The training file has no row"):
        negmine.show(work)


def test_a_copy_of_a_query_shows_the_one_that_was_mined(work):
    negmine.write(work, format="triplet", num_negatives=5)
    assert [one["query_id"] for one in negmine.show(work, "q2")["examples"]] == ["q1"]
