"""How `prove` looks: a line for each recipe, and the verdict in sentences."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from negmine.cli.render.grid import grid
from negmine.cli.render.leak import two
from negmine.config.naming import counted

_POINTS = 100  # metrics are shown from 0 to 100


def prove(result: dict[str, Any], width: int) -> RenderableType:
    """Show metrics, differences and the verdict; what was left out for want of time."""
    header = (
        "recipe", "seeds", "nDCG@10", "MRR@10", "recall@100", f"against {result['against']}", "95 % interval",
        "better", "worse", "yield",
    )  # fmt: skip
    lines = [*result["verdict"], *_limits(result)]
    return Group(
        Text(_head(result)),
        "",
        grid(header, [_cells(row) for row in result["recipes"]], width),
        "",
        *map(Text, lines),
    )


def _head(result: dict[str, Any]) -> str:
    queries, training = result["queries"], result["training"]
    batches = f"{training['steps']:,} {'batch' if training['steps'] == 1 else 'batches'}"
    seeds = f"{counted(training['seeds'], 'seeds')}, {batches}"
    return (
        f"{result['student']}, trained on {counted(queries['pairs'], 'pairs')} of "
        f"{counted(queries['trained'], 'queries')} ({training['loss']}, {seeds}), tested on "
        f"{counted(queries['tested'], 'queries')} that it was not trained on"
    )


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    gain = row["difference"]
    metrics = [f"{_POINTS * row[name]:.2f}" for name in ("ndcg@10", "mrr@10", "recall@100")]
    if gain is None:
        differences = ("", "", "", "")
    else:
        low, high = (f"{_POINTS * gain[end]:+.2f}" for end in ("low", "high"))
        differences = (
            f"{_POINTS * gain['mean']:+.2f}",
            f"{low} to {high}",
            f"{gain['better']:.0%}",
            f"{gain['worse']:.0%}",
        )
    return (row["recipe"], str(row["seeds"] or "-"), *metrics, *differences, two(row["yield"]))


def _limits(result: dict[str, Any]) -> list[str]:
    """Return what this experiment could not see, and what it left out."""
    if result["visible"] is None:
        lines = [
            "Nothing came out different, so it cannot say how small a difference it would have seen."
        ]
    else:
        lines = [
            f"The smallest difference that it would have seen, four times out of five: "
            f"{_POINTS * result['visible']:.2f} points of nDCG@10."
        ]
    if result["left_out"]:
        names = ", ".join(f"{run['recipe']} (seed {run['seed']})" for run in result["left_out"])
        lines.append(f"Left out, because --max-minutes was over: {names}.")
    return lines
