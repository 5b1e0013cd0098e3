"""The retriever `given`: what becomes of the negatives of a mined file, in a whole run."""

import json
import shutil

import polars as pl
import pytest

import negmine
from negmine.errors import InputError, NotTrusted, SettingsError
from negmine.stages.write.formats.registry import FORMATS
from negmine.storage.workdir import Workdir
from tests.conftest import write_beir

CATS = [
    "Cats sleep sixteen hours a day.",
    "A purr has 25 to 150 hertz.",
    "Kittens sleep even longer.",
]
TEA = "Green tea wants eighty degrees and two minutes in a warm pot of water."
ROWS = [
    {
        "query": "how hot for green tea", "pos": [TEA],
        "neg": [
            TEA.upper(),  # the positive itself
            TEA.replace("wants", "wants about"),  # a near-duplicate of it
            "How hot for  green tea",  # the query
            CATS[0], CATS[0].replace(" ", "  "),  # the same twice
            "", CATS[1],
        ],
        "prompt": "Find it.",
    },
    {"query": "how long do cats sleep", "pos": [CATS[0]], "neg": [CATS[1], CATS[2]]},
    {"query": "why do cats purr", "pos": [CATS[1]], "neg": []},
]  # fmt: skip


def write(path, rows=ROWS):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def mine(tmp_path, file, **flags):
    return negmine.mine(
        tmp_path / "work", pairs=file, **({"retriever": ["bm25"], "near_duplicate": 0.6} | flags)
    )


def table(tmp_path, name):
    return Workdir(tmp_path / "work").scan(name).collect()


def test_what_is_wrong_with_a_mined_file_is_counted_and_adds_up(tmp_path):
    result = mine(tmp_path, write(tmp_path / "old.jsonl"))
    counts = result.summary["given"]
    assert counts == {
        "rows": 3, "rows_without": 1, "negatives": 9, "empty": 1, "repeated": 1, "queries_with_repeated": 1,
        "not_candidates": 0, "kept": 4, "queries_with_removed": 1,
        "removed": {"is_positive": 1, "near_duplicate_of_positive": 1, "same_text_as_query": 1},
    }  # fmt: skip
    gone = counts["empty"] + counts["repeated"] + counts["not_candidates"]
    assert counts["negatives"] == gone + counts["kept"] + sum(counts["removed"].values())
    assert result.summary["positives"] == 3


def test_given_negatives_have_ranks_in_the_order_of_the_list_and_are_no_judgements(tmp_path):
    mine(tmp_path, write(tmp_path / "old.jsonl"))
    rows = table(tmp_path, "2-retrieve/given").filter(pl.col("query_id") == "pairs:2")
    names = ["pairs:1:negative:6", "pairs:2:negative:2"]  # the first has the text of one of row 1
    assert rows["doc_id"].to_list() == names
    assert rows["rank"].to_list() == [1, 2]
    assert rows["score"].to_list() == [-1.0, -2.0]
    qrels = table(tmp_path, "1-index/qrels")
    assert qrels["relevance"].to_list() == [1, 1, 1]
    candidates = table(tmp_path, "2-retrieve/candidates")
    assert set(candidates["label"]) == {"positive", "unlabeled"}


def test_scores_of_the_file_are_the_scores_and_order_the_list(tmp_path):
    row = ROWS[1] | {"neg_scores": [0.25, 0.75]}
    mine(tmp_path, write(tmp_path / "old.jsonl", [row]), retriever=["given"])
    rows = table(tmp_path, "2-retrieve/given")
    assert rows["doc_id"].to_list() == ["pairs:1:negative:2", "pairs:1:negative:1"]
    assert rows["score"].to_list() == [0.75, 0.25]


def test_other_columns_stay_with_the_query(tmp_path):
    mine(tmp_path, write(tmp_path / "old.jsonl"))
    assert table(tmp_path, "1-index/queries")["prompt"].to_list() == ["Find it.", None, None]


