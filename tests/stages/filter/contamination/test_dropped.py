"""What is dropped from what is written, in each way, and what changes when the evaluation set does."""

import json

import polars as pl
import pytest

import negmine
from negmine.engine.progress import Notes
from negmine.errors import InputError, NotTrusted, SettingsError
from tests.stages.filter.contamination.planted import QUERIES, mine, write_evaluation


def read(work, name):
    return pl.read_parquet(work / name / "*.parquet")


def written(work):
    """Return the distinct queries, positives and negatives of the training file."""
    rows = read(work, "5-write/provenance")
    return [set(rows[column]) for column in ("query_id", "positive_id", "negative_id")]


def test_queries_that_are_contaminated_or_have_a_contaminated_positive_go_whole(tmp_path):
    folder = write_evaluation(tmp_path / "set")
    result = mine(tmp_path, decontaminate=folder)
    queries, positives, negatives = written(tmp_path / "work")
    assert (queries, positives) == ({"clean"}, {"clean-2"})
    assert "copy" in negatives  # a shared negative teaches nothing of the test
    verdicts = read(tmp_path / "work", "4-filter/verdicts")
    reasons = (
        verdicts.filter(pl.col("label") != "positive").group_by("query_id").agg(pl.col("reason"))
    )
    by_query = dict(reasons.iter_rows())
    assert set(by_query["same"]) == set(by_query["of-span"]) == {"contaminated"}
    assert set(by_query["clean"]) == {None}
    summary = result.summary
    assert summary["removed"]["contaminated"] == verdicts.filter(reason="contaminated").height
    assert summary["candidates"] == summary["kept"] + sum(summary["removed"].values())
    assert summary["queries_short"] == summary["queries_without_negatives"] == 0


def test_what_is_left_out_as_contaminated_is_counted_and_is_not_short(tmp_path):
    folder, progress = write_evaluation(tmp_path / "set"), Notes()
    result = mine(tmp_path, decontaminate=folder, num_negatives=9, progress=progress)
    assert result.summary["queries_short"] == 1  # the clean one: there are not so many documents
    left_out = "4 of 5 queries stand in evaluation sets, or have a positive that does"
    assert [note for note in progress.messages if left_out in note]
    assert not [note for note in progress.messages if "removed as contaminated" in note]
    card = (tmp_path / "work" / "5-write" / "README.md").read_text()
    assert "| queries left out as contaminated | 4 |" in card
    assert "| queries with fewer | 1 |" in card
    short = negmine.report(tmp_path / "work", leak=False).short
    assert (short.queries, [one.query_id for one in short.worst]) == (1, ["clean"])
    assert "contaminated" not in {one.reason for one in short.why}


def test_where_all_queries_are_contaminated_the_note_says_so_and_blames_no_rule(tmp_path):
    progress = Notes()
    folder = write_evaluation(
        tmp_path / "set", queries=QUERIES, qrels=[(query, "e1", 1) for query in QUERIES]
    )
    mine(tmp_path, decontaminate=folder, progress=progress)
    (note,) = [one for one in progress.messages if "nothing to train on" in one]
    assert "5 of 5 queries stand in evaluation sets" in note


def test_rows_drops_what_is_contaminated_itself(tmp_path):
    folder = write_evaluation(tmp_path / "set")
    mine(tmp_path, decontaminate=folder, drop_contaminated="rows")
    queries, positives, negatives = written(tmp_path / "work")
    assert queries == {"clean"}
    assert positives == {"clean-2"}
    assert negatives == {"clean-1", "clean-3"}


def test_with_rows_a_query_keeps_its_clean_positives(tmp_path):
    folder = write_evaluation(tmp_path / "set")
    train = tmp_path / "train" / "qrels" / "train.tsv"
    mine(tmp_path)
    train.write_text(train.read_text() + "of-copy\tclean-1\t1\n")
    negmine.mine(
        tmp_path / "work", data=tmp_path / "train", retriever=["bm25"], decontaminate=folder,
        drop_contaminated="rows", format="labeled-pair", no_risk=True,
    )  # fmt: skip
    rows = read(tmp_path / "work", "5-write/provenance").drop_nulls("positive_id")
    assert rows.filter(query_id="of-copy")["positive_id"].to_list() == ["clean-1"]


def test_none_only_counts(tmp_path):
    folder = write_evaluation(tmp_path / "set")
    mine(tmp_path, decontaminate=folder, drop_contaminated="none")
    assert written(tmp_path / "work")[0] == set(QUERIES)
    card = (tmp_path / "work" / "5-write" / "README.md").read_text()
    assert "left where it is" in card
    assert "| set | test | 3 | 2 | 2 | 2 | 2 | 2 | 4 |" in card


