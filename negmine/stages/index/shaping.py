"""Which settings shape the rows of corpus and queries, each of its own."""

from __future__ import annotations

from negmine.config.pairs_formats import has_negatives
from negmine.config.settings import IndexSettings
from negmine.data.sources.swapped import D2Q
from negmine.storage.layout import CORPUS, QUERIES

TITLE = ("title", "title_separator")


def own_settings(settings: IndexSettings) -> dict[str, tuple[str, ...]]:
    """Return the names of those settings, by artifact: titles, and the columns of --pairs.

    Where bad rows are skipped, both columns count: a row that lacks one side is left out whole.
    """
    columns: dict[str, tuple[str, ...]] = {QUERIES: ("query_column",), CORPUS: ("positive_column",)}
    if settings.pairs is None:
        columns = dict.fromkeys(columns, ())
    elif settings.on_error == "skip":
        columns = dict.fromkeys(columns, ("query_column", "positive_column"))
    if has_negatives(settings):
        columns = {name: (*own, "pairs_format") for name, own in columns.items()}
    if settings.direction == D2Q:
        return {CORPUS: columns[QUERIES], QUERIES: (*TITLE, *columns[CORPUS])}
    return {CORPUS: (*TITLE, *columns[CORPUS]), QUERIES: columns[QUERIES]}


def direction(settings: IndexSettings) -> dict[str, str]:
    """Return the direction where it is not the usual one: artifacts made before there was one stay fresh."""
    return {"direction": settings.direction} if settings.direction == D2Q else {}
