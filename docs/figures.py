"""Figures of the docs, drawn from numbers that are in the docs: `python docs/generate.py` writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NUMBERS = HERE / "explanation" / "how-much-do-negatives-lie.json"
ROWS = {
    "no rule": "no rule",
    "relative margin 0.05, as most miners": "relative margin 0.05",
    "margin and a guide model": "guide + relative margin 0.05",
    "below all but 5 % of the positives": "percentile 5",
    "margin and learned risk (default)": "risk 0.05 + relative margin 0.05 (blend)",
}
"""Label to rule, in the order of the figure."""

WIDTH, ROW, TOP = 760, 34, 62
LABELS, BARS = 300, 250  # widths, in pixels
INK, PAPER, BAR, DEFAULT = "#1f2328", "#ffffff", "#8c959f", "#1a7f37"


def leak_by_rule() -> str:
    """Return an SVG: the leak of five rules as bars, with yield and hardness in numbers.

    A bar is the mean of a rule's leak over collections, encoders and ways of hiding, as in the first table
    of docs/explanation/how-much-do-negatives-lie.md.
    """
    measured = json.loads(NUMBERS.read_text(encoding="utf-8"))["rules"].values()
    rows = [(label, _means(measured, rule)) for label, rule in ROWS.items()]
    longest = max(means["leak"] for _, means in rows)
    height = TOP + ROW * len(rows) + 34
    body = [_bar(place, label, means, longest) for place, (label, means) in enumerate(rows)]
    return "\n".join([*_head(height), *body, _foot(height), "</svg>", ""])


def _means(measured: Any, rule: str) -> dict[str, float]:
    cells = [rules[rule] for rules in measured]
    return {
        name: sum(cell[name] for cell in cells) / len(cells)
        for name in ("leak", "yield", "hardness_z")
    }


def _head(height: int) -> list[str]:
    right = LABELS + BARS
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="14" fill="{INK}">',
        "<title>How many negatives are hidden positives, by rule</title>",
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="{PAPER}"/>',
        '<text x="16" y="28" font-size="16" font-weight="600">'
        "How many of the negatives are hidden positives</text>",
        f'<text x="{right + 70}" y="50" font-size="12" text-anchor="middle">negatives got</text>',
        f'<text x="{right + 160}" y="50" font-size="12" text-anchor="middle">hardness (z)</text>',
    ]


def _bar(place: int, label: str, means: dict[str, float], longest: float) -> str:
    middle = TOP + ROW * place + ROW // 2
    wide = round(means["leak"] / longest * (BARS - 60), 1)
    colour = DEFAULT if "default" in label else BAR
    right = LABELS + BARS
    return (
        f'<text x="16" y="{middle + 5}">{label}</text>\n'
        f'<rect x="{LABELS}" y="{middle - 10}" width="{wide}" height="20" rx="2" fill="{colour}"/>\n'
        f'<text x="{LABELS + wide + 8}" y="{middle + 5}" font-weight="600">{means["leak"] * 100:.1f} %</text>\n'
        f'<text x="{right + 70}" y="{middle + 5}" text-anchor="middle">{means["yield"] * 100:.0f} %</text>\n'
        f'<text x="{right + 160}" y="{middle + 5}" text-anchor="middle">{means["hardness_z"]:+.2f}</text>'
    )


def _foot(height: int) -> str:
    return (
        f'<text x="16" y="{height - 12}" font-size="12">'
        "Mean over 5 collections, 2 encoders, and half or all but one of the positives hidden.</text>"
    )
