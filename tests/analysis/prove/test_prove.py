"""Nothing of a tested query is trained on; a training is done once; time and numbers have their bounds."""

import shutil

import polars as pl
import pytest

import negmine
from negmine.analysis.prove import plan
from negmine.analysis.prove.settings import prove_settings
from negmine.cli.commands.prove import read_recipes
from negmine.errors import InputError, MissingArtifact, SettingsError
from negmine.stages.opening import open_existing
from negmine.storage.small_json import read_sealed
from tests.analysis.prove import planted
from tests.analysis.prove.conftest import TRAINING
from tests.models.tiny import bert_model

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
    return parts, plan.recipes(context, recipes, settings, parts, 32, None)


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
    assert read_sealed(work / "prove/result.json") == result
    (curve,) = [row["curve"] for row in result["recipes"] if row["recipe"] == "work"]
    assert [step for step, _ in curve] == sorted(step for step, _ in curve)
    assert len(curve) == 4
    assert curve[-1][0] == result["training"]["steps"] == 16 * 4
    (work_row,) = [row for row in result["recipes"] if row["recipe"] == "work"]
    assert curve[-1][1] == pytest.approx(work_row["ndcg@10"])
    assert negmine.status(work)[-1].state == "fresh"


def test_other_rules_make_the_last_result_one_about_another_run(work, student):
    asked = {"student": student, "seeds": 1, "leave_out": ("random", "margin"), "against": "work"}
    negmine.trust(work)
    negmine.prove(work, **asked, **TRAINING | {"epochs": 1})
    assert negmine.report(work, leak=False).proof.is_current
    for change in ({"max_risk": 0.4}, {"max_risk": "none"}):
        negmine.filter(work, **change)
        negmine.write(work)
        assert negmine.report(work, leak=False).proof.is_current == (change["max_risk"] == "none")
    negmine.write(work, num_negatives=2)
    assert not negmine.report(work, leak=False).proof.is_current


def test_where_hardly_anything_is_trained_it_says_so_and_sees_nothing(work, student):
    given = TRAINING | {"learning_rate": 1e-12, "epochs": 1}
    result = negmine.prove(
        work, student=student, seeds=2, against="work", leave_out=("random", "margin"), **given
    )
    assert result["visible"] is None
    assert "came out equal in every query, though their rows differ" in result["verdict"][0]
    assert "--learning-rate" in result["verdict"][0]


def test_the_config_counts_for_every_recipe(work, student, tmp_path):
    """With it, both have the rows that the file asks for; what a recipe adds comes on top."""
    (tmp_path / "negmine.toml").write_text("[write]\nnum_negatives = 2\n[filter]\nskip_top = 3\n")
    result = negmine.prove(
        work, {"mine": {}, "three": {"num_negatives": 3}}, student=student, seeds=1, against="work",
        config=tmp_path / "negmine.toml", leave_out=("in-batch", "random", "margin"),
        **TRAINING | {"epochs": 1},
    )  # fmt: skip
    counts = {row["recipe"]: row["negatives"] for row in result["recipes"]}
    assert counts == {"work": 2, "mine": 2, "three": 3, "untrained": 0}
    (equal,) = [
        row for row in result["differences"] if {row["recipe"], row["other"]} == {"work", "mine"}
    ]
    assert equal["mean"] == equal["error"] == 0


def test_an_interrupted_experiment_goes_on_where_it_was(work, student, monkeypatch):
    from negmine.analysis.prove import runs

    asked = {"student": student, "seeds": 2, "leave_out": ("random", "margin"), "against": "work"}
    whole = negmine.prove(work, **asked, **TRAINING | {"epochs": 2})
    shutil.rmtree(work / "prove")
    real, done = runs.trained, []

    def third_is_interrupted(*given):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(given)
        return real(*given)

    monkeypatch.setattr(runs, "trained", third_is_interrupted)
    with pytest.raises(KeyboardInterrupt):
        negmine.prove(work, **asked, **TRAINING | {"epochs": 2})
    again = []
    monkeypatch.setattr(runs, "trained", lambda *given: again.append(given) or real(*given))
    result = negmine.prove(work, **asked, **TRAINING | {"epochs": 2})
    assert len(again) == 4 - 2
    without_seconds = [
        {key: value for key, value in row.items() if key != "seconds"} for row in result["recipes"]
    ]
    assert without_seconds == [
        {key: value for key, value in row.items() if key != "seconds"} for row in whole["recipes"]
    ]


def test_the_cached_loss_trains_what_the_plain_one_trains(work, tmp_path):
    transformer = str(bert_model(tmp_path / "bert"))

    def metric(loss):
        result = negmine.prove(
            work, student=transformer, seeds=1, loss=loss, against="work", max_steps=2, max_length=8,
            leave_out=("random", "margin"), **TRAINING | {"learning_rate": 1e-4},
        )  # fmt: skip
        assert result["training"]["steps"] == 2
        return next(row["recall@100"] for row in result["recipes"] if row["recipe"] == "work")

    assert metric("cached-mnrl") == pytest.approx(metric("mnrl"), abs=0.03)


def test_the_cached_loss_is_refused_for_a_static_student(work, student):
    with pytest.raises(SettingsError, match="--loss cached-mnrl"):
        negmine.prove(work, student=student, loss="cached-mnrl", **TRAINING)


def test_another_split_seed_tests_on_others(mined):
    context = open_existing(mined, {})
    drawn = [
        plan.split(
            context, prove_settings({"student": "any", "holdout": 0.3, "split_seed": seed})
        ).tested
        for seed in (13, 14, 13)
    ]
    assert drawn[0].equals(drawn[2])
    assert not drawn[0].equals(drawn[1])
