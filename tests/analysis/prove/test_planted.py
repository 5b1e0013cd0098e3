"""With a planted truth, the student trained on false negatives comes out worse, and prove says so."""

import negmine
from negmine.cli.commands.prove import read_recipes
from tests.analysis.prove import planted
from tests.analysis.prove.conftest import TRAINING


def test_false_negatives_train_a_worse_student_and_the_interval_says_so(work, student):
    recipes = read_recipes([f"naive={planted.NAIVE}", f"oracle={planted.ORACLE}"])
    result = negmine.prove(
        work, recipes, student=student, against="naive", leave_out=("in-batch", "margin", "work"),
        seeds=3, **TRAINING,
    )  # fmt: skip
    rows = {row["recipe"]: row for row in result["recipes"]}
    gain = rows["oracle"]["difference"]
    assert gain["low"] > 0
    assert result["best"] == "oracle"
    assert rows["naive"]["yield"] == rows["oracle"]["yield"] == 1.0
    assert "better than naive" in result["verdict"][0] or "oracle is best" in result["verdict"][0]
    assert rows["untrained"]["ndcg@10"] < rows["naive"]["ndcg@10"]


def test_equal_recipes_do_not_differ(work, student):
    recipes = read_recipes([f"one={planted.NAIVE}", f"two={planted.NAIVE} --skip-top 0"])
    result = negmine.prove(
        work, recipes, student=student, against="one",
        leave_out=("in-batch", "random", "margin", "work"), seeds=2, **TRAINING,
    )  # fmt: skip
    (gain,) = result["differences"]
    assert (gain["mean"], gain["low"], gain["high"]) == (0, 0, 0)
    assert result["verdict"][0].startswith("one and two have the same rows") or result["verdict"][
        0
    ].startswith("two and one have the same rows")
    assert result["visible"] is None
    trained = list((work / "prove").glob("*.parquet"))
    assert len(trained) == 3  # two seeds, and the student as it came: equal rows are trained once
