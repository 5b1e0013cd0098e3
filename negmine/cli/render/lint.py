"""How a report looks to people: lines that fit the terminal, the worst first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

_INDENT = 4
_NAMES = 11  # of query, positive, negative
_STYLES = {"fault": "red", "suspicion": "yellow"}
_MOST_ROWS = 10
_MOST_NAMED = 4  # columns that are ignored, by name


def show(found: dict[str, Any], console: Console, width: int) -> None:
    """Print a report: what was read, what was found, what is clean, what was not checked."""
    for line in lines(found, width):
        console.print(line, soft_wrap=True)


def lines(found: dict[str, Any], width: int) -> Iterator[Text]:
    """Yield the lines of a report."""
    yield from _read(found, width)
    rules = found["rules"]
    guilty = [rule for rule in rules if rule["checked"] and rule["count"]]
    for rule in guilty:
        yield from _rule(rule, width, len(found["files"]) > 1)
    if not guilty:
        yield Text("nothing found", "green")
    clean = [rule["rule"] for rule in rules if rule["checked"] and not rule["count"]]
    yield from _wrapped("clean: ", clean, width, "dim")
    reasons: dict[str, list[str]] = {}
    for rule in rules:
        if not rule["checked"]:
            reasons.setdefault(rule["why_not"], []).append(rule["rule"])
    for why, names in reasons.items():
        yield from _wrapped(f"not checked ({why}): ", names, width, "dim")


def _read(found: dict[str, Any], width: int) -> Iterator[Text]:
    shown: dict[str, int] = {}
    for file in found["files"]:
        roles = ", ".join(f"{role} {name}" for role, name in file["columns"].items())
        what = f"{file['shape']}: {roles}" if file["rows"] else f"no rows: {_name(file['file'])}"
        shown[what] = shown.get(what, 0) + 1
    for what, count in shown.items():
        files = f"{count} files" if count > 1 else "1 file"
        yield from _folded(f"{files}, {what}", width, "dim")
    totals = found["totals"]
    names = ("rows", "queries", "positives", "negatives", "scores")
    counts = [_count(totals[name], name) for name in names if totals[name]]
    yield from _wrapped("", counts, width, "bold")
    ignored = sorted({name for file in found["files"] for name in file["ignored"]})
    if ignored:
        more = [f"and {len(ignored) - _MOST_NAMED} more"] if len(ignored) > _MOST_NAMED else []
        yield from _wrapped("columns not read: ", [*ignored[:_MOST_NAMED], *more], width, "dim")


def _count(number: int, names: str) -> str:
    name = names if number != 1 else "query" if names == "queries" else names.removesuffix("s")
    return f"{number:,} {name}"


def _rule(rule: dict[str, Any], width: int, many_files: bool) -> Iterator[Text]:
    head = Text(rule["rule"], f"bold {_STYLES[rule['level']]}")
    if rule["unit"] == "file":
        head.append(f"  AUC {rule['share']:.3f}", "bold")
    else:
        unit = rule["unit"].replace("_", " ")
        share = _percent(rule["share"])
        head.append(f"  {rule['count']:,} of {rule['of']:,} {unit} ({share})", "bold")
    yield from head.wrap(_PLAIN, width)
    pad = " " * _INDENT
    yield from _folded(rule["meaning"], width - _INDENT, "dim", pad)
    if rule["about"]:
        said = [
            f"{name.replace('_', ' ')} {_number(value)}" for name, value in rule["about"].items()
        ]
        yield from _wrapped(pad, said, width, "dim")
    if rule["rows"]:
        yield from _wrapped(f"{pad}rows ", _places(rule, many_files), width, "")
    for example in rule["examples"][:2]:
        yield from _example(example, width, many_files)


def _places(rule: dict[str, Any], many_files: bool) -> list[str]:
    places = [_place(row, many_files) for row in rule["rows"][:_MOST_ROWS]]
    more = rule["more_rows"] or len(rule["rows"]) > len(places)
    return [*places, "..."] if more else places


def _place(row: dict[str, Any], many_files: bool) -> str:
    return f"{_name(row['file'])}:{row['row']}" if many_files else f"{row['row']}"


def _name(file: str) -> str:
    return file.rsplit("/", 1)[-1]


def _example(example: dict[str, Any], width: int, many_files: bool) -> Iterator[Text]:
    pad = " " * _INDENT
    slot = f", negative {example['slot']}" if example.get("slot") else ""
    yield Text(f"{pad}row {_place(example, many_files)}{slot}")
    texts = [("query", example["query"])]
    texts += [("positive", text) for text in example["positives"][:1]]
    texts += [("negative", text) for text in example.get("negatives", [])[:1]]
    if "negative" in example:
        texts.append(("negative", example["negative"]))
    for name, text in texts:
        yield _text(name, text, width)
    if "other" in example:
        other = example["other"]
        yield Text(f"{pad}  and row {_place(other, many_files)}")
        yield _text("query", other["query"], width)
        yield from (_text("positive", text, width) for text in other["positives"][:1])


def _text(name: str, text: str | None, width: int) -> Text:
    """Return one line: the name, and as much of the text as fits; control characters are blanks."""
    shown = "(none)" if text is None else " ".join(text.split())
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in shown)
    line = Text(" " * (_INDENT + 2) + f"{name:<{_NAMES}}{shown or '(empty)'}")
    line.truncate(width, overflow="ellipsis")
    return line


_PLAIN = Console(width=10_000)


def _folded(text: str, width: int, style: str, pad: str = "") -> Iterator[Text]:
    for line in Text(text).wrap(_PLAIN, max(width, 20)):
        yield Text(pad + line.plain.rstrip(), style)


def _wrapped(head: str, items: list[str], width: int, style: str) -> Iterator[Text]:
    """Yield items, separated by commas, on lines that fit; later lines stand below the first item."""
    if not items:
        return
    pad = " " * min(len(head), 4 * _INDENT)
    line = head + items[0]
    for item in items[1:]:
        if len(line) + len(item) + 3 > width:
            yield Text(line + ",", style)
            line = pad + item
        else:
            line += f", {item}"
    yield Text(line, style)


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if 0 < share < 0.1 else f"{100 * share:.1f} %"


def _number(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(_number, value))
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
