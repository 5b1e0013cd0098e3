"""`negmine mine WORK --round N`: mining again with the model that was trained on the last round."""

import json
import shutil
import tomllib

import polars as pl
import pytest

import negmine
from negmine.errors import MissingArtifact, NegmineError, NotTrusted, SettingsError
from negmine.scorers.cross_encoder import CrossEncoder
from negmine.storage.workdir import Workdir
from tests import killed
from tests.conftest import DOCUMENTS, write_beir
from tests.models.tiny import cross_encoder, static_model

FLAGS = {"retriever": ["bm25", "dense"], "k": 5, "num_negatives": 2}
OPEN = {"no_risk": True, "no_relative_margin": True, "no_near_duplicate": True}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return [str(static_model(folder / f"m{seed}", seed=seed)) for seed in (1, 2, 3)]


def first(work, folder, models, **flags):
    """Mine round 1 and return its work directory."""
    beir = folder if (folder / "corpus.jsonl").exists() else write_beir(folder)
    negmine.mine(work, data=beir, model=models[0], **FLAGS, **OPEN, **flags)
    return work


def tables(work):
    """Return every table of a work directory, by folder."""
    files = sorted(work.glob("*-*/*/part-*.parquet"))
    return {str(file.relative_to(work)): pl.read_parquet(file) for file in files}


def same(one, other):
    return one.keys() == other.keys() and all(one[name].equals(other[name]) for name in one)


def made(result):
    return [row["artifact"] for row in result.artifacts if row["outcome"] == "made"]


def provenance(work):
    return pl.read_parquet(work / "5-write/provenance/*.parquet")


def pairs(work):
    return {*provenance(work).select("query_id", "negative_id").drop_nulls().iter_rows()}


def test_rounds_in_one_directory_and_from_others_have_the_same_rows(tmp_path, models):
    here = first(tmp_path / "here", tmp_path / "beir", models)
    other = first(tmp_path / "w1", tmp_path / "beir", models)
    for number, model in ((2, models[1]), (3, models[2])):
        negmine.mine(here, round=number, model=model)
        new = tmp_path / f"w{number}"
        negmine.mine(new, since=other, round=number, model=model)
        assert same(tables(here), tables(new))
        other = new
    columns = pl.read_parquet_schema(next((here / "2-retrieve/candidates").glob("*.parquet")))
    for name in ("bm25", "dense", "round2_dense", "round1_dense"):
        assert f"{name}_score" in columns


def test_the_last_round_keeps_its_columns_under_its_own_name(tmp_path, models):
    work = first(tmp_path / "w", tmp_path / "beir", models)
    key = ["query_id", "doc_id"]
    before = pl.read_parquet(work / "2-retrieve/candidates/*.parquet")
    negmine.mine(work, round=2, model=models[1])
    after = pl.read_parquet(work / "2-retrieve/candidates/*.parquet")
    both = before.join(after, on=key, suffix="_now")
    assert both.height == before.height < after.height
    for column in ("rank", "score"):
        assert both[f"dense_{column}"].equals(both[f"round1_dense_{column}"], check_names=False)
    assert not both["dense_score"].equals(both["dense_score_now"], check_names=False)
    assert after["round1_dense_score"].null_count() == 0


def test_nothing_that_was_scored_is_scored_again(tmp_path, models, monkeypatch):
    scored, score = [], CrossEncoder.score

    def counted(self, queries, documents):
        scored.extend(zip(queries, documents, strict=True))
        return score(self, queries, documents)

    monkeypatch.setattr(CrossEncoder, "score", counted)
    batches = CrossEncoder.batches

    def counted_batches(self, queries, documents):
        scored.extend(zip(queries, documents, strict=True))
        return batches(self, queries, documents)

    monkeypatch.setattr(CrossEncoder, "batches", counted_batches)
    reranker = str(cross_encoder(tmp_path / "reranker"))
    old = first(tmp_path / "old", tmp_path / "beir", models, rerank_model=reranker)
    before = set(scored)
    assert before
    scored.clear()
    result = negmine.mine(tmp_path / "new", since=old, round=2, model=models[1])
    assert scored
    assert not before & set(scored)
    outcomes = {row["artifact"]: row["outcome"] for row in result.artifacts}
    for name in ("1-index/bm25", "2-retrieve/bm25", "1-index/dense-m1", "2-retrieve/dense-m1"):
        assert outcomes[name] == "fresh"
    stats = Workdir(tmp_path / "new").require("1-index/round2_dense-m2").stats
    assert stats["encoded"] == stats["documents"] + stats["queries"] - stats.get("repeated", 0)
    vectors = {path.name for path in (old / "vectors").iterdir()}
    grown = [tmp_path / "new" / "vectors" / name for name in vectors]
    assert all(_bytes(path) == _bytes(old / "vectors" / path.name) for path in grown)


