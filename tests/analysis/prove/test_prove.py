"""Nothing of a tested query is trained on; a training is done once; time and numbers have their bounds."""

import json
import shutil

import polars as pl
import pytest

import negmine
from negmine.analysis.prove import plan
from negmine.analysis.prove.settings import prove_settings
from negmine.cli.commands.prove import read_recipes
from negmine.errors import InputError, MissingArtifact, SettingsError
from negmine.stages.opening import open_existing
from tests.analysis.prove import planted
from tests.analysis.prove.conftest import TRAINING

RECIPES = {
    "risky": "--max-risk 0.3 --no-relative-margin",
    "own": "--risk-weights own --owner-query 0.5",
    "auto": "--no-risk --relative-margin auto",
    "rank": "--no-risk --no-relative-margin --max-percentile 60",
}


def training_rows(work):
    """Return what every recipe trains on."""
    context = open_existing(work, {})
    settings = prove_settings({"student": "any", "holdout": planted.HOLDOUT, "seeds": 2})
    parts = plan.split(context, settings)
    recipes = read_recipes([f"{name}={flags}" for name, flags in RECIPES.items()])
    return parts, plan.recipes(context, recipes, settings, parts, 32)


def test_permuting_the_labels_of_tested_queries_changes_no_training_row(tmp_path):
    flags = planted.write(tmp_path / "data", known=2)
    whole = negmine.mine(tmp_path / "w", **flags, num_negatives=4, k=30).work
    other = tmp_path / "other"
    shutil.copytree(tmp_path / "data", other)
    tested = sorted(planted.tested())
    swapped = dict(zip(tested, [*tested[1:], tested[0]], strict=True))
    lines = (other / "qrels/test.tsv").read_text().splitlines()
    names = [line.split("\t", 1) for line in lines[1:]]
    text = [lines[0], *(f"{swapped.get(query, query)}\t{rest}" for query, rest in names)]
    (other / "qrels/test.tsv").write_text("\n".join(text) + "\n")
    flags |= {"data": other}
    permuted = negmine.mine(tmp_path / "p", **flags, num_negatives=4, k=30).work
    _, before = training_rows(whole)
    _, after = training_rows(permuted)
    assert [one.name for one in before] == ["in-batch", "random", "margin", "work", *RECIPES]
    for one, another in zip(before, after, strict=True):
        for mine, theirs in zip(one.rows, another.rows, strict=True):
            assert mine.equals(theirs), one.name
    assert negmine.leak(whole) != negmine.leak(permuted)  # the labels do count elsewhere


def test_no_tested_query_and_none_of_its_documents_is_in_any_row(tmp_path):
    flags = planted.write(tmp_path / "data", known=2)
    parts, recipes = training_rows(negmine.mine(tmp_path / "w", **flags, k=30).work)
    for recipe in recipes:
        for rows in recipe.rows:
            assert not set(rows["query_id"]) & set(parts.tested)
            documents = {*rows["positive_id"], *rows["negative_ids"].explode().drop_nulls()}
            assert not documents & set(parts.relevant["doc_id"]), recipe.name


def test_the_rows_are_those_of_the_commands_where_nothing_is_kept_out(mined, monkeypatch):
    """The recipe `work` of no tested query gives the negatives that `write` has written."""
    from negmine.analysis.prove.negatives import negatives

    context = open_existing(mined, {})
    nobody = pl.DataFrame(schema={"query_id": pl.String, "doc_id": pl.String})
    made = negatives(context, nobody)
    written = pl.read_parquet(mined / "5-write/provenance/*.parquet")
    pairs = written.select("query_id", doc_id="negative_id").unique(maintain_order=True)
    assert sorted(made.iter_rows()) == sorted(pairs.iter_rows())


def test_a_recipe_that_cannot_work_is_named(work, student):
    recipes = {"own": {"risk_weights": "own"}}
    with pytest.raises(InputError, match="recipe own: There is too little to learn a risk from"):
        negmine.prove(work, recipes, student=student, **TRAINING)


def test_what_was_trained_is_not_trained_again_unless_forced(work, student, monkeypatch):
    from negmine.analysis.prove import runs

    asked = {"student": student, "seeds": 1, "leave_out": ("random", "margin"), "against": "work"}
    first = negmine.prove(work, **asked, **TRAINING)
    monkeypatch.setattr(runs, "trained", lambda *given: pytest.fail("it was trained again"))
    assert negmine.prove(work, **asked, **TRAINING) == first
    with pytest.raises(pytest.fail.Exception, match="trained again"):
        negmine.prove(work, force=True, **asked, **TRAINING)


def test_a_damaged_training_is_done_again(work, student):
    asked = {"student": student, "seeds": 1, "leave_out": ("random", "margin"), "against": "work"}
    first = negmine.prove(work, **asked, **TRAINING)
    for file in (work / "prove").glob("*.parquet"):
        file.write_bytes(b"\0" * file.stat().st_size)
    again = negmine.prove(work, **asked, **TRAINING)
    assert [row["ndcg@10"] for row in again["recipes"]] == [
        row["ndcg@10"] for row in first["recipes"]
    ]


def test_what_would_last_too_long_is_left_out_and_named(work, student):
    result = negmine.prove(
        work, student=student, seeds=3, max_minutes=1e-6, against="in-batch", **TRAINING
    )
    assert [row["recipe"] for row in result["recipes"]] == ["in-batch", "untrained"]
    assert len(result["left_out"]) == 3 * 4 - 1
    assert {"recipe": "margin", "seed": 2} in result["left_out"]


def test_too_few_queries_are_refused_unless_allowed(work, student):
    few = TRAINING | {"holdout": 0.1, "epochs": 1}
    with pytest.raises(SettingsError, match="--allow-few") as raised:
        negmine.prove(work, student=student, **few)
    assert "Only 14 queries" in str(raised.value)
    result = negmine.prove(work, student=student, allow_few=True, seeds=1, **few)
    assert result["queries"]["tested"] == 14


def test_a_student_is_needed_and_scores_must_be_there(work, student):
    with pytest.raises(SettingsError, match="Give --student MODEL"):
        negmine.prove(work)
    with pytest.raises(MissingArtifact, match="negmine filter"):
        negmine.prove(
            work, {"guided": {"guide_model": [student]}}, student=student, seeds=1, **TRAINING
        )


def test_without_a_rate_the_best_for_pairs_alone_is_taken(work, student):
    given = TRAINING | {"learning_rate": None, "epochs": 2}
    result = negmine.prove(
        work, student=student, seeds=1, leave_out=("random", "margin"), against="work", **given
    )
    rates = {row["learning_rate"]: row["ndcg@10"] for row in result["training"]["rates"]}
    assert list(rates) == [0.003, 0.01, 0.03, 0.1]
    assert result["training"]["learning_rate"] == max(rates, key=rates.get)


def test_the_result_is_kept_for_the_report_and_is_json(work, student):
    result = negmine.prove(
        work, student=student, seeds=1, leave_out=("random", "margin"), against="work", **TRAINING
    )
    assert json.loads((work / "prove/result.json").read_text()) == result
    (curve,) = [row["curve"] for row in result["recipes"] if row["recipe"] == "work"]
    assert [step for step, _ in curve] == sorted(step for step, _ in curve)
    assert len(curve) == 4
    (work_row,) = [row for row in result["recipes"] if row["recipe"] == "work"]
    assert curve[-1][1] == pytest.approx(work_row["ndcg@10"])
    assert negmine.status(work)[-1].state == "fresh"
