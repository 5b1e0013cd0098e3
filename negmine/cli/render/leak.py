"""How `leak` looks: rule by rule, what the rules cost, and by whom hidden positives were retrieved."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from negmine.cli.render.grid import grid
from negmine.config.naming import counted

_RULES = ("rules", "leak", "95 % interval", "leaked", "yield", "hardness", "rank")
_RANKS = ("retriever", "ranks", "candidates", "hidden", "share", "negatives", "leaked")


def leak(measured: dict[str, Any], width: int) -> RenderableType:
    """Show leak, yield and hardness of every rule and of all, what was dropped, and at which ranks."""
    lines = [_in_words(measured), _dropped(measured), _cost(measured["cost"])]
    return Group(
        Text(_hidden(measured)),
        "",
        _rules(measured["rules"], width),
        "",
        *map(Text, lines),
        "",
        _ranks(measured["by_rank"], width),
        *([""] if measured["notes"] else []),
        *(Text(note, style="dim") for note in measured["notes"]),
    )


def share(value: float | None) -> str:
    """Return a share with four digits."""
    return "-" if value is None else f"{value:.4f}"


def two(value: float | None) -> str:
    """Return a number with two digits."""
    return "-" if value is None else f"{value:.2f}"


def _hidden(measured: dict[str, Any]) -> str:
    few = measured["queries_left_out"]
    return (
        f"{counted(measured['hidden'], 'positives')} of {counted(measured['queries'], 'queries')} "
        f"{'was' if measured['hidden'] == 1 else 'were'} hidden; "
        f"{measured['hidden_found']:,} of them were retrieved again. {counted(few, 'queries')} "
        f"{'has' if few == 1 else 'have'} too few positives."
    )


def _rules(rows: list[dict[str, Any]], width: int) -> RenderableType:
    has_judged = any(row["judged_negatives"] for row in rows)
    cells = [
        (
            row["rules"],
            share(row["leak"]),
            f"{share(row['leak_low'])}-{share(row['leak_high'])}",
            f"{row['leaked']:,} of {row['selected']:,}",
            two(row["yield"]),
            two(row["hardness"]),
            two(row["mean_rank"]),
            *([two(row["specificity"])] if has_judged else []),
        )
        for row in rows
    ]
    header = (*_RULES, "specificity") if has_judged else _RULES
    return grid(header, cells, width)


def _in_words(measured: dict[str, Any]) -> str:
    """Return the leak of all rules with its base."""
    row = measured["rules"][-1]
    return (
        f"With all rules, {row['leaked']:,} of {counted(row['selected'], 'negatives')} of "
        f"{counted(measured['queries'], 'queries')} are hidden positives "
        f"(95 % interval: at most {share(row['leak_high'])} of them)."
    )


def _dropped(measured: dict[str, Any]) -> str:
    caught = ", ".join(f"{reason} {count:,}" for reason, count in measured["caught"].items())
    return f"Hidden positives that the rules dropped: {caught or 'none'}."


def _cost(cost: dict[str, int]) -> str:
    text = f"Cost: the rules drop {cost['unlabeled_removed']:,} of {cost['unlabeled']:,} unlabeled candidates"
    if cost["judged_negatives"]:
        text += f", and {cost['judged_negatives_removed']:,} of {cost['judged_negatives']:,} judged negatives"
    return f"{text}."


def _ranks(rows: list[dict[str, Any]], width: int) -> RenderableType:
    cells = [
        (
            row["retriever"],
            row["ranks"],
            f"{row['candidates']:,}",
            f"{row['hidden']:,}",
            share(row["hidden"] / row["candidates"]),
            f"{row['selected']:,}",
            f"{row['leaked']:,}",
        )
        for row in rows
    ]
    return grid(_RANKS, cells, width, keys=2)