def _bytes(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_provenance_names_the_round_and_refresh_counts_what_changed(tmp_path, models):
    work = first(tmp_path / "w", tmp_path / "beir", models)
    assert "round" not in provenance(work).columns
    one = pairs(work)
    result = negmine.mine(work, round=2, model=models[1])
    two, rows = pairs(work), provenance(work)
    rounds = {(q, d): n for q, d, n in rows.select("query_id", "negative_id", "round").iter_rows()}
    assert rounds == {pair: 1 if pair in one else 2 for pair in two}
    assert set(rounds.values()) == {1, 2}
    counts = result.summary
    assert counts["negatives_kept"] == len(one & two)
    assert counts["negatives_new"] == len(two - one)
    assert counts["negatives_gone"] == len(one - two)
    changed = {query for query, _ in one ^ two}
    assert counts["queries_changed"] == len(changed)
    refresh = pl.read_parquet(work / "5-write/refresh/*.parquet")
    is_changed = (pl.col("new") > 0) | (pl.col("kept") < pl.col("last"))
    assert set(refresh.filter(is_changed)["query_id"]) == changed
    settings = Workdir(work).require("5-write/provenance").settings
    assert settings["round"] == 2
    card = (work / "5-write/README.md").read_text()
    assert "| round of mining | 2 |" in card
    assert "round1_dense: m1" in card


def test_a_negative_keeps_the_round_that_wrote_it_first(tmp_path, models):
    work = first(tmp_path / "w", tmp_path / "beir", models)
    negmine.mine(work, round=2, model=models[1])
    two = provenance(work).select("query_id", "negative_id", "round")
    negmine.mine(work, round=3, model=models[2], keep_share=1.0)
    three = provenance(work).select("query_id", "negative_id", "round").unique()
    both = three.join(two.unique(), on=["query_id", "negative_id"])
    assert both["round"].equals(both["round_right"], check_names=False)
    assert both.height == two.unique().height


@pytest.mark.parametrize("shape", ["triplet", "n-tuple", "labeled-list"])
def test_every_shape_of_provenance_is_recorded_alike(tmp_path, models, shape):
    work = first(tmp_path / "w", tmp_path / "beir", models, format=shape, random_negatives=1)
    rows = provenance(work)
    if rows.schema["negative_id"] == pl.List:
        rows = rows.explode("negative_id", "negative_label")
    mined = rows.filter(pl.col("negative_id").is_not_null(), pl.col("negative_label") != "random")
    negmine.mine(work, round=2, model=models[1])
    record = pl.read_parquet(work / "sources/round1.parquet")
    assert {*record.select("query_id", "doc_id").iter_rows()} == {
        *mined.select("query_id", "negative_id").iter_rows()
    }
    assert record["round"].unique().to_list() == [1]


def test_negatives_may_be_hard_for_the_student_and_safe_for_the_teacher(tmp_path, models):
    work = tmp_path / "w"
    negmine.mine(work, data=write_beir(tmp_path / "beir"), model=models[0], no_risk=True, **FLAGS)
    settings = {"score": "round1_dense", "relative_margin": 0.1, "order": "dense"}
    negmine.mine(work, round=2, model=models[1], **settings)
    verdicts = pl.read_parquet(work / "4-filter/verdicts/*.parquet")
    kept = verdicts.filter("kept", pl.col("label") != "judged_negative")
    anchor = pl.col("positive_score")
    assert kept.filter(pl.col("round1_dense_score") > anchor - anchor.abs() * 0.1).is_empty()
    written = provenance(work).filter(pl.col("negative_label") != "judged_negative")
    for (_, _), rows in written.group_by("query_id", "positive_id", maintain_order=True):
        assert rows["dense_score"].is_sorted(descending=True)


def test_killed_anywhere_a_round_ends_with_the_same_rows(tmp_path, models):
    old = first(tmp_path / "old", tmp_path / "beir", models)
    arguments = ["--since", old, "--round", 2, "--model", models[1]]
    calm = killed.negmine(["mine", tmp_path / "calm", *arguments], tmp_path)
    steps, expected = killed.steps(calm), tables(tmp_path / "calm")
    for share in (0.05, 0.3, 0.6, 0.9):
        work = tmp_path / f"killed-{share}"
        done = killed.negmine(["mine", work, *arguments], tmp_path, round(steps * share))
        assert killed.was_killed(done), done.stderr
        done = killed.negmine(["mine", work, *arguments], tmp_path)
        assert done.returncode == 0, done.stderr
        assert same(tables(work), expected)
    here = tmp_path / "here"
    first(here, tmp_path / "beir", models)
    command = ["mine", here, "--round", 2, "--model", models[1]]
    for share in (0.3, 0.6, 0.9):
        killed.negmine(command, tmp_path, round(steps * share))
    done = killed.negmine(command, tmp_path)
    assert done.returncode == 0, done.stderr
    assert same(tables(here), expected)


def test_a_round_that_is_done_is_up_to_date_and_stages_go_on_with_it(tmp_path, models):
    work = first(tmp_path / "w", tmp_path / "beir", models)
    negmine.mine(work, round=2, model=models[1])
    assert made(negmine.mine(work, round=2, model=models[1])) == []
    assert made(negmine.mine(work)) == []
    assert "5-write/refresh" in made(negmine.write(work, num_negatives=1))
    assert {state.state for state in negmine.status(work)} == {"fresh"}


def test_stages_one_by_one_make_a_round_as_mine_does(tmp_path, models):
    one = first(tmp_path / "one", tmp_path / "beir", models)
    negmine.mine(one, round=2, model=models[1])
    other = first(tmp_path / "other", tmp_path / "beir", models)
    negmine.index(other, round=2, model=models[1])
    for stage in (negmine.retrieve, negmine.filter, negmine.write):
        stage(other)
    assert same(tables(one), tables(other))


def test_a_round_named_in_a_file_is_as_one_named_by_a_flag(tmp_path, models):
    work = first(tmp_path / "w", tmp_path / "beir", models)
    file = tmp_path / "negmine.toml"
    file.write_text(f"[index]\nround = 2\nmodel = {json.dumps(models[1])}\n")
    assert tomllib.loads(file.read_text())["index"]["round"] == 2
    negmine.mine(work, config=file)
    assert provenance(work)["round"].max() == 2


def test_what_is_no_next_round_is_an_error_and_leaves_the_last_one(tmp_path, models):
    work = first(tmp_path / "w", tmp_path / "beir", models)
    before = tables(work)
    copy = tmp_path / "copy-of-m1"
    shutil.copytree(models[0], copy)
    with pytest.raises(SettingsError, match="its files are those of round1_dense"):
        negmine.mine(work, round=2, model=str(copy))
    for flags in ({"round": 2}, {}):
        with pytest.raises(NegmineError, match="no-model"):
            negmine.mine(tmp_path / "new", since=work, model=str(tmp_path / "no-model"), **flags)
        assert not (tmp_path / "new").exists()
    with pytest.raises(SettingsError, match="Run round 2 first"):
        negmine.mine(work, round=3, model=models[1])
    with pytest.raises(SettingsError, match="there is none in"):
        negmine.mine(tmp_path / "empty", round=2, model=models[1])
    with pytest.raises(SettingsError, match="there is none in"):
        negmine.index(tmp_path / "empty", round=2, model=models[1])
    assert not (tmp_path / "empty").exists()
    assert same(tables(work), before)
    assert made(negmine.mine(work)) == []


def test_another_corpus_is_an_error_and_other_qrels_are_not(tmp_path, models):
    work = first(tmp_path / "w", tmp_path / "beir", models)
    grown = write_beir(tmp_path / "grown", documents={**DOCUMENTS, "new": ("", "more tea")})
    with pytest.raises(SettingsError, match="Round 2 has another corpus than round 1"):
        negmine.mine(work, round=2, model=models[1], data=grown)
    judged = write_beir(tmp_path / "judged", qrels=[("q1", "tea-1", 1), ("q4", "py-1", 1)])
    negmine.mine(work, round=2, model=models[1], data=judged)
    assert set(provenance(work)["query_id"]) <= {"q1", "q2", "q4"}


def test_a_model_that_was_trained_over_its_own_folder_is_an_error(tmp_path, models):
    own = tmp_path / "student"
    shutil.copytree(models[1], own)
    work = first(tmp_path / "w", tmp_path / "beir", models)
    negmine.mine(work, round=2, model=str(own))
    shutil.rmtree(own)
    shutil.copytree(models[2], own)
    last = tmp_path / "last"
    shutil.copytree(models[0], last)
    with pytest.raises(SettingsError, match="which is here as round2_dense"):
        negmine.mine(work, round=3, model=str(own))
    other = str(static_model(tmp_path / "m4", seed=4))
    with pytest.raises(SettingsError, match=r"round2_dense: the model at .* is not what it was"):
        negmine.mine(work, round=3, model=other)


def test_a_round_needs_what_the_last_one_wrote(tmp_path, models):
    beir = write_beir(tmp_path / "beir")
    negmine.index(tmp_path / "w", data=beir, model=models[0], **FLAGS)
    for given in ({"since": tmp_path / "w"}, {}):
        work = tmp_path / "new" if given else tmp_path / "w"
        with pytest.raises(
            MissingArtifact, match=r"has no 5-write/provenance of it. Run: negmine mine"
        ):
            negmine.mine(work, round=2, model=models[1], **given)
    assert not (tmp_path / "new").exists()


def test_models_of_a_received_directory_are_not_read_unless_trusted(tmp_path, models):
    work = first(tmp_path / "w", tmp_path / "beir", models)
    received = tmp_path / "received"
    shutil.copytree(work, received)
    beir = tmp_path / "beir"
    with pytest.raises(NotTrusted, match="--earlier-model"):
        negmine.mine(received, round=2, model=models[1], data=beir)
    with pytest.raises(NotTrusted, match="--earlier-model"):
        negmine.mine(tmp_path / "new", since=received, round=2, model=models[1], data=beir)
