"""The retriever in a run: columns of the corpus, settings that do not fit, what is counted."""

import json

import polars as pl
import pytest

import negmine
from negmine.errors import InputError, SettingsError
from negmine.storage.workdir import Workdir
from tests.configs import resolve
from tests.conftest import DOCUMENTS, write_beir


@pytest.fixture
def shop(tmp_path):
    """The tiny collection with a shelf (the first part of the id), a price and a place; mix-6 has none."""
    folder = write_beir(tmp_path / "beir")
    rows = []
    for number, (name, (title, text)) in enumerate(DOCUMENTS.items()):
        row = {"_id": name, "title": title, "text": text}
        if name != "mix-6":
            row |= {"shelf": name.split("-")[0], "price": number, "at": [number / 10, -number]}
            row |= {"lat": number / 10, "lon": -number}
        rows.append(json.dumps(row) + "\n")
    (folder / "corpus.jsonl").write_text("".join(rows))
    return folder


def mine(tmp_path, shop, **flags):
    given = {"data": shop, "retriever": ["bm25", "neighbours"], "k": 3} | flags
    negmine.mine(tmp_path / "work", **given)
    return Workdir(tmp_path / "work")


def hits(work, query):
    rows = work.scan("2-retrieve/neighbours").collect().filter(pl.col("query_id") == query)
    return [(doc, score) for _, doc, _, score in rows.iter_rows()]


def test_neighbours_join_the_union_with_their_own_columns(tmp_path, shop):
    work = mine(tmp_path, shop, neighbour_column="shelf")
    assert hits(work, "q4") == [("py-2", 1), ("py-3", 1), ("py-4", 1)]  # py-1 is the positive
    assert [doc for doc, _ in hits(work, "q3")] == [
        "cat-1",
        "cat-2",
        "cat-3",
        "cat-4",
    ]  # two positives
    assert hits(work, "q6") == []  # th-1 has its shelf for itself
    candidates = work.scan("2-retrieve/candidates").collect()
    py_1 = candidates.filter((pl.col("query_id") == "q4") & (pl.col("doc_id") == "py-1"))
    assert py_1["neighbours_score"].to_list() == [None]
    assert not candidates["neighbours_score"].is_nan().any()
    stats = work.require("1-index/neighbours").stats
    assert stats["documents_without_value"] == 1
    assert stats["kind"] == "same"


def test_neighbours_work_alone_by_price_and_by_place(tmp_path, shop):
    flags = {"retriever": ["neighbours"]}
    by_price = mine(tmp_path, shop, neighbour_column="price", **flags)
    assert hits(by_price, "q4") == [("cat-4", -1), ("py-2", -1), ("cat-3", -2)]
    by_place = mine(tmp_path, shop, neighbour_latitude="lat", neighbour_longitude="lon", **flags)
    assert [doc for doc, _ in hits(by_place, "q4")] == ["py-2", "cat-4", "py-3"]  # meridians meet
    assert by_place.require("1-index/neighbours").stats["kind"] == "place"
    states = {one.artifact.name: one.why for one in negmine.status(tmp_path / "work", k=2)}
    assert states["2-retrieve/neighbours"] == "k 3 -> 2"


def test_scores_of_places_can_be_a_threshold(tmp_path, shop):
    flags = {"neighbour_latitude": "lat", "neighbour_longitude": "lon", "retriever": ["neighbours"]}
    work = mine(
        tmp_path, shop, score="neighbours", max_score=-150.0, judged_negatives="ignore", **flags
    )
    kept = work.scan("4-filter/verdicts").filter("kept").collect()
    assert kept.height
    assert (kept["neighbours_score"] <= -150).all()


def test_a_column_that_is_not_there_is_told_with_those_that_are(tmp_path, shop):
    with pytest.raises(
        InputError, match=r"brand: the documents have no such column.* columns: shelf, price"
    ):
        mine(tmp_path, shop, neighbour_column="brand")


def test_a_column_without_any_value_is_told(tmp_path, shop):
    lines = [json.loads(line) for line in (shop / "corpus.jsonl").read_text().splitlines()]
    text = "".join(json.dumps(row | {"brand": " "}) + "\n" for row in lines)
    (shop / "corpus.jsonl").write_text(text)
    with pytest.raises(InputError, match="No document has a value of brand"):
        mine(tmp_path, shop, neighbour_column="brand")


def test_values_that_cannot_be_read_are_skipped_and_counted(tmp_path, shop):
    text = (shop / "corpus.jsonl").read_text().replace('"price": 3', '"price": "cheap"')
    (shop / "corpus.jsonl").write_text(text)
    with pytest.raises(InputError, match='document "tea-4": price "cheap" is not a number'):
        mine(tmp_path, shop, neighbour_column="price")
    work = mine(tmp_path, shop, neighbour_column="price", on_error="skip")
    stats = work.require("1-index/neighbours").stats
    assert stats["skipped"] == {"corpus: price: not a number": 1}
    assert stats["documents_without_value"] == 2


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"retriever": ["neighbours"]}, "near in what"),
        ({"neighbour_column": "c"}, "Add --retriever neighbours"),
        ({"retriever": ["neighbours"], "neighbour_latitude": "a"}, "go together"),
        (
            {
                "retriever": ["neighbours"],
                "neighbour_column": "c",
                "neighbour_latitude": "a",
                "neighbour_longitude": "b",
            },
            "two ways",
        ),
        (
            {
                "retriever": ["neighbours"],
                "neighbour_match": "same",
                "neighbour_latitude": "a",
                "neighbour_longitude": "b",
            },
            "--neighbour-match is for --neighbour-column",
        ),
    ],
)
def test_settings_that_do_not_say_what_is_near_are_refused(flags, message):
    with pytest.raises(SettingsError, match=message):
        resolve(flags)


def test_a_remembered_column_does_not_stop_a_run_without_neighbours():
    earlier = resolve({"retriever": ["neighbours"], "neighbour_column": "c"})
    assert resolve({"retriever": ["bm25"]}, remembered=earlier).retriever_names == ["bm25"]
