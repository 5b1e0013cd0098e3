"""Room 1: copies point to the first, qrels speak of first copies, parts line up."""

import polars as pl
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from negmine.config.settings import IndexSettings
from negmine.data.frames import frame
from negmine.stages.index import compute as index


def chunk(ids, texts, titles=None, start=0, **extra):
    return pa.table(
        {
            "doc_id": pa.array(ids, pa.large_string()),
            "title": pa.array(titles or [None] * len(ids), pa.large_string()),
            "text": pa.array(texts, pa.large_string()),
            "source_row": pa.array(range(start, start + len(ids)), pa.int64()),
            **extra,
        }
    )


def corpus(*chunks, **settings):
    copies = index.Copies()
    tables = list(index.corpus(chunks, IndexSettings(**settings), copies))
    return frame(pa.concat_tables(tables)), copies


def test_the_first_of_equal_texts_stays_and_the_others_point_to_it():
    rows, copies = corpus(
        chunk(["1", "2"], ["Straße  is\tlong", "other"]), chunk(["3"], ["STRASSE is long"], start=2)
    )
    assert rows["same_as"].to_list() == [None, None, "1"]
    assert copies.copies == 1


def test_titles_are_part_of_the_text_unless_told_otherwise():
    one = chunk(["1", "2"], ["text", "text"], ["A", "B"])
    assert corpus(one)[0]["same_as"].to_list() == [None, None]
    assert corpus(one, title=False)[0]["same_as"].to_list() == [None, "1"]


def test_a_text_without_a_title_is_an_earlier_one_below_a_title():
    rows, _ = corpus(
        chunk(["1", "2", "3"], ["late", "text", "late"], [None, "A", "B"]),
        chunk(["4", "5", "6", "7"], ["TEXT", "text", "text", "late"], [None, None, "C", ""], 3),
    )
    assert rows["same_as"].to_list() == [None, None, None, "2", "2", None, "1"]


def test_a_copy_never_points_to_a_copy():
    rows, _ = corpus(
        chunk(["1", "2", "3", "4"], ["a b c", "b c", "c", "b c"], [None, "a", "a b", None])
    )
    assert rows["same_as"].to_list() == [None, "1", "1", None]


def test_the_body_is_the_text_below_the_title():
    rows, _ = corpus(chunk(["1", "2", "3", "4"], ["x", "X", "", "other"], ["A", None, "x", "x"]))
    bodies = rows["body_key"].to_list()
    assert bodies[0] == bodies[1] == bodies[2] != bodies[3]


def test_the_sources_own_columns_follow_as_they_came():
    rows, _ = corpus(chunk(["1"], ["t"], url=pa.array(["http://x"])))
    assert rows.columns[-1] == "url"
    assert rows["url"].to_list() == ["http://x"]


QUERY_IDS = pl.DataFrame({"query_id": ["q1", "q2", "q3"], "same_as": [None, None, "q1"]})
CORPUS_IDS = pl.DataFrame({"doc_id": ["a", "b", "a2"], "same_as": [None, None, "a"]})


def merge(*rows):
    given_rows = pl.DataFrame(rows, schema=["query_id", "doc_id", "relevance"], orient="row")
    return index.qrels(given_rows, CORPUS_IDS, QUERY_IDS)


def test_a_copy_of_a_positive_is_a_positive_and_equal_queries_pool_theirs():
    merged = merge(("q3", "b", 1), ("q1", "a2", 1), ("q2", "b", 0))
    assert merged.select("query_id", "doc_id", "relevance").rows() == [
        ("q1", "a", 1), ("q1", "b", 1), ("q2", "b", 0)
    ]  # fmt: skip


def test_the_highest_relevance_of_a_pair_wins():
    assert merge(("q1", "a", 0), ("q3", "a2", 2))["relevance"].to_list() == [2]


def test_parts_of_qrels_speak_of_the_same_queries_as_parts_of_queries():
    merged = merge(("q1", "a", 1), ("q2", "b", 1))
    parts = [frame(part)["query_id"].to_list() for part in index.qrels_parts(merged, [1, 1, 1])]
    assert parts == [["q1"], ["q2"], []]


def test_dangling_rows_are_found_on_both_sides():
    rows = pl.DataFrame({"query_id": ["q1", "zz"], "doc_id": ["nope", "a"], "relevance": [1, 1]})
    assert index.dangling(rows, CORPUS_IDS, "doc_id")["doc_id"].to_list() == ["nope"]
    assert index.dangling(rows, QUERY_IDS, "query_id")["query_id"].to_list() == ["zz"]


texts = st.lists(
    st.sampled_from(["a", "A", " a ", "b", "ﬁ", "fi", "ß", "SS"]), min_size=1, max_size=9
)


@given(texts, st.integers(1, 9))
def test_marking_copies_does_not_depend_on_how_the_source_is_cut(values, size):
    ids = [f"d{i}" for i in range(len(values))]
    whole, _ = corpus(chunk(ids, values))
    cut = [
        chunk(ids[i : i + size], values[i : i + size], start=i) for i in range(0, len(ids), size)
    ]
    assert corpus(*cut)[0].equals(whole)
    firsts = whole.filter(pl.col("same_as").is_null())
    assert firsts["text_key"].n_unique() == firsts.height == whole["text_key"].n_unique()
