"""`--direction d2q`: the user's documents are what is searched with, and the user's queries what is searched.

Everything after these tables sees queries and a corpus, as always. Problems of the files speak of the user's
own columns, since the files are read as always, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyarrow as pa

from negmine.config.settings import IndexSettings
from negmine.data.frames import frame
from negmine.data.sources import Sources
from negmine.data.sources.problems import Problems
from negmine.data.texts import rendered

D2Q = "d2q"
_TURNED = {"query_id": "doc_id", "doc_id": "query_id"}
_OTHER = {"documents": "queries", "doc_id": "query_id"}


@dataclass(frozen=True)
class Swapped(Sources):
    """The sources `own`, with roles swapped: as `Sources`, but corpus() yields the queries, and so on."""

    own: Sources = field(kw_only=True)

    @property
    def corpus_files(self) -> tuple[Path, ...]:
        """The files of the user's queries."""
        return self.document_files

    def corpus(self, problems: Problems) -> Iterator[pa.Table]:
        """Yield the queries as documents without titles."""
        for table in self.own.queries(problems):
            rows = frame(table).rename({"query_id": "doc_id"})
            yield _arrow(rows.with_columns(title=pl.lit(None, pl.String)))

    def queries(self, problems: Problems) -> Iterator[pa.Table]:
        """Yield the documents as queries, their titles before their texts."""
        text = rendered(self.settings.title, self.settings.title_separator)
        for table in self.own.corpus(problems):
            rows = frame(table).with_columns(text)
            yield _arrow(rows.drop("title").rename({"doc_id": "query_id"}))

    def qrels(self, problems: Problems) -> Iterator[pa.Table]:
        """Yield the judgements the other way round."""
        for table in self.own.qrels(problems):
            yield _arrow(frame(table).rename(_TURNED))

    def negatives(self, counts: Counter[str]) -> Iterator[pl.DataFrame]:
        """Yield the negatives the other way round."""
        for rows in self.own.negatives(counts):
            yield rows.rename(_TURNED)


def swapped(own: Sources) -> Swapped:
    """Return these sources with roles swapped."""
    files = (own.query_files, own.corpus_files, own.qrels_files)
    return Swapped(*files, own.settings, own.description, own.places, own=own)


def in_the_files(word: str, settings: IndexSettings) -> str:
    """Return what a table or column of a run is called in the user's files: `documents`, `doc_id` ..."""
    both = _OTHER | {theirs: ours for ours, theirs in _OTHER.items()}
    return both.get(word, word) if settings.direction == D2Q else word


def _arrow(rows: pl.DataFrame) -> pa.Table:
    return rows.to_arrow(compat_level=pl.CompatLevel.oldest())
