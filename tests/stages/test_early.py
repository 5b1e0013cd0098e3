"""What is wrong is told before a model encodes anything, and in a dry run."""

import json

import numpy as np
import polars as pl
import pytest

import negmine
from negmine.errors import InputError, NegmineError
from negmine.stages.estimate import estimate
from negmine.stages.opening import context_to_mine
from tests.conftest import DOCUMENTS, write_beir
from tests.models.tiny import static_model


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = write_beir(tmp_path_factory.mktemp("beir"))
    rows = [json.loads(line) for line in (folder / "corpus.jsonl").read_text().splitlines()]
    text = "".join(json.dumps(row | {"lang": "en", "year": 1999}) + "\n" for row in rows)
    (folder / "corpus.jsonl").write_text(text)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(static_model(tmp_path_factory.mktemp("m") / "model"))


def run_file(path, text):
    path.write_text(text)
    return f"pys={path}"


GOOD = "q1 Q0 tea-5 1 3.5 t\n"
RUNS = {
    "query id": (GOOD + "q1x Q0 tea-5 1 3.5 t\n", 'line 2: query_id "q1x" is not in the queries'),
    "doc id": (GOOD + "q1 Q0 tea5 1 3.5 t\n", 'line 2: doc_id "tea5" is not in the corpus'),
    "columns": ("q1 tea-5 3.5\n", "its first line has 3 fields"),
    "no row": ("\n", "pys.trec"),
}
COLUMNS = [
    (
        {"retriever": ["dense", "bm25"], "language_column": "language"},
        "Their own columns: lang, year",
    ),
    ({"retriever": ["dense", "neighbours"], "neighbour_column": "yaer"}, "Did you mean 'year'"),
    (
        {
            "neighbour_latitude": "lat",
            "neighbour_longitude": "lon",
            "retriever": ["dense", "neighbours"],
        },
        "--neighbour-latitude lat: the documents have no such column",
    ),
    ({"same_parent": "thread"}, "--same-parent thread: the documents have no such column"),
    ({"contains_answer": "said"}, "--contains-answer said: the queries have no such column"),
    (
        {"format": ["flagembedding"], "instruction_column": "task"},
        "--instruction-column task: the queries have no such column",
    ),
]


def refused(work, message, **flags):
    """Have both commands refuse these flags; return what the work directory has then."""
    with pytest.raises(NegmineError, match=message):
        estimate(context_to_mine(work, flags, None, None, None))
    assert not work.exists()
    with pytest.raises(NegmineError, match=message):
        negmine.mine(work, **flags)
    return {path.parent.name for path in work.glob("*/*/_manifest.json")}


@pytest.mark.parametrize("what", RUNS)
def test_a_run_that_does_not_fit_is_told_before_anything_is_encoded(tmp_path, data, model, what):
    text, message = RUNS[what]
    run = run_file(tmp_path / "pys.trec", text)
    made = refused(tmp_path / "w", message, data=data, model=model, run=[run])
    assert made == {"corpus", "queries", "qrels"}


def test_a_run_that_is_not_there_is_told_before_anything_is_made(tmp_path, data, model):
    run = f"pys={tmp_path / 'no.trec'}"
    flags = {"data": data, "model": model, "run": [run]}
    with pytest.raises(NegmineError, match=r"no\.trec does not exist"):
        estimate(context_to_mine(tmp_path / "w", flags, None, None, None))
    with pytest.raises(NegmineError, match=r"no\.trec does not exist"):
        negmine.mine(tmp_path / "w", **flags)
    assert not (tmp_path / "w").exists()


def test_rows_to_be_skipped_are_no_mistake_in_a_dry_run(tmp_path, data, model):
    run = run_file(tmp_path / "pys.trec", GOOD + "q1 Q0 tea5 1 3.5 t\n")
    flags = {"data": data, "model": model, "run": [run], "on_error": "skip"}
    costs = estimate(context_to_mine(tmp_path / "w", flags, None, None, None))
    assert costs["documents"] == len(DOCUMENTS)


def test_all_mistakes_of_the_files_are_told_together(tmp_path, data, model):
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\tnope\t1\n")
    run = run_file(tmp_path / "pys.trec", GOOD + "q1 Q0 tea5 1 3.5 t\n")
    files = {name: data / f"{name}.jsonl" for name in ("corpus", "queries")}
    with pytest.raises(InputError) as told:
        negmine.mine(tmp_path / "w", **files, qrels=tmp_path / "qrels.tsv", model=model, run=[run])
    assert "nope" in str(told.value) and "tea5" in str(told.value)
    folders = {path.name for path in (tmp_path / "w" / "1-index").iterdir()}
    assert not {name for name in folders if name.startswith(("dense", "bm25"))}


@pytest.mark.parametrize(("flags", "message"), COLUMNS)
def test_a_column_that_is_not_there_is_told_before_anything_is_made(
    tmp_path, data, model, flags, message
):
    given = {"data": data, "model": model, "retriever": ["dense"]} | flags
    with pytest.raises(NegmineError, match=message):
        estimate(context_to_mine(tmp_path / "w", given, None, None, None))
    with pytest.raises(NegmineError, match=message):
        negmine.mine(tmp_path / "w", **given)
    assert not (tmp_path / "w" / "1-index").exists()


def test_columns_that_are_there_are_no_mistake(tmp_path, data):
    flags = {"data": data, "retriever": ["bm25", "neighbours"], "language_column": "lang"}
    flags |= {"neighbour_column": "year", "same_parent": "title", "k": 5}
    negmine.mine(tmp_path / "w", **flags)
    assert estimate(context_to_mine(tmp_path / "w", flags, None, None, None))["seconds"] == 0


def test_a_column_of_a_retriever_that_is_not_in_use_is_not_looked_for(tmp_path, data):
    (tmp_path / "negmine.toml").write_text('[index]\nlanguage-column = "language"\n')
    flags = {"data": data, "retriever": ["neighbours"], "neighbour_column": "year"}
    assert estimate(context_to_mine(tmp_path / "w", flags, tmp_path / "negmine.toml", None, None))


@pytest.mark.parametrize(
    ("rows", "dims", "message"),
    [
        (len(DOCUMENTS) - 1, 8, r"d\.npy has 23 rows, the source 24"),
        (len(DOCUMENTS), 9, "have 9 dim"),
    ],
)
def test_a_dry_run_tells_of_vectors_that_do_not_fit(tmp_path, data, rows, dims, message):
    rng = np.random.default_rng(1)
    np.save(tmp_path / "d.npy", rng.standard_normal((rows, dims)).astype(np.float32))
    queries = pl.read_ndjson(data / "queries.jsonl").height
    np.save(tmp_path / "q.npy", rng.standard_normal((queries, 8)).astype(np.float32))
    flags = {
        "data": data, "document_vectors": tmp_path / "d.npy", "query_vectors": tmp_path / "q.npy"
    }  # fmt: skip
    with pytest.raises(InputError, match=message):
        estimate(context_to_mine(tmp_path / "w", flags, None, None, None))
