"""How `diff` looks in a terminal: how the two runs were made, then how their results differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from negmine.analysis.diff.totals import MEASURES
from negmine.config.naming import counted

_HASH = 12  # digits of a digest that are shown
_GAP, _TEXT = 2, 12  # between columns; columns that a text has at least
_WORST = 20  # rows of flips that are shown


def diff(comparison: dict[str, Any], width: int) -> RenderableType:
    """Show a comparison; of equal runs a few lines. width: in columns; query texts are cut to fit it."""
    parts: list[RenderableType] = [_runs(comparison)]
    parts += [Text(f"warning: {warning}", style="bold") for warning in comparison["warnings"]]
    is_any_shared = comparison["queries"]["shared"] > 0
    parts += [] if is_any_shared else _nothing_shared(comparison)
    parts += _setup(comparison)
    parts += _results(comparison, width) if is_any_shared else []
    parts += [Text(f"note: {note}", style="dim") for note in comparison["notes"]]
    return Group(*parts)


def _results(comparison: dict[str, Any], width: int) -> list[RenderableType]:
    """Show how the shared queries differ, or that they do not."""
    if comparison["same_rows"]:
        rows = counted(comparison["rows"]["shared"], "rows")
        queries = counted(comparison["queries"]["shared"], "queries")
        return [Text(f"No difference in {rows} of {queries}.")]
    sections = (_counts, _fates, _totals, _moves, _ranks, _shifts)
    parts = [part for section in sections for part in section(comparison)]
    return [*parts, *_most(comparison["most_changed"], width)]


def _runs(comparison: dict[str, Any]) -> RenderableType:
    lines = []
    for name in ("a", "b"):
        run = comparison[name]
        made_at = run["made_at"].replace("T", " ").replace("Z", " UTC")
        about = f"  {run['score']} decides, made {made_at}"
        line = Text.assemble((name.upper(), "bold"), f"  {run['work']}", (about, "dim"))
        line.overflow = "fold"
        lines.append(line)
    return Group(*lines)


def _setup(comparison: dict[str, Any]) -> list[RenderableType]:
    """Show what differs in how the runs were made, or that nothing does."""
    made = comparison["setup"]
    if comparison["same_setup"]:
        return [Text("Same settings, models, sources, versions and number of rows.")]
    table = _table(("made differently", "what", "A", "B"), texts=4)
    _models(table, made)
    for row in made["sources"]:
        table.add_row(row["artifact"], "source files", _value(row["a"]), _value(row["b"]))
    for row in made["settings"]:
        name = row["setting"].replace("_", "-")
        table.add_row(row["artifact"], name, *_both(row["a"], row["b"]))
    for row in made["versions"]:
        table.add_row("versions", row["package"], _value(row["a"]), _value(row["b"]))
    for row in made["rows"]:
        table.add_row(row["artifact"], "rows", f"{row['a']:,}", f"{row['b']:,}")
    return ["", table]


def _models(table: Table, made: dict[str, Any]) -> None:
    """Add what differs of models, and the artifacts that are there on one side only."""
    for row in made["models"]:
        for what in ("name", "fingerprint"):
            a, b = (None if row[x] is None else row[x][what] for x in "ab")
            if a != b:
                table.add_row(row["artifact"], f"model {what}", _value(a), _value(b))
    modelled = {row["artifact"] for row in made["models"]}
    for row in made["artifacts"]:
        if row["artifact"] not in modelled:
            table.add_row(row["artifact"], "", *("there" if row[x] else "-" for x in "ab"))


def _counts(comparison: dict[str, Any]) -> list[RenderableType]:
    table = _table(("", "A", "B", "both", "went", "came"))
    queries, rows, negatives = (comparison[name] for name in ("queries", "rows", "negatives"))
    for name, counts in (("queries", queries), ("rows of shared queries", rows)):
        both, went, came = (counts[key] for key in ("shared", "went", "came"))
        _add(table, name, both + went, both + came, both, went, came)
    a, b, both = negatives["a"], negatives["b"], negatives["both"]
    _add(table, "negatives of shared queries", a, b, both, a - both, b - both)
    return ["", table, *_examples(queries)]


def _examples(queries: dict[str, Any]) -> list[RenderableType]:
    """Return a line each of queries that went and came."""
    lines: list[RenderableType] = []
    for what in ("went", "came"):
        if queries[what]:
            some = ", ".join(queries[f"{what}_examples"])
            more = " ..." if queries[what] > len(queries[f"{what}_examples"]) else ""
            lines.append(Text(f"queries that {what}: {some}{more}"))
    return lines


def _nothing_shared(comparison: dict[str, Any]) -> list[RenderableType]:
    line = Text("no query is shared: nothing to compare", style="bold")
    return [line, *_examples(comparison["queries"])]


def _fates(comparison: dict[str, Any]) -> list[RenderableType]:
    if not comparison["fates"]:
        return []
    table = _table(("the negatives of one in the other", "A's in B", "B's in A"))
    for row in comparison["fates"]:
        _add(table, row["fate"], row["a_in_b"], row["b_in_a"])
    return ["", table]


def _totals(comparison: dict[str, Any]) -> list[RenderableType]:
    table = _table(("total", "value", "meaning"))
    table.columns[2].justify, table.columns[2].no_wrap = "left", False
    for name, value in comparison["totals"].items():
        table.add_row(name, _four(value), Text(MEASURES[name].text, "dim"))
    return ["", table]


def _moves(comparison: dict[str, Any]) -> list[RenderableType]:
    parts: list[RenderableType] = []
    for what, rows in (("verdict", comparison["flips"]), ("label", comparison["labels"])):
        table = _table((f"{what} in A", f"{what} in B", "rows"), texts=2)
        for row in rows[:_WORST]:
            _add(table, row["from"], row["to"], row["rows"])
        if rows:
            parts += ["", table]
        if len(rows) > _WORST:
            parts.append(Text(f"{len(rows) - _WORST} more; --json has all"))
    return parts


def _ranks(comparison: dict[str, Any]) -> list[RenderableType]:
    table = _table(("Kendall's tau-b of", "queries", "mean", "p5", "median", "p95"))
    for row in comparison["ranks"]:
        numbers = (_two(row[name]) for name in ("mean", "p5", "median", "p95"))
        table.add_row(row["source"], f"{row['queries']:,}", *numbers)
    return ["", table]


def _shifts(comparison: dict[str, Any]) -> list[RenderableType]:
    if not comparison["shifts"]:
        return []
    table = _table(("B minus A", "rows", "mean", "p5", "median", "p95"))
    for row in comparison["shifts"]:
        numbers = (_short(row[name]) for name in ("mean", "p5", "median", "p95"))
        name = row["name"] + ("" if row["comparable"] else " *")
        table.add_row(name, f"{row['rows']:,}", *numbers)
    parts: list[RenderableType] = ["", table]
    if not all(row["comparable"] for row in comparison["shifts"]):
        parts.append(Text("* not on one scale: another model, prompt or formula", "dim"))
    return parts


def _most(rows: list[dict[str, Any]], width: int) -> list[RenderableType]:
    if not rows:
        return []
    header = ("changed most", "jaccard", "tau", "flips")
    lines = [
        (row["query_id"], _two(row["jaccard"]), _two(row["tau"]), f"{row['flips']:,}")
        for row in rows
    ]
    taken = sum(max(map(cell_len, column)) + _GAP for column in zip(header, *lines, strict=True))
    table = _table(header)
    table.add_column("text", no_wrap=True, overflow="crop")
    left = max(width - taken, _TEXT)
    for row, cells in zip(rows, lines, strict=True):
        table.add_row(*cells, _fitted(row["text"], left))
        if row["text_b"] is not None:
            table.add_row(*("" for _ in cells), _fitted(f"B: {row['text_b']}", left))
    return ["", table]


def _fitted(text: str | None, width: int) -> Text:
    fitted = Text(" ".join((text or "").split()))
    fitted.truncate(width, overflow="ellipsis")
    return fitted


def _table(columns: Sequence[str], texts: int = 1) -> Table:
    """Return a table. Its first `texts` columns are texts, which may be folded; the others are numbers."""
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for place, column in enumerate(columns):
        text = place < texts
        table.add_column(
            column, justify="left" if text else "right", overflow="fold", no_wrap=not text
        )
    return table


def _add(table: Table, *cells: str | int) -> None:
    table.add_row(*(f"{cell:,}" if isinstance(cell, int) else cell for cell in cells))


def _both(a: Any, b: Any) -> tuple[str, str]:
    """Return a setting's value in A and in B as texts; of two lists only what the other lacks."""
    if isinstance(a, list) and isinstance(b, list):
        only_a, only_b = ([x for x in one if x not in two] for one, two in ((a, b), (b, a)))
        if (only_a or only_b) and len(a) - len(only_a) > 0:
            return _also(only_a), _also(only_b)
    return _value(a), _value(b)


def _also(only: list[Any]) -> str:
    return f"also {_value(only)}" if only else "-"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_value, value)) or "none"
    if value is None:
        return "-"
    text = str(value)
    return text[:_HASH] if len(text) in (16, 64) and _is_hex(text) else text


def _is_hex(text: Iterable[str]) -> bool:
    return all(letter in "0123456789abcdef" for letter in text)


def _four(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _two(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
