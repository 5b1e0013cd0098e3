"""The risk, end to end: on the circle it sees what a score cannot."""

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

import negmine
from negmine.errors import InputError, SettingsError
from negmine.storage.layout import RISK_MODEL
from negmine.storage.workdir import Workdir
from tests.conftest import write_beir, write_vectors
from tests.stages.filter.risk.circle import write_circle


def stats(work):
    return Workdir(work).require(RISK_MODEL).stats


def verdicts(work):
    return pl.concat(Workdir(work).parts("4-filter/verdicts"))


@pytest.mark.parametrize("weights", ["own", "blend", "shipped"])
def test_on_the_circle_the_score_is_blind_and_the_risk_is_not(tmp_path, weights):
    flags = write_circle(tmp_path / "data") | {"risk_weights": weights}
    negmine.mine(tmp_path / "w", no_relative_margin=True, **flags)
    from negmine.stages.filter.leak.trial import Trial
    from negmine.stages.opening import open_existing

    trial = Trial(open_existing(tmp_path / "w", {}))
    rows = trial.part(0).filter(pl.col("label") != "positive")
    assert roc_auc_score(rows["hidden"], rows["dense_ratio"]) == pytest.approx(0.5, abs=0.06)
    assert stats(tmp_path / "w")["auc"] > (0.9 if weights == "shipped" else 0.95)


def test_the_rule_drops_what_is_riskier_and_keeps_equality(tmp_path):
    flags = write_circle(tmp_path / "data", queries=12)
    negmine.mine(tmp_path / "w", no_relative_margin=True, max_risk=0.5, **flags)
    risks = verdicts(tmp_path / "w").filter(pl.col("label") != "positive")["risk_score"]
    limit = float(risks.sort()[len(risks) // 2])
    negmine.filter(tmp_path / "w", max_risk=limit)
    rows = verdicts(tmp_path / "w")
    risky = rows.filter(pl.col("reason") == "too_risky")
    assert risky.height
    assert (risky["risk_score"] > np.float32(limit)).all()
    assert (rows.filter("kept")["risk_score"] <= np.float32(limit)).all()
    assert rows.filter(pl.col("label") == "positive")["risk_score"].null_count() == 72


def test_own_weights_leak_little_and_other_weights_make_the_risk_anew(tmp_path):
    flags = write_circle(tmp_path / "data") | {"risk_weights": "own"}
    negmine.mine(tmp_path / "w", no_relative_margin=True, **flags)
    leak = {row["rules"]: row["leak"] for row in negmine.leak(tmp_path / "w")["rules"]}
    assert leak["too_risky"] < leak["no rule"] / 5
    shipped = negmine.filter(tmp_path / "w", risk_weights="shipped")
    made = {row["artifact"] for row in shipped.artifacts if row["outcome"] == "made"}
    assert made == {"4-filter/risk-model", "4-filter/risk", "4-filter/verdicts"}


def test_it_is_on_with_vectors_and_off_when_told_or_without(tmp_path):
    flags = write_circle(tmp_path / "data", queries=12)
    negmine.mine(tmp_path / "w", **flags)
    assert "too_risky" in verdicts(tmp_path / "w")["reason"].to_list()
    negmine.filter(tmp_path / "w", no_risk=True)
    rows = verdicts(tmp_path / "w")
    assert "too_risky" not in rows["reason"].to_list()
    assert "risk_score" not in rows.columns
    beir = write_beir(tmp_path / "beir")
    negmine.mine(tmp_path / "b", data=beir, retriever=["bm25"])
    assert "risk_score" not in verdicts(tmp_path / "b").columns
    negmine.mine(tmp_path / "b", data=beir, retriever=["bm25"], max_risk=0.2)
    assert verdicts(tmp_path / "b")["risk_score"].drop_nulls().len() > 0


def test_one_positive_a_query_takes_the_shipped_weights(tmp_path):
    flags = write_circle(tmp_path / "data", positives=1, queries=10)
    negmine.mine(tmp_path / "w", **flags)
    found = stats(tmp_path / "w")
    assert (found["own_share"], found["hidden_positives"]) == (0.0, 0)
    assert found["shipped"] == "dense"
    with pytest.raises(InputError, match="too little to learn"):
        negmine.filter(tmp_path / "w", risk_weights="own")


def test_another_limit_learns_nothing_again(tmp_path):
    flags = write_circle(tmp_path / "data", queries=10)
    negmine.mine(tmp_path / "w", **flags)
    result = negmine.filter(tmp_path / "w", max_risk=0.3)
    made = {row["artifact"] for row in result.artifacts if row["outcome"] == "made"}
    assert made == {"4-filter/verdicts"}


def test_any_signal_can_be_limited(tmp_path):
    flags = write_circle(tmp_path / "data", queries=10)
    base = flags | {"no_relative_margin": True, "no_risk": True}
    negmine.mine(tmp_path / "w", max_signal=["positive_similarity=0.6", "dense_z=1.5"], **base)
    rows = verdicts(tmp_path / "w")
    caught = rows.filter(pl.col("reason") == "above_max_signal")
    assert caught.height
    assert rows.filter("kept")["positive_similarity"].max() <= 0.6
    with pytest.raises(SettingsError, match="Did you mean 'positive_similarity'"):
        negmine.filter(tmp_path / "w", max_signal=["positive_similarty=0.6"])
    with pytest.raises(SettingsError, match="NAME=NUMBER"):
        negmine.filter(tmp_path / "w", max_signal=["dense_z=high"])


def test_explain_shows_signals_and_what_the_risk_rests_on(tmp_path):
    flags = write_circle(tmp_path / "data", queries=10)
    negmine.mine(tmp_path / "w", **flags)
    found = negmine.explain(tmp_path / "w", "q3")
    candidate = next(row for row in found["rows"] if row["label"] == "unlabeled")
    assert candidate["risk_score"] is not None
    assert candidate["positive_similarity_mean_z"] is not None
    assert set(found["risk"]["weights"]) == set(found["risk"]["importance"])
    assert found["risk"]["importance"]["positive_similarity_z"] > 0
    assert found["risk"]["calibration"]


def test_a_second_retriever_or_vectors_change_the_shipped_weights(tmp_path):
    beir = write_beir(tmp_path / "beir")
    negmine.mine(tmp_path / "w", data=beir, **write_vectors(beir))
    assert stats(tmp_path / "w")["shipped"] == "bm25+dense"