def test_provenance_says_who_found_a_negative(tmp_path):
    result = mine(tmp_path, write(tmp_path / "old.jsonl"), retriever=["given"], format=["triplet"])
    rows = pl.read_parquet(result.work / "5-write/provenance/*.parquet")
    assert rows["given_rank"].null_count() == 0
    written = pl.read_parquet(result.work / "5-write/triplet/*.parquet")
    assert sorted(written["negative"]) == sorted([CATS[0], CATS[1], CATS[1], CATS[2]])


def test_signals_are_not_made_of_who_was_given(tmp_path):
    """No hidden positive is among a file's negatives: the risk would learn that they are all safe."""
    file = write(tmp_path / "old.jsonl")
    with pytest.raises(SettingsError, match="no such signal"):
        mine(tmp_path, file, max_signal=["given_ratio=1"])
    mine(tmp_path, file, max_signal=["bm25_ratio=100"])


def test_without_given_negatives_they_are_documents_alone(tmp_path):
    result = mine(tmp_path, write(tmp_path / "old.jsonl"), given_negatives=False)
    assert "given" not in result.summary
    assert "given_rank" not in table(tmp_path, "2-retrieve/candidates").columns
    assert "pairs:2:negative:2" in table(tmp_path, "1-index/corpus")["doc_id"].to_list()


def test_negatives_below_the_depth_are_counted(tmp_path):
    counts = mine(tmp_path, write(tmp_path / "old.jsonl", ROWS[1:]), k=1).summary["given"]
    assert (counts["negatives"], counts["not_candidates"]) == (2, 1)


def test_the_form_is_remembered_and_another_file_is_looked_at_anew(tmp_path):
    file = write(tmp_path / "old.jsonl")
    mine(tmp_path, file)
    again = negmine.mine(tmp_path / "work")
    assert {row["outcome"] for row in again.artifacts} == {"fresh"}
    file.rename(tmp_path / "elsewhere.jsonl")
    assert {state.state for state in negmine.status(tmp_path / "work")} == {"fresh"}
    pairs = write(tmp_path / "pairs.jsonl", [{"anchor": "cats", "positive": CATS[0]}])
    result = negmine.index(tmp_path / "work", pairs=pairs)
    assert "1-index/given" not in [row["artifact"] for row in result.artifacts]


def test_another_form_or_a_changed_file_is_stale(tmp_path):
    rows = [{"anchor": "cats sleep", "positive": CATS[0], "negative": CATS[1]}] * 2
    file = write(tmp_path / "old.jsonl", rows)
    mine(tmp_path, file)
    states = negmine.status(tmp_path / "work", pairs=file, pairs_format="pairs", retriever=["bm25"])
    stale = {one.artifact.name for one in states if one.state == "stale"}
    assert {"1-index/corpus", "1-index/queries", "2-retrieve/candidates"} <= stale
    write(file, [*rows, rows[0] | {"negative": CATS[2]}])
    stale = {one.artifact.name for one in negmine.status(tmp_path / "work") if one.state == "stale"}
    assert "1-index/given" in stale


def test_the_form_is_noted_and_two_that_fit_are_refused(tmp_path):
    notes = Notes()
    negmine.mine(
        tmp_path / "work", pairs=write(tmp_path / "old.jsonl"), retriever=["bm25"], progress=notes
    )
    assert notes.texts[0] == (
        "old.jsonl is read as --pairs-format flagembedding: its negatives are candidates of the retriever given"
    )
    both = write(
        tmp_path / "both.jsonl", [ROWS[0] | {"anchor": "a", "positive": "b", "negative": "c"}]
    )
    with pytest.raises(
        InputError, match=r"may be triplets or flagembedding.*--pairs-format flagembedding"
    ):
        mine(tmp_path, both)
    assert mine(tmp_path, both, pairs_format="triplets").summary["given"]["negatives"] == 1


class Notes:
    """Keeps notes."""

    def __init__(self):
        self.texts = []

    def note(self, text):
        self.texts.append(text)

    def __getattr__(self, name):
        return lambda *values, **named: None


