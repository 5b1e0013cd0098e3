"""Pieces of a lint report in words, and lines that fit the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from negmine.config.naming import counted

_WIDE = Console(width=10_000)  # Text.wrap needs a console, but not its width
_LEAST_WIDTH = 20
_INDENT = 4  # of the second and further lines


def folded(text: str | Text, width: int, style: str, pad: str = "") -> Iterator[Text]:
    """Yield a text in lines of at most `width` columns, `pad` before each."""
    whole = text if isinstance(text, Text) else Text(text)
    for line in whole.wrap(_WIDE, max(width - len(pad), _LEAST_WIDTH)):
        line.rstrip()
        yield Text.assemble(pad, line, style=style)


def joined(head: str, items: Sequence[str], width: int, style: str) -> Iterator[Text]:
    """Yield the items after a head, commas between them, in lines that fit; nothing without items."""
    if not items:
        return
    indent = " " * (len(head) - len(head.lstrip()) + _INDENT)
    line = head + items[0]
    if len(line) + 1 > width and head.strip():
        yield from folded(head.rstrip(), width, style)
        line = indent + items[0]
    for item in items[1:]:
        if len(line) + len(item) + 3 > width:
            yield Text(f"{line},", style)
            line = indent + item
        else:
            line += f", {item}"
    yield Text(line, style)


def percent(share: float) -> str:
    """Return `0.34 %`, `32.0 %`."""
    return f"{100 * share:.2g} %" if 0 < share < 0.1 else f"{100 * share:.1f} %"


def statistics(rule: str, values: Mapping[str, Any]) -> str:
    """Return the statistics of a rule (`about` in the report) in words."""
    return _IN_WORDS[rule](values)


def _hubs(values: Mapping[str, Any]) -> str:
    largest = ", ".join(f"{count:,}" for count in values["largest"])
    return (
        f"{counted(values['hubs'], 'hubs')} among {values['distinct_negatives']:,} different negatives. A "
        f"negative serves {values['mean_queries']:.2f} queries on average, the largest hubs {largest}."
    )


def _losses(values: Mapping[str, Any]) -> str:
    return (
        f"The loss of a positive, -log softmax of its score among its query's negatives, is "
        f"{values['mean']:.4g} on average, with a standard deviation of {values['deviation']:.4g}."
    )


def _too_easy(values: Mapping[str, Any]) -> str:
    return f"{_losses(values)} noisy_positive: a loss of {values['lower']:.4g} or less."


def _too_hard(values: Mapping[str, Any]) -> str:
    return f"{_losses(values)} faulty_positive: a loss of {values['upper']:.4g} or more."


def _conflicts(values: Mapping[str, Any]) -> str:
    kinds = ("query_positive", "query_negative", "query_query", "positive_positive")
    masked = ", ".join(f"{values[kind]:,} {kind.replace('_', '-')}" for kind in kinds)
    return (
        f"{counted(values['batches'], 'batches')} of {values['batch_size']} rows. Masked pairs: {masked}; "
        f"{values['masked_per_row']:.3g} for each row."
    )


def _in_batches(values: Mapping[str, Any]) -> str:
    names = {"file": "as the file has them", "shuffled": "shuffled"}
    return " ".join(
        f"{Path(one['folder']).name}, {counted(one['rows'], 'rows')} {names[one['order']]} in batches of "
        f"{one['batch_size']:,}: {one['per_batch']:,.4g} false negatives a batch, in {one['rows_with']:,} rows."
        for one in values["orders"]
    )


def _lengths(values: Mapping[str, Any]) -> str:
    return (
        f"Median length: {values['median_positive']:,} characters of positives, "
        f"{values['median_negative']:,} of negatives. A random positive is longer than a random negative "
        f"with probability {values['auc']:.3f}."
    )


def _tells(values: Mapping[str, Any]) -> str:
    named = ", ".join(f"{one['feature']} (alone {one['auc']:.2f})" for one in values["telling"])
    return (
        f"An AUC of {values['auc']:.3f} between {values['written']:,} written and {values['found']:,} other "
        f"negatives, most by: {named}."
    )


_IN_WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "hub_negative": _hubs,
    "noisy_positive": _too_easy,
    "faulty_positive": _too_hard,
    "batch_conflict": _conflicts,
    "in_batch_false_negative": _in_batches,
    "length_tells": _lengths,
    "generated_tells": _tells,
}
