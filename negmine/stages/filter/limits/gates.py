"""Gates on the verdicts: --min-yield and --max-dropped."""

from __future__ import annotations

import polars as pl

from negmine.engine.context import Context
from negmine.errors import GateNotMet
from negmine.storage.layout import VERDICTS


def check_gates(context: Context) -> None:
    """Raise GateNotMet where verdicts leave too few negatives, or drop too many candidates."""
    rules, wanted = context.config.filter, context.config.write.num_negatives
    if (rules.min_yield is None and rules.max_dropped is None) or not context.work.manifest(
        VERDICTS
    ):
        return
    kept = context.work.scan(VERDICTS).group_by("query_id").agg(pl.col("kept").sum()).collect()
    got = float((kept["kept"].clip(upper_bound=wanted) / wanted).mean() or 0.0)  # type: ignore[arg-type]
    stats = context.work.require(VERDICTS).stats
    candidates = stats["candidates"] - stats["removed"].get("is_positive", 0)
    dropped = 1 - stats["kept"] / candidates if candidates else 0.0
    if rules.min_yield is not None and got < rules.min_yield:
        raise GateNotMet(
            f"--min-yield {rules.min_yield}: only {got:.3f} of {wanted} negatives a query are there. "
            "Raise --k, use milder rules, or ask for fewer --num-negatives."
        )
    if rules.max_dropped is not None and dropped > rules.max_dropped:
        raise GateNotMet(
            f"--max-dropped {rules.max_dropped}: the rules drop {dropped:.3f} of the candidates. "
            f"See which: {_most(stats['removed'])}."
        )


def _most(removed: dict[str, int]) -> str:
    counts = [f"{name} {count:,}" for name, count in removed.items() if name != "is_positive"]
    return ", ".join(counts[:3]) or "none"
