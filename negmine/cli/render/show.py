"""How `show` looks: every example as a query, its positives and its negatives, with texts that are cut."""

from __future__ import annotations

from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from negmine.cli.render.generated import where_from
from negmine.cli.render.text import one_line, short
from negmine.config.naming import counted

LINES = 2  # of a text that are shown
_INDENT = 4


def show(shown: dict[str, Any], console: Console) -> RenderableType:
    """Show examples, and which part of the training file they are."""
    parts: list[RenderableType] = []
    for example in shown["examples"]:
        parts += [*_example(example, shown["score"], console), ""]
    return Group(*parts, Text(_tail(shown)))


def _example(example: dict[str, Any], score: str, console: Console) -> list[RenderableType]:
    parts: list[RenderableType] = [
        Text(one_line(f"query {short(example['query_id'])}"), style="bold"),
        _text(example["query"], console),
    ]
    for positive in example["positives"]:
        judged = ", relevant by the judge" if positive["by_judge"] else ""
        parts.append(
            Text(one_line(f"+ positive {short(positive['doc_id'])}{judged}"), style="green")
        )
        parts.append(_text(positive["text"], console))
    for negative in example["negatives"]:
        written = f", {where_from(negative, example['query_id'])}" if "origin" in negative else ""
        head = one_line(f"- negative {short(negative['doc_id'])}{written}")
        parts.append(Text.assemble(head, (_numbers(negative, score), "dim")))
        parts.append(_text(negative["text"], console))
    return parts


def _numbers(negative: dict[str, Any], score: str) -> str:
    """Return fused rank and scores; behind the score that thresholds read, the anchor."""
    anchor = negative["positive_score"]
    scores = {name: f"{name} {value:.4f}" for name, value in negative["scores"].items()}
    if score in scores and anchor is not None:
        scores[score] += f" (anchor {anchor:.4f})"
    rank = [] if negative["rank"] is None else [f"rank {negative['rank']}"]
    return f"  {', '.join([*rank, *scores.values()])}"


def _text(text: str | None, console: Console) -> RenderableType:
    """Return the first lines of a text at the width of the console."""
    if text is None:
        return Padding(
            Text("(not in the corpus any more)", "dim"), (0, 0, 0, _INDENT), expand=False
        )
    width = max(console.width - _INDENT, 1)
    lines = Text(one_line(text)).wrap(console, width)
    kept = list(lines[:LINES])
    if len(lines) > LINES:
        kept[-1] = Text(f"{kept[-1].plain} …")
        kept[-1].truncate(width, overflow="ellipsis")
    return Padding(Group(*kept), (0, 0, 0, _INDENT), expand=False)


def _tail(shown: dict[str, Any]) -> str:
    text = (
        f"{len(shown['examples']):,} of {counted(shown['queries_written'], 'queries')} in "
        f"{counted(shown['rows'], 'rows')} "
        f"of {shown['format']}"
    )
    return text if shown["seed"] is None else f"{text}; --seed {shown['seed'] + 1} draws others"
