"""Gates on the verdicts: --min-yield, --min-hardness and --max-dropped."""

from __future__ import annotations

import polars as pl

from negmine.engine.context import Context
from negmine.errors import GateNotMet
from negmine.stages.write.sampling.base import Selection
from negmine.stages.write.selecting import selection_of
from negmine.stages.write.selection import selected, wanted
from negmine.storage.layout import VERDICTS


def check_gates(context: Context) -> None:
    """Raise GateNotMet where verdicts leave too few or too easy negatives, or drop too many candidates."""
    if not context.work.manifest(VERDICTS):
        return
    for check in (_check_yield, _check_hardness, _check_dropped):
        check(context)


def _check_yield(context: Context) -> None:
    least = context.config.filter.min_yield
    if least is None:
        return
    selection, got, asked = selection_of(context), 0, 0
    for rows in context.work.parts(VERDICTS):
        got += selected(rows, selection).height
        asked += int(wanted(rows, selection)["wanted"].sum())
    share = got / asked if asked else 0.0
    if share < least:
        raise GateNotMet(
            f"--min-yield {least}: only {share:.3f} of {context.config.write.num_negatives} negatives a "
            f"{context.config.write.per} are there. "
            "Raise --k, use milder rules, or ask for fewer --num-negatives. "
            + _remembered("--min-yield")
        )


def _check_hardness(context: Context) -> None:
    least = context.config.filter.min_hardness
    if least is None:
        return
    selection, score, anchor = selection_of(context), 0.0, 0.0
    for rows in context.work.parts(VERDICTS):
        one, other = _hardness(selection, rows)
        score, anchor = score + one, anchor + other
    hardness = score / anchor if anchor else 0.0
    if hardness < least:
        raise GateNotMet(
            f"--min-hardness {least}: the negatives have a hardness of {hardness:.3f}. Use milder rules, "
            "another --anchor or --order, or --sampling top. What that would leak: negmine sweep "
            f"{context.work.name}. " + _remembered("--min-hardness")
        )


def _hardness(selection: Selection, rows: pl.DataFrame) -> tuple[float, float]:
    """Return the sums of the scores and anchors of a part's negatives; anchors of zero or less mean nothing."""
    chosen = selected(rows, selection).filter(pl.col("positive_score") > 0)
    score = chosen[f"{selection.score}_score"].cast(pl.Float64).sum()
    return float(score), float(chosen["positive_score"].cast(pl.Float64).sum())


def _check_dropped(context: Context) -> None:
    most = context.config.filter.max_dropped
    if most is None:
        return
    stats = context.work.require(VERDICTS).stats
    candidates = stats["candidates"] - stats["removed"].get("is_positive", 0)
    dropped = 1 - stats["kept"] / candidates if candidates else 0.0
    if dropped > most:
        raise GateNotMet(
            f"--max-dropped {most}: the rules drop {dropped:.3f} of the candidates. "
            f"See which: {_most(stats['removed'])}. " + _remembered("--max-dropped")
        )


def _remembered(gate: str) -> str:
    return f"The gate is remembered; to take it away: {gate} none."


def _most(removed: dict[str, int]) -> str:
    counts = [f"{name} {count:,}" for name, count in removed.items() if name != "is_positive"]
    return ", ".join(counts[:3]) or "none"
