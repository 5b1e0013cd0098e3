"""Which query is meant: the one with this query_id, or the one whose text contains these words."""

from __future__ import annotations

import difflib
from typing import NamedTuple

import polars as pl

from negmine.errors import InputError

_LISTED, _LENGTH = 10, 80  # queries that a message lists at most, and characters of each


class Found(NamedTuple):
    """A query that was meant. first_id: of the first query with the same text; only that one is mined."""

    query_id: str
    text: str
    first_id: str


def find_query(queries: pl.LazyFrame, query: str) -> Found:
    """Return the query that `query` names: by its query_id, or by words that its text contains.

    queries: query_id, text, same_as (null unless the query repeats another). The words are looked for in any
    order, whatever their case. Of several queries, the one that has them as they stand is taken. Raises
    InputError where there are still several, or none.
    """
    named = queries.filter(pl.col("query_id") == query).collect()
    if named.height:
        return _found(named)
    words = query.lower().split()
    text = pl.col("text").str.to_lowercase()
    has_all = pl.all_horizontal(*(text.str.contains(word, literal=True) for word in words), True)
    matches = queries.filter(has_all & pl.col("same_as").is_null() & bool(words)).collect()
    as_it_stands = matches.filter(
        text.str.replace_all(r"\s+", " ").str.contains(" ".join(words), literal=True)
    )
    for some in (matches, as_it_stands):
        if some.height == 1:
            return _found(some)
    if matches.height:
        raise InputError(_several(query, matches))
    raise InputError(
        f'There is no query with the id or the words "{query}".{_nearest(queries, query)}'
    )


def _found(queries: pl.DataFrame) -> Found:
    query_id, text, same_as = queries.select("query_id", "text", "same_as").row(0)
    return Found(query_id, text, same_as or query_id)


def _several(query: str, matches: pl.DataFrame) -> str:
    lines = [f'{matches.height:,} queries contain "{query}". Name one by its query_id:']
    shown = matches.head(_LISTED).select("query_id", "text").iter_rows()
    lines += [f"  {query_id}  {_beginning(text)}" for query_id, text in shown]
    more = matches.height - _LISTED
    return "\n".join(lines + ([f"  ... and {more:,} more"] if more > 0 else []))


def _nearest(queries: pl.LazyFrame, query: str) -> str:
    """Return a hint: the id that is spelled most alike, else the text with most of the words."""
    ids = queries.select("query_id").collect()["query_id"].to_list()
    close = difflib.get_close_matches(query, ids, n=1)
    if close:
        return f' Did you mean "{close[0]}"?'
    text = pl.col("text").str.to_lowercase()
    vocabulary = queries.select(text.str.extract_all(r"\w+").list.explode().unique()).collect()
    has = [
        text.str.contains(word, literal=True).cast(pl.Int32)
        for word in _respelled(query.lower().split(), vocabulary["text"].drop_nulls().to_list())
    ]
    shared = pl.sum_horizontal(*has, 0).alias("shared")
    best = queries.select("query_id", "text", shared).sort(
        "shared", descending=True, maintain_order=True
    )
    query_id, text_of_best, count = best.head(1).collect().row(0)
    if count:
        return f' Did you mean "{query_id}" ({_beginning(text_of_best)})?'
    return f' The first query_id is "{query_id}".'


def _respelled(words: list[str], vocabulary: list[str]) -> list[str]:
    """Return the words of the vocabulary that are spelled most like these; itself where none is near."""
    near = (difflib.get_close_matches(word, vocabulary, n=1) for word in words)
    return [close[0] if close else word for word, close in zip(words, near, strict=True)]


def _beginning(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LENGTH else line[:_LENGTH].rstrip() + "…"
