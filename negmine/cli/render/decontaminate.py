"""How `decontaminate` looks: a table of sets and roles, then examples."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from negmine.cli.render.grid import grid
from negmine.cli.render.text import printable
from negmine.config.naming import counted

_CUT = 140  # characters of a text
_NO_VECTORS = (
    "Vectors are compared where the evaluation set is a work directory with vectors of the same model: "
    "negmine index EVALUATION --data FOLDER, then --against EVALUATION."
)


def decontaminate(measured: dict[str, Any], width: int) -> RenderableType:
    """Show what is contaminated in each set, and a few examples."""
    sets = measured["sets"]
    examples = [line for one in sets for line in _examples(one)]
    return Group(
        *(Text(_about(one)) for one in sets),
        "",
        _table(measured, width),
        "",
        Text(_total(measured)),
        *([Text(_NO_VECTORS, style="dim")] if _lacks_vectors(measured) else []),
        *([""] if examples else []),
        *examples,
    )


def _about(one: dict[str, Any]) -> str:
    split = f" ({one['split']})" if one["split"] else ""
    return (
        f"{printable(one['name'])}{split}: {counted(one['queries'], 'queries')} and "
        f"{counted(one['documents'], 'documents')}; {one['queries_appearing']:,} and "
        f"{one['documents_appearing']:,} of them stand in training texts."
    )


def _lacks_vectors(measured: dict[str, Any]) -> bool:
    return "vectors" in measured["tests"] and not all(one["vectors"] for one in measured["sets"])


def _table(measured: dict[str, Any], width: int) -> RenderableType:
    tests = list(measured["tests"])
    cells = [
        (
            printable(one["name"]),
            role,
            f"{counts['contaminated']:,} of {counts['texts']:,}",
            *("-" if counts[test] is None else f"{counts[test]:,}" for test in tests),
        )
        for one in measured["sets"]
        for role, counts in one["contaminated"].items()
    ]
    return grid(("set", "training", "contaminated", *tests), cells, width, left=2, keys=2)


def _total(measured: dict[str, Any]) -> str:
    training, bad = measured["training"], measured["contaminated"]
    return (
        f"{bad['queries']:,} of {counted(training['queries'], 'queries')} are contaminated, themselves or by a "
        f"positive; {bad['rows']:,} of {counted(training['rows'], 'rows')} have a contaminated text."
    )


def _examples(one: dict[str, Any]) -> list[RenderableType]:
    lines: list[RenderableType] = []
    for row in one["examples"]:
        role = {"queries": "query"}.get(row["role"], row["role"].removesuffix("s"))
        span = (
            f", {row['span_words']} words from word {row['span_start']}"
            if row["span_words"]
            else ""
        )
        theirs = f"{one['name']} {row['eval_what']} {row['eval_id']}"
        head = f"{role} {row['id']}, by {row['test']} {row['value']:g}{span}: {theirs}"
        lines.append(Text(printable(head), style="bold"))
        lines += [Text(f"    {_cut(row[name])}") for name in ("text", "eval_text")]
    return lines


def _cut(text: str) -> str:
    shown = printable(" ".join(text.split()))
    return shown if len(shown) <= _CUT else f"{shown[:_CUT]}..."
