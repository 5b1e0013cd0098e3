"""Budgets and gates: the mildest setting that meets them, or exit code 3 with the best there is."""

import json

import polars as pl
import pytest
from typer.testing import CliRunner

import negmine
from negmine.cli.app import app
from negmine.errors import GateNotMet
from negmine.stages.filter.leak.budget import chosen
from negmine.storage.layout import LIMITS
from negmine.storage.workdir import Workdir
from tests import warm
from tests.conftest import write_beir
from tests.stages.filter.risk.circle import write_circle


def split_qrels(folder, flags, half):
    """Write a copy of a circle with the qrels of every other query, so that two halves share none."""
    other = folder / f"half-{half}"
    (other / "qrels").mkdir(parents=True)
    for name in ("corpus.jsonl", "queries.jsonl"):
        (other / name).write_text((flags["data"] / name).read_text())
    header, *rows = (flags["data"] / "qrels" / "train.tsv").read_text().splitlines()
    kept = [row for row in rows if int(row.split("\t")[0][1:]) % 2 == half]
    (other / "qrels" / "train.tsv").write_text("\n".join([header, *kept]) + "\n")
    return flags | {"data": other}


def test_a_budget_holds_on_queries_it_did_not_see(tmp_path):
    flags = write_circle(tmp_path / "data", queries=240, positives=6, negatives=30, spread=0.5)
    flags |= {"no_relative_margin": True}
    negmine.mine(tmp_path / "one", max_leak=0.05, **split_qrels(tmp_path, flags, 0))
    found = Workdir(tmp_path / "one").require(LIMITS).stats
    assert found["leak"] <= found["leak_high"] <= 0.05
    unseen = split_qrels(tmp_path, flags, 1) | {"max_risk": found["max_risk"]}
    negmine.mine(tmp_path / "two", **unseen)
    leak = negmine.leak(tmp_path / "two", hide_seed=7)
    assert leak["rules"][0]["leak"] > 0.07
    assert leak["rules"][-1]["leak"] <= 0.05


def test_without_a_risk_the_margin_is_turned(tmp_path):
    """Positives score higher here than most negatives, so a wider margin leaks less."""
    flags = write_circle(tmp_path / "data", queries=150, lead=0.1) | {"no_risk": True}
    negmine.mine(tmp_path / "w", max_leak=0.06, relative_margin=0.0, **flags)
    found = Workdir(tmp_path / "w").require(LIMITS).stats
    assert found["leak_high"] <= 0.06
    assert found["relative_margin"] > 0
    last = negmine.leak(tmp_path / "w")["rules"][-1]
    assert last["leak"] == pytest.approx(found["leak"])


def test_the_choice_is_kept_and_the_mildest(tmp_path):
    flags = write_circle(tmp_path / "data", queries=120)
    result = negmine.mine(tmp_path / "w", max_leak=0.03, no_relative_margin=True, **flags)
    assert result.summary["rows_written"] > 0
    limit = Workdir(tmp_path / "w").require(LIMITS).stats
    rows = pl.concat(Workdir(tmp_path / "w").parts("4-filter/verdicts"))
    assert rows.filter("kept")["risk_score"].max() <= limit["max_risk"]
    milder = min(1.0, limit["max_risk"] * 1.19)  # one step of the grid
    cells = negmine.sweep(tmp_path / "w", {"max_risk": [limit["max_risk"], milder]})
    assert cells["leak_high"][0] <= 0.03
    assert cells["leak_high"][1] > 0.03
    assert limit["budget"] == 0.03
    loose = negmine.filter(tmp_path / "w", max_leak=0.2)
    assert LIMITS in {row["artifact"] for row in loose.artifacts if row["outcome"] == "made"}


def test_a_budget_that_cannot_be_met_says_what_it_needs_and_writes_nothing(tmp_path):
    flags = write_circle(tmp_path / "data", queries=20)
    arguments = ["mine", str(tmp_path / "w"), "--max-leak", "0.0001", "--json"]
    for name, value in flags.items():
        values = value if isinstance(value, list) else [value]
        arguments += [x for v in values for x in (f"--{name.replace('_', '-')}", str(v))]
    told = CliRunner().invoke(app, arguments)
    assert told.exit_code == 3, told.output
    message = json.loads(told.stdout)["errors"][0]["message"]
    assert "cannot be shown with this data: it needs 36,887 measured negatives" in message
    assert not (tmp_path / "w" / "5-write").exists()


def test_a_budget_that_cannot_be_met_is_forgotten_and_an_own_limit_is_its_mildest(tmp_path):
    flags = write_circle(tmp_path / "data", queries=60) | {"no_relative_margin": True}
    work = tmp_path / "w"
    negmine.mine(work, **flags)
    with pytest.raises(GateNotMet, match="--max-leak"):
        negmine.filter(work, max_leak=0.0001)
    negmine.filter(work, num_negatives=3)
    negmine.write(work)
    milder = "add --max-risk 0.05 to keep to that"
    assert milder in warm.negmine("filter", work, "--max-leak", "0.2").stderr
    own = warm.negmine("filter", work, "--max-leak", "0.2", "--max-risk", "0.3")
    assert Workdir(work).require(LIMITS).stats["max_risk"] == 0.3
    assert milder not in own.stderr
    notes = negmine.leak(work, max_leak=0.1)["notes"]
    assert any("not in force" in note for note in notes)
    assert "too_risky" not in [r["rules"] for r in negmine.leak(work, no_risk=True)["rules"]]


