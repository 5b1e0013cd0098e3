"""Files that other miners wrote: golden rows of each form, faults of a row, and which form a file has."""

import json
from collections import Counter

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.config.settings import IndexSettings
from negmine.data.sources import open_sources
from negmine.data.sources.formats import read_rows
from negmine.data.sources.mined_files import FORMS, forms_of, negative_columns
from negmine.data.sources.mined_values import Passage
from negmine.data.sources.problems import Problems


def parts(form, row, **settings):
    return FORMS[form].parts(IndexSettings(**settings), row)


def test_a_row_of_flagembedding_has_lists_scores_and_a_prompt():
    row = {
        "query": "capital of france", "pos": ["Paris is the capital.", "It is Paris."],
        "neg": ["Lyon is a city.", "Nice is a port."], "pos_scores": [9.5, 8.0],
        "neg_scores": [3.25, 1], "prompt": "Answer.", "id": 7, "topic": None, "tags": ["x"],
    }  # fmt: skip
    read = parts("flagembedding", row)
    assert read.query == "capital of france"
    assert read.positives == [Passage("Paris is the capital."), Passage("It is Paris.")]
    assert read.negatives == [Passage("Lyon is a city.", 3.25), Passage("Nice is a port.", 1.0)]
    assert read.other == {"prompt": "Answer.", "id": 7}
    assert (read.empty, read.faults) == (0, [])


def test_a_row_of_triplets_has_negatives_in_columns_in_the_order_of_their_numbers():
    row = {
        "anchor": "a", "positive": "p", "negative_10": "ten", "negative_2": "two", "negative": "none",
        "negative_3": None, "negative_4": " ", "negative_x": "other", "label": 1,
    }  # fmt: skip
    assert negative_columns(row) == [
        "negative", "negative_2", "negative_3", "negative_4", "negative_10"
    ]  # fmt: skip
    read = parts("triplets", row)
    assert (read.query, read.positives) == ("a", [Passage("p")])
    assert [one.text for one in read.negatives] == ["none", "two", "ten"]
    assert read.empty == 1  # a null is no negative, a blank text is one without a text
    assert read.other == {"negative_x": "other", "label": 1}


def test_the_anchor_of_triplets_may_be_called_query_or_as_the_flag_says():
    row = {"query": "q", "question": "w", "positive": "p", "negative": "n"}
    assert parts("triplets", row).query == "q"
    assert parts("triplets", row, query_column="question").query == "w"


def test_a_row_of_tevatron_or_rlhn_has_passages_with_titles_and_ids():
    row = {
        "query_id": "a1", "query": "capital of france", "subset": "nq",
        "positive_passages": [{"docid": "d1", "title": "", "text": "Paris is it.", "score": 9.5}],
        "negative_passages": [
            {"docid": "d7", "title": "Lyon", "text": "A city.", "score": 3.5},
            {"docid": 8, "text": "Nice is a port."}, {"docid": "d9", "title": "", "text": ""},
        ],
    }  # fmt: skip
    read = parts("tevatron", row)
    assert read.positives == [Passage("Paris is it.", 9.5, "", "d1")]
    assert read.negatives == [
        Passage("A city.", 3.5, "Lyon", "d7"),
        Passage("Nice is a port.", None, None, "8"),
    ]
    assert read.empty == 1
    assert read.other == {"source_query_id": "a1", "subset": "nq"}


