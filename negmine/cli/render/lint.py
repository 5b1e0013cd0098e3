"""How a lint report looks to people: lines that fit the terminal, faults before suspicions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from negmine.cli.render.lint_lines import folded, joined, percent, statistics
from negmine.cli.render.text import cut, one_line
from negmine.config.naming import counted

_LEVELS = {
    "fault": ("Faults: wrong whatever the data", "red"),
    "suspicion": ("Suspicions: may be right, so look at them", "yellow"),
}
_PAD = " " * 4
_LABEL = 11  # columns of query, positive, negative before a text
_MOST_IGNORED = 4  # columns that are not read, by name
_MOST_EXAMPLES = 2

Values = Mapping[str, Any]


def show(report: Values, console: Console, width: int) -> None:
    """Print a report: what was read, what was found, what is clean, what was not checked."""
    for line in lines(report, width):
        console.print(line, soft_wrap=True)


def lines(report: Values, width: int) -> Iterator[Text]:
    """Yield the lines of a report. width: in columns; only a name that is longer makes a longer line."""
    yield from _files(report["files"], width)
    yield from _totals(report, width)
    rules, several_files = report["rules"], len(report["files"]) > 1
    with_findings = [rule for rule in rules if rule["checked"] and rule["count"]]
    for level, (heading, style) in _LEVELS.items():
        of_level = [rule for rule in with_findings if rule["level"] == level]
        if of_level:
            yield Text()
            yield from folded(heading, width, f"bold {style}")
        for rule in of_level:
            yield Text()
            yield from _rule(rule, style, width, several_files)
    yield Text()
    if not with_findings:
        yield Text("No rule found anything.", "green")
    clean = [rule["rule"] for rule in rules if rule["checked"] and not rule["count"]]
    yield from joined("nothing found: ", clean, width, "dim")
    reasons: dict[str, list[str]] = {}
    for rule in rules:
        if not rule["checked"]:
            reasons.setdefault(rule["why_not"], []).append(rule["rule"])
    for reason, names in reasons.items():
        yield from joined(f"not checked ({reason}): ", names, width, "dim")


def _files(files: Sequence[Values], width: int) -> Iterator[Text]:
    """Yield what was read as what, once for all files that are alike."""
    counts: dict[str, int] = {}
    for file in files:
        names = {"positive": "document"} if file["columns"].get("label") else {}
        roles = ", ".join(f"{names.get(r, r)} = {name}" for r, name in file["columns"].items())
        text = one_line(f"read as {file['shape']}: {roles}")
        if not file["rows"]:
            text = f"without rows: {_name(file['file'])}"
        counts[text] = counts.get(text, 0) + 1
    for text, count in counts.items():
        yield from folded(f"{counted(count, 'files')} {text}", width, "dim")


def _totals(report: Values, width: int) -> Iterator[Text]:
    totals = report["totals"]
    names = ("rows", "queries", "positives", "negatives", "scores")
    counts = [counted(totals[name], name) for name in names if totals[name]]
    yield from joined("", counts, width, "bold")
    ignored = sorted({one_line(name) for file in report["files"] for name in file["ignored"]})
    more = len(ignored) - _MOST_IGNORED
    shown = [*ignored[:_MOST_IGNORED], *([f"and {more} more"] if more > 0 else [])]
    yield from joined("columns not read: ", shown, width, "dim")


def _rule(rule: Values, style: str, width: int, several_files: bool) -> Iterator[Text]:
    count = f"AUC {rule['share']:.3f}"
    if rule["unit"] != "file":
        unit = rule["unit"].replace("_", " ")
        count = f"{rule['count']:,} of {rule['of']:,} {unit} ({percent(rule['share'])})"
    yield from folded(Text.assemble((rule["rule"], f"bold {style}"), f": {count}"), width, "bold")
    yield from folded(rule["meaning"], width, "dim", _PAD)
    if rule["about"]:
        yield from folded(statistics(rule["rule"], rule["about"]), width, "dim", _PAD)
    examples = rule["examples"][:_MOST_EXAMPLES]
    if rule["more_rows"] or len(rule["rows"]) > len(examples):
        yield from _rows(rule, width, several_files)
    for example in examples:
        yield from _example(example, width, several_files)


def _rows(rule: Values, width: int, several_files: bool) -> Iterator[Text]:
    """Yield the row numbers of a rule, file by file; dots stand for others."""
    numbers: dict[str, list[str]] = {}
    for row in rule["rows"]:
        head = f"{_name(row['file'])}, rows " if several_files else "rows "
        numbers.setdefault(head, []).append(str(row["row"]))
    if rule["more_rows"]:
        numbers[head].append("...")
    for head, of_file in numbers.items():
        yield from joined(f"{_PAD}{head}", of_file, width, "")


def _example(example: Values, width: int, several_files: bool) -> Iterator[Text]:
    slot = f", negative {example['slot']}" if example.get("slot") else ""
    yield Text(f"{_PAD}{_place(example, several_files)}{slot}")
    texts = [("query", example["query"])]
    texts += [("positive", text) for text in example["positives"][:1]]
    texts += [("negative", text) for text in example.get("negatives", [])[:1]]
    if "negative" in example:
        texts.append(("negative", example["negative"]))
    yield from (_text(label, text, width) for label, text in texts)
    if "other" in example:
        other = example["other"]
        yield Text(f"{_PAD}  compare {_place(other, several_files)}")
        yield _text("query", other["query"], width)
        yield from (_text("positive", text, width) for text in other["positives"][:1])


def _text(label: str, text: str | None, width: int) -> Text:
    """Return one line: the label, and as much of the text as fits."""
    head = f"{_PAD}  {label:<{_LABEL}}"
    shown = "(none)" if text is None else cut(text, width - len(head)) or "(empty)"
    return Text(head + shown)


def _place(row: Values, several_files: bool) -> str:
    return f"{_name(row['file'])}, row {row['row']}" if several_files else f"row {row['row']}"


def _name(file: str) -> str:
    return one_line(file.rsplit("/", 1)[-1])
