"""The page docs/explanation/benchmarks/speed.md, made from speed.json and the notes beside it."""

from __future__ import annotations

from typing import Any

LINES = {
    "mine": "mine from given vectors",
    "exactness": "exactness",
    "encode": "encode",
    "bm25": "BM25",
    "retune": "retune",
    "growth": "growth",
    "memory": "memory",
    "start": "start",
}
HEAD = """# How fast and how small

Made by `make bench`; do not edit. Every figure is of a whole process, from the command to its end, the
peers and negmine in turn (A B A B) after a warm-up that does not count. Seconds are medians, with the
least and the most; CPU s are the medians of all threads' seconds together, which other work on the
machine disturbs less. A ratio is of two medians, with the least and the most of the runs that stood side
by side. Peak RSS is the larger of the kernel's figure for the process and the sum over its process tree;
pages of memory-mapped files count. The numbers behind the page: [speed.json](speed.json). The scripts:
`tests/bench/speed/`.
"""


def page(records: dict[str, dict[str, Any]], notes: dict[str, str]) -> str:
    """Return the whole page. records: line to record; notes: line to what must be said of it."""
    known = {line: records[line] for line in LINES if line in records}
    parts = [HEAD, _overview(known)]
    parts += [_line(line, found, notes.get(line, "")) for line, found in known.items()]
    return "\n".join(parts).rstrip() + "\n"


def number(value: float, unit: str = "") -> str:
    """Return a figure as a person reads it: 0.0421x, 3.21 s, 1,204 MB, 0.99996."""
    if value == int(value) and unit != "s":
        text = f"{int(value):,}"
    elif abs(value) >= 100:
        text = f"{value:,.0f}"
    elif unit == "" and 0.9 < value < 1:
        text = f"{value:.6f}".rstrip("0")
    else:
        text = f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}"
    return f"{text}{'' if unit in ('', 'x') else ' '}{unit}"


def _overview(records: dict[str, dict[str, Any]]) -> str:
    rows = ["| line | what | measured | goal | |", "|---|---|---|---|---|"]
    for line, found in records.items():
        for goal in found["targets"]:
            reach = f"{goal['better']} {number(goal['limit'], goal['unit'])}"
            met = "met" if goal["met"] else "**missed**"
            title = f"[{LINES[line]}](#{_anchor(line)})"
            rows.append(f"| {title} | {goal['name']} | {_measured(goal)} | {reach} | {met} |")
    return "\n".join(rows) + "\n"


def _measured(goal: dict[str, Any]) -> str:
    text = f"**{number(goal['value'], goal['unit'])}**"
    if "least" in goal and goal["least"] != goal["most"]:
        ends = (number(goal[end], goal["unit"]) for end in ("least", "most"))
        text += f" ({'–'.join(ends)})"
    return text


def _anchor(line: str) -> str:
    return LINES[line].lower().replace(" ", "-")


def _line(line: str, found: dict[str, Any], note: str) -> str:
    parts = [f"## {LINES[line]}", "", found["what"], ""]
    if found.get("small"):
        parts += ["**A smoke test at a small size: these figures say nothing.**", ""]
    if found["sides"]:
        parts += [_sides(found["sides"]), ""]
    if found["facts"]:
        parts += [_facts(found["facts"]), ""]
    if note:
        parts += [note.strip(), ""]
    return "\n".join([*parts, _where(found), ""])


def _sides(sides: dict[str, dict[str, Any]]) -> str:
    rows = ["| | seconds | least–most | CPU s | peak RSS, MB | runs |", "|---|---|---|---|---|---|"]
    for name, side in sides.items():
        ends = f"{side['least_s']:.2f}–{side['most_s']:.2f}"
        rows.append(
            f"| {name} | {side['seconds']:.2f} | {ends} | {side['cpu_s']:.2f} | {side['peak_mb']:,.0f} "
            f"| {side['runs']} |"
        )
    return "\n".join(rows)


def _facts(facts: dict[str, Any]) -> str:
    return "\n".join(f"- {name}: {_fact(value)}" for name, value in facts.items())


def _fact(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_fact(inner)}" for name, inner in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_fact, value)) or "none"
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "not known"}[value]
    return number(value) if isinstance(value, (int, float)) else str(value)


def _where(found: dict[str, Any]) -> str:
    host, versions = found["machine"], found["versions"]
    features = f" ({', '.join(host['features'])})" if host["features"] else ""
    packages = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"_{found['date']}; {host['cpu']}{features}, {host['cores']} cores, {host['memory_gb']} GB, load "
        f"{host['load']} before; {host['system']}, Python {host['python']}; {packages}._"
    )