FE = {"query": "q", "pos": ["p"], "neg": ["n", "m"]}
TV = {"query": "q", "positive_passages": [{"text": "p"}], "negative_passages": [{"text": "n"}]}
FAULTS = [
    ("flagembedding", FE | {"query": " "}, "the query is empty"),
    ("flagembedding", FE | {"pos": []}, "pos has no text in it"),
    ("flagembedding", FE | {"pos": ["", " "]}, "pos has no text in it"),
    ("flagembedding", FE | {"pos": "p"}, "pos: a list is wanted, this is a str"),
    ("flagembedding", {"query": "q", "neg": []}, "pos: a list is wanted, this is missing"),
    ("flagembedding", FE | {"neg": "n"}, "neg: a list is wanted, this is a str"),
    (
        "flagembedding", FE | {"neg": ["n", None]}, "neg, text 2: a text is wanted, this is a null",
    ),
    ("flagembedding", FE | {"neg": [["n"]]}, "neg, text 1: a text is wanted, this is a list"),
    ("flagembedding", FE | {"neg": ["a\0b"]}, "neg, text 1: it holds a null byte"),
    ("flagembedding", FE | {"neg_scores": [1.0]}, "neg_scores has 1, and neg has 2"),
    ("flagembedding", FE | {"pos_scores": []}, "pos_scores has 0, and pos has 1"),
    ("flagembedding", FE | {"neg_scores": 3}, "neg_scores is no list, and neg has 2"),
    (
        "flagembedding", FE | {"neg_scores": [1, "x"]},
        "neg_scores: 'x' is no finite number that fits into float32",
    ),
    (
        "flagembedding", FE | {"neg_scores": [1, float("nan")]},
        "neg_scores: nan is no finite number that fits into float32",
    ),
    ("flagembedding", FE | {"prompt": "\ud800"}, "prompt: lone surrogate at character 1"),
    ("triplets", {"anchor": "", "positive": "p", "negative": "n"}, "the query is empty"),
    (
        "triplets", {"anchor": "a", "positive": "p", "negative": ["n"]},
        "negative: a text is wanted, this is a list",
    ),
    ("tevatron", TV | {"positive_passages": []}, "positive_passages has no text in it"),
    (
        "tevatron", TV | {"negative_passages": ["n"]},
        "negative_passages, passage 1: an object with a text is wanted",
    ),
    (
        "tevatron", TV | {"negative_passages": [{"text": "n"}, {"title": "n"}]},
        "negative_passages, passage 2: an object with a text is wanted",
    ),
    (
        "tevatron", TV | {"negative_passages": {"text": "n"}},
        "negative_passages: a list is wanted, this is a dict",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("form", "row", "fault"), FAULTS)
def test_what_is_wrong_with_a_row_is_its_fault(form, row, fault):
    assert parts(form, row).faults == [fault]


@pytest.mark.parametrize("form", ["flagembedding", "tevatron"])
def test_a_row_may_have_no_negatives(form):
    row = {"flagembedding": FE, "tevatron": TV}[form]
    for key in ("neg", "negative_passages"):
        for value in ([], None):
            assert parts(form, row | {key: value}).faults == []


PAIR, TRIPLET = {"anchor": "a", "positive": "p"}, {"anchor": "a", "positive": "p", "negative": "n"}


@pytest.mark.parametrize(
    ("row", "forms"),
    [
        (PAIR, ["pairs"]),
        (TRIPLET, ["triplets"]),
        ({"query": "a", "positive": "p", "negative_1": "n"}, ["triplets"]),
        (FE, ["flagembedding"]),
        ({"query": "q", "pos": ["p"]}, ["flagembedding"]),
        (TV, ["tevatron"]),
        (FE | TV, ["flagembedding", "tevatron"]),
        (FE | TRIPLET, ["triplets", "flagembedding"]),
        ({"question": "q", "answer": "a"}, []),
        ({"query": "q", "pos": "p"}, []),
    ],
)
def test_a_form_is_recognised_by_the_columns_of_a_row(row, forms):
    assert forms_of(IndexSettings(), row) == forms


def test_a_form_is_recognised_by_the_columns_that_flags_name():
    row = {"question": "q", "answer": "a", "negative": "n"}
    settings = IndexSettings(query_column="question", positive_column="answer")
    assert forms_of(settings, row) == ["triplets"]
    query_pos = IndexSettings(query_column="query", positive_column="pos")
    assert forms_of(query_pos, {"query": "q", "pos": "p"}) == ["pairs"]
    assert forms_of(query_pos, FE) == ["flagembedding"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
KEYS = ["query", "anchor", "positive", "negative", "negative_2", "pos", "neg", "pos_scores", "neg_scores",
        "positive_passages", "negative_passages", "query_id", "title"]  # fmt: skip


@given(st.sampled_from(sorted(FORMS)), st.dictionaries(st.sampled_from(KEYS), VALUES))
def test_any_row_is_read_or_has_a_fault(form, row):
    read = parts(form, row)
    forms_of(IndexSettings(), row)
    if not read.faults:
        texts = [one.text or one.title for one in (*read.positives, *read.negatives)]
        assert read.query.strip() and read.positives
        assert all(isinstance(text, str) and text.strip() for text in texts)


def test_rows_of_parquet_are_as_those_of_json(tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps(TV) + "\n")
    pl.DataFrame([TV]).write_parquet(tmp_path / "a.parquet")
    read = [
        [parts("tevatron", row.values) for row in read_rows(tmp_path / name, Problems(skip=False))]
        for name in ("a.jsonl", "a.parquet")
    ]
    assert read[0] == read[1]


TEXTS = st.text(min_size=1, max_size=5).filter(
    lambda text: text.strip() and "\0" not in text and text.isprintable()
)
EXAMPLES = st.lists(
    st.tuples(TEXTS, st.lists(TEXTS, min_size=1, max_size=2), st.lists(TEXTS, max_size=3)),
    min_size=1,
    max_size=5,
)


def rows_of(form, examples):
    """Return the rows of a file of this form. A triplet has one positive, so a query may have several."""
    for number, (query, positives, negatives) in enumerate(examples):
        if form == "flagembedding":
            yield {"query": query, "pos": positives, "neg": negatives}
        elif form == "tevatron":
            lists = {"positive_passages": positives, "negative_passages": negatives}
            passages = {
                name: [{"docid": "d", "title": "", "text": text} for text in texts]
                for name, texts in lists.items()
            }
            yield {"query_id": str(number), "query": query, **passages}
        else:
            for positive in positives:
                columns = {f"negative_{place}": text for place, text in enumerate(negatives, 1)}
                yield {"anchor": query, "positive": positive, **columns}


def texts_of(tables, key):
    return {one[key]: one["text"] for table in tables for one in table.to_pylist()}


@given(EXAMPLES)
def test_every_form_holds_the_same_pairs_and_negatives(tmp_path_factory, examples):
    positives = {(query, text) for query, texts, _ in examples for text in texts}
    negatives = {(query, text) for query, _, texts in examples for text in texts}
    folder = tmp_path_factory.mktemp("forms")
    for form in ("flagembedding", "tevatron", "triplets"):
        file = folder / f"{form}.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows_of(form, examples)))
        sources, problems = (
            open_sources(IndexSettings(pairs=file, pairs_format=form)),
            Problems(skip=False),
        )
        documents = texts_of(sources.corpus(problems), "doc_id")
        queries = texts_of(sources.queries(problems), "query_id")
        qrels = pl.concat(map(pl.from_arrow, sources.qrels(problems)))
        problems.raise_if_any()
        given_rows = pl.concat(sources.negatives(Counter()))
        for rows, wanted in ((qrels, positives), (given_rows, negatives)):
            pairs = zip(rows["query_id"], rows["doc_id"], strict=True)
            assert {(queries[query], documents[doc]) for query, doc in pairs} == wanted, form