def test_a_limit_given_after_a_budget_is_the_mildest_and_all_tell_what_was_chosen(tmp_path):
    """The limit given equals the default: only that it was given is new."""
    flags = write_circle(tmp_path / "data", queries=60) | {"no_relative_margin": True}
    work = tmp_path / "w"
    negmine.mine(work, max_leak=0.2, **flags)
    milder = Workdir(work).require(LIMITS).stats["max_risk"]
    assert milder > 0.05
    rules = {row["setting"]: row for row in negmine.filter(work, max_risk=0.05).rules}
    assert Workdir(work).require(LIMITS).stats["max_risk"] == 0.05
    assert (rules["max_risk"]["value"], rules["max_risk"]["origin"]) == (0.05, "chosen")
    negmine.write(work)
    card = (work / "5-write" / "README.md").read_text(encoding="utf-8")
    assert "| filter | `max-risk` | 0.05, chosen by max-leak |" in card
    assert "| filter | `max-leak` | 0.2 |" in card


def test_the_choice_does_not_depend_on_the_order_of_queries_or_parts(tmp_path, monkeypatch):
    flags = write_circle(tmp_path / "data", queries=60) | {"no_relative_margin": True}
    found = []
    for name, queries in (("one", 4096), ("two", 7)):
        monkeypatch.setattr("negmine.config.memory.PART_QUERIES", queries)
        negmine.mine(tmp_path / name, max_leak=0.1, **flags)
        found.append(Workdir(tmp_path / name).require(LIMITS).stats)
    assert found[0] == found[1]


def test_no_query_to_measure_on_is_a_gate_not_met(tmp_path):
    beir = write_beir(tmp_path / "beir", qrels=[("q1", "tea-1", 1), ("q3", "cat-1", 1)])
    with pytest.raises(GateNotMet, match="No query has two positives"):
        negmine.mine(tmp_path / "w", data=beir, retriever=["bm25"], max_leak=0.01)


def test_gates_of_yield_and_of_what_is_dropped(tmp_path):
    flags = write_circle(tmp_path / "data", queries=20) | {"relative_margin": 0.0}
    work = tmp_path / "w"
    negmine.mine(work, min_yield=0.1, max_dropped=0.99, **flags)
    with pytest.raises(GateNotMet, match="--min-yield"):
        negmine.filter(work, relative_margin=0.9, min_yield=0.99)
    with pytest.raises(GateNotMet, match="to take it away: --min-yield none"):
        negmine.write(work)
    with pytest.raises(GateNotMet, match=r"--max-dropped 0.1.*too_close_to_positive"):
        negmine.filter(work, relative_margin=0.1, min_yield=0.0, max_dropped=0.1)
    with pytest.raises(GateNotMet):
        negmine.mine(tmp_path / "v", **flags | {"min_yield": 1.0, "relative_margin": 0.9})
    assert not (tmp_path / "v" / "5-write").exists()


def test_the_mildest_cell_within_the_budget_is_chosen_in_whatever_order_they_come():
    cells = pl.DataFrame(
        {"max_risk": [1.0, 0.5, 0.1], "leak": [0.2, 0.02, 0.0], "leak_high": [0.3, 0.04, 0.03],
         "yield": [1.0, 0.9, 0.5], "selected": [100, 90, 50], "leaked": [20, 2, 0]}
    )  # fmt: skip
    assert chosen("max_risk", cells, 0.05)["max_risk"] == 0.5
    assert chosen("max_risk", cells, 0.03)["max_risk"] == 0.1
    assert chosen("max_risk", cells.reverse(), 0.05)["max_risk"] == 0.5
    margins = cells.with_columns(relative_margin=1 - pl.col("max_risk"))
    assert chosen("relative_margin", margins.reverse(), 0.05)["relative_margin"] == 0.5
    with pytest.raises(GateNotMet, match=r"--max-risk 0.1 with a leak of 0.0000, at most 0.0300"):
        chosen("max_risk", cells, 0.01)


def test_the_gate_of_hardness_is_that_of_what_would_be_written(tmp_path):
    flags = write_circle(tmp_path / "data", queries=20) | {"relative_margin": 0.0, "no_risk": True}
    work = negmine.mine(tmp_path / "w", **flags).work
    written = pl.read_parquet(work / "5-write/provenance/*.parquet")
    rows = written.unique(["query_id", "negative_id"]).select("dense_score", "positive_score")
    hardness = rows["dense_score"].sum() / rows["positive_score"].sum()
    negmine.filter(work, min_hardness=hardness - 0.001)
    with pytest.raises(GateNotMet, match=f"hardness of {hardness:.3f}"):
        negmine.filter(work, min_hardness=hardness + 0.001)
    with pytest.raises(GateNotMet, match="to take it away: --min-hardness none"):
        negmine.write(work)
    negmine.filter(work, min_hardness="none")
    negmine.write(work)