def test_the_card_tells_what_was_looked_for_and_dropped(tmp_path):
    folder = write_evaluation(tmp_path / "set")
    mine(tmp_path, decontaminate=folder)
    card = (tmp_path / "work" / "5-write" / "README.md").read_text()
    assert "## Evaluation sets" in card
    assert "| set | test | 3 | 2 | 2 | 2 | 0 | 0 |" in card
    assert str(tmp_path) not in card
    mine(tmp_path)
    assert "## Evaluation sets" not in (tmp_path / "work" / "5-write" / "README.md").read_text()


def test_a_clean_set_changes_no_row(tmp_path):
    mine(tmp_path)
    before = read(tmp_path / "work", "5-write/triplet")
    clean = {"d": ("", "Submarine cables carry most of the traffic between continents today.")}
    folder = write_evaluation(
        tmp_path / "set", documents=clean, queries={"q": "cables"}, qrels=[("q", "d", 1)]
    )
    mine(tmp_path, decontaminate=folder)
    assert read(tmp_path / "work", "4-filter/contaminated").is_empty()
    assert read(tmp_path / "work", "5-write/triplet").equals(before)


def test_the_content_of_the_set_is_in_the_identity_and_its_path_is_not(tmp_path):
    folder = write_evaluation(tmp_path / "set")
    mine(tmp_path, decontaminate=folder)
    moved = folder.rename(tmp_path / "moved")
    made = [
        one["artifact"]
        for one in mine(tmp_path, decontaminate=moved).artifacts
        if one["outcome"] == "made"
    ]
    assert made == []
    write_evaluation(moved, queries={"t1": "something else", "t2": "a", "t3": "b"})
    states = {one.artifact.name: one.state for one in negmine.status(tmp_path / "work")}
    assert states["4-filter/features"] == "fresh"
    assert {states[name] for name in ("4-filter/contaminated", "4-filter/verdicts", "5-write")} == {
        "stale"
    }


def test_without_a_set_nothing_knows_of_the_setting(tmp_path):
    mine(tmp_path)
    assert not (tmp_path / "work" / "4-filter" / "contaminated").exists()
    manifest = json.loads(
        (tmp_path / "work" / "4-filter" / "verdicts" / "_manifest.json").read_text()
    )
    assert "drop_contaminated" not in manifest["settings"]


def test_relabelled_positives_and_leak_know_of_it(tmp_path):
    folder = write_evaluation(tmp_path / "set")
    train = tmp_path / "train" / "qrels" / "train.tsv"
    mine(tmp_path)
    train.write_text(train.read_text() + "clean\tclean-1\t1\n")
    mined = negmine.mine(
        tmp_path / "work", data=tmp_path / "train", retriever=["bm25"], decontaminate=folder
    )
    assert mined.summary["removed"]["contaminated"]
    rules = [row["rules"] for row in negmine.leak(tmp_path / "work", hide="all-but-one")["rules"]]
    assert "contaminated" in rules


def test_a_remembered_set_of_somebody_else_is_not_read(tmp_path, monkeypatch):
    folder = write_evaluation(tmp_path / "set")
    mine(tmp_path, decontaminate=folder)
    monkeypatch.setenv("NEGMINE_TRUST", str(tmp_path / "nobody"))
    with pytest.raises(NotTrusted, match="--decontaminate"):
        negmine.filter(tmp_path / "work", force=True)


def test_paths_of_a_config_file_are_beside_it(tmp_path):
    folder = write_evaluation(tmp_path / "set")
    mine(tmp_path)
    config = tmp_path / "negmine.toml"
    config.write_text(
        f'[index]\ndata = "train"\nretriever = ["bm25"]\n[filter]\ndecontaminate = ["{folder.name}"]\n'
    )
    negmine.mine(tmp_path / "work", config=config)
    settings = json.loads((tmp_path / "work" / "settings.json").read_text())
    assert settings["filter"]["decontaminate"] == [str(folder)]


def test_what_cannot_be_read_is_told(tmp_path):
    folder = write_evaluation(tmp_path / "set", qrels=[("lost", "e1", 1)])
    with pytest.raises(SettingsError, match="Did you mean 'ngrams'"):
        mine(tmp_path, decontaminate=folder, eval_test=["ngram"])
    with pytest.raises(InputError, match="no text to compare with"):
        mine(tmp_path, decontaminate=folder, eval_documents="none")