def test_bad_rows_are_told_with_file_and_row_or_left_out_whole(tmp_path):
    bad = [
        {"query": "q", "pos": [], "neg": ["n"]},
        {"query": "q", "pos": ["p"], "neg": [1], "neg_scores": []},
    ]
    file = write(tmp_path / "old.jsonl", [*ROWS, *bad])
    with pytest.raises(InputError) as error:
        mine(tmp_path, file)
    assert str(error.value).replace(f"{tmp_path}/", "").splitlines() == [
        "old.jsonl, line 4: pos has no text in it. Mend the row, or leave it out.",
        "old.jsonl, line 5: neg, text 1: a text is wanted, this is a int, neg_scores has 0, and neg has 1.",
        "To leave such rows out and count them: --on-error skip",
    ]
    summary = mine(tmp_path, file, on_error="skip").summary
    assert summary["skipped"] == {"old.jsonl: unusable row": 2}
    assert summary["given"]["rows"] == 3


def test_a_missing_key_names_the_form(tmp_path):
    file = write(tmp_path / "old.jsonl", [{"query": "q", "poss": ["p"]}])
    with pytest.raises(
        InputError, match=r"no column 'pos'. Did you mean 'poss'.*flagembedding reads it"
    ):
        mine(tmp_path, file, pairs_format="flagembedding")


REFUSED = [
    ({"retriever": ["given"]}, "--retriever given finds the negatives of a --pairs file"),
    ({"given_negatives": False}, "--no-given-negatives: the data has no negatives"),
    ({"pairs_format": "triplets"}, "--pairs-format: nothing reads it"),
    ({"run": ["given=x.trec"]}, "uses the name given itself"),
]


@pytest.mark.parametrize(("flags", "message"), REFUSED)
def test_flags_that_have_no_file_with_negatives_are_refused(tmp_path, flags, message):
    beir = write_beir(tmp_path / "beir")
    with pytest.raises(SettingsError, match=message):
        negmine.mine(tmp_path / "work", data=beir, **({"retriever": ["bm25"]} | flags))


def test_columns_that_lists_have_no_use_for_are_refused(tmp_path):
    with pytest.raises(SettingsError, match="--query-column: nothing reads it"):
        mine(tmp_path, write(tmp_path / "old.jsonl"), query_column="query_text")


def test_a_table_in_memory_is_as_a_file(tmp_path):
    rows = [row | {"prompt": ""} for row in ROWS]
    of_table = mine(tmp_path, rows).summary
    shutil.rmtree(tmp_path / "work")
    assert of_table == mine(tmp_path, write(tmp_path / "old.jsonl", rows)).summary


def test_a_mined_file_of_somebody_else_is_not_read_unasked(tmp_path):
    mine(tmp_path, write(tmp_path / "old.jsonl"))
    shutil.move(tmp_path / "work", tmp_path / "received")
    with pytest.raises(NotTrusted):
        negmine.mine(tmp_path / "received")


def test_negative_queries_take_the_given_pairs_the_other_way_round(tmp_path):
    result = mine(tmp_path, write(tmp_path / "old.jsonl"), direction="d2q")
    counts = result.summary["given"]
    gone = counts["empty"] + counts["repeated"] + counts["not_candidates"]
    assert counts["negatives"] == gone + counts["kept"] + sum(counts["removed"].values())
    rows = table(tmp_path, "2-retrieve/given")
    assert set(rows["doc_id"]) <= {"pairs:1", "pairs:2", "pairs:3"}
    assert rows.height > 0


@pytest.mark.parametrize("name", ["flagembedding", "tevatron", "n-tuple", "triplet"])
def test_what_negmine_wrote_is_read_back(tmp_path, name):
    beir = write_beir(tmp_path / "beir")
    written = negmine.mine(
        tmp_path / "first", data=beir, retriever=["bm25"], format=[name], num_negatives=2
    )
    assert name in FORMATS
    about = Workdir(written.work).scan("5-write/provenance").collect()
    if about["negative_id"].dtype == pl.List:
        about = about.explode("negative_id")
    wanted = set(about.drop_nulls("negative_id").select("query_id", "negative_id").iter_rows())
    (file,) = (written.work / "5-write" / name).glob("part-*")
    result = negmine.mine(tmp_path / "work", pairs=file, retriever=["given"])
    assert result.summary["given"]["kept"] == len(wanted)
    assert result.summary["queries_mined"] == about["query_id"].n_unique()
