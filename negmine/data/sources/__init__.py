"""The user's files, read into checked tables of documents, queries and judgements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa

from negmine.config.addresses import Address
from negmine.config.places import why_not
from negmine.config.settings import IndexSettings
from negmine.data.sources import beir, pairs
from negmine.data.sources.formats import kind_of
from negmine.data.sources.places import LOCAL, Places
from negmine.data.sources.problems import Problems
from negmine.data.sources.qrels import read_qrels, tables_of
from negmine.data.sources.reading import FileRows
from negmine.data.sources.records import Records
from negmine.data.sources.rows import in_chunks
from negmine.data.sources.seen_ids import SeenIds
from negmine.errors import InputError, SettingsError


@dataclass(frozen=True)
class Sources:
    """Where the three tables come from. Readers add to `problems` and never stop at the first.

    document_files: those of --corpus or --data. corpus_files: these, and those of --pairs. Each table's files
    are read one after another. places: finds them, and brings those of other machines here.
    """

    document_files: tuple[Path, ...]
    query_files: tuple[Path, ...]
    qrels_files: tuple[Path, ...]
    settings: IndexSettings
    description: str = ""
    places: Places = LOCAL

    @property
    def has_pairs(self) -> bool:
        """Tell whether queries and judgements come from --pairs."""
        return self.settings.pairs is not None

    @property
    def corpus_files(self) -> tuple[Path, ...]:
        """The files that documents come from."""
        return (*self.document_files, *(self.query_files if self.has_pairs else ()))

    def corpus(self, problems: Problems) -> Iterator[pa.Table]:
        """Yield doc_id, text, title, source_row and the source's own columns."""
        rows_before, ids = 0, SeenIds()
        if self.document_files:
            files = FileRows(self.document_files, problems, self.places)
            records = Records(
                self.document_files[0], problems, "doc_id", "document text", True, ids
            )
            yield from not_empty(
                records.of_files(files), self.document_files[0], "documents", problems
            )
            rows_before = files.rows
        if self.has_pairs:
            rows = pairs.documents(self._pairs(problems), self.settings)
            records = Records(self.query_files[0], problems, "doc_id", "document text", True, ids)
            tables = records.tables(in_chunks(rows), rows_before)
            yield from not_empty(tables, self.query_files[0], "pairs", problems)

    def _pairs(self, problems: Problems) -> Iterator[pairs.Pair]:
        """Yield the rows of --pairs that can be used. Raises InputError unless each file has their columns."""
        files = FileRows(self.query_files, problems, self.places)
        return pairs.good_pairs(files, problems, self.settings)

    def negatives(self, counts: Counter[str]) -> Iterator[pl.DataFrame]:
        """Yield the negatives of --pairs (see pairs.negatives). Unusable rows are told of by corpus()."""
        yield from pairs.negatives(self._pairs(Problems(skip=True)), counts)

    def queries(self, problems: Problems) -> Iterator[pa.Table]:
        """Yield query_id, text, source_row and the source's own columns."""
        files, what = self.query_files, "queries"
        records = Records(files[0], problems, "query_id", "query text", with_title=False)
        if self.has_pairs:
            what, tables = "pairs", records.tables(in_chunks(pairs.queries(self._pairs(problems))))
        else:
            tables = records.of_files(FileRows(files, problems, self.places))
        yield from not_empty(tables, files[0], what, problems)
        if self.has_pairs:
            problems.skipped.clear()  # the corpus reads the same rows, and counts them

    def qrels(self, problems: Problems) -> Iterator[pa.Table]:
        """Yield query_id, doc_id, relevance, and where the row stands (`line`: see reading.where)."""
        if self.has_pairs:
            yield from tables_of(pairs.judgements(self._pairs(Problems(skip=True))))
            return
        files = FileRows(self.qrels_files, problems, self.places)
        yield from not_empty(
            read_qrels(files, problems), self.qrels_files[0], "judgements", problems
        )


def open_sources(settings: IndexSettings, places: Places = LOCAL) -> Sources:
    """Find the user's files.

    Raises SettingsError where the flags do not say which, InputError where one is not there.
    """
    _check(settings)
    if settings.data is not None:
        documents, queries = (
            beir.table_files(settings.data, name, places) for name in ("corpus", "queries")
        )
        qrels = beir.qrels_files(settings.data, settings.qrels_split, places)
        description = f"BEIR folder {settings.data.name}, qrels {qrels[0].name}"
    elif settings.pairs is not None:
        documents = [] if settings.corpus is None else places.files(settings.corpus)
        queries = qrels = places.files(settings.pairs)
        description = f"pairs {settings.pairs.name}"
    else:
        assert settings.corpus and settings.queries and settings.qrels
        documents, queries, qrels = map(
            places.files, (settings.corpus, settings.queries, settings.qrels)
        )
        description = f"corpus {settings.corpus.name}"
    sources = Sources(tuple(documents), tuple(queries), tuple(qrels), settings, description, places)
    _check_files(sources)
    if settings.direction == "d2q":
        from negmine.data.sources.swapped import swapped

        return swapped(sources)
    return sources


def _check_files(sources: Sources) -> None:
    """Raise InputError for files that are not there, or of no known format."""
    tables = (*sources.corpus_files, *sources.query_files)
    here = [
        path
        for path in dict.fromkeys((*tables, *sources.qrels_files))
        if not isinstance(path, Address)
    ]
    lost = [f"{path} {why}" for path in here if (why := why_not(path)) is not None]
    if lost:
        raise InputError("\n".join(lost))
    for path in tables:
        kind_of(path)


def _check(settings: IndexSettings) -> None:
    given = [f"--{name}" for name in ("data", "pairs", "queries") if getattr(settings, name)]
    three = ("corpus", "queries", "qrels")
    if len(given) > 1 or (settings.data and (settings.corpus or settings.qrels)):
        raise SettingsError(
            "Say where the data is in one way: --data FOLDER, or --corpus, --queries and --qrels, or --pairs."
        )
    if settings.pairs and settings.qrels:
        raise SettingsError("--pairs needs no --qrels: every pair is a judgement. Leave one out.")
    missing = [f"--{name}" for name in three if getattr(settings, name) is None]
    if not settings.data and not settings.pairs and missing:
        if len(missing) == len(three):
            raise SettingsError(
                "Where is the data? Give --data FOLDER, or --corpus, --queries and --qrels, or --pairs FILE."
            )
        raise SettingsError(
            f"{' and '.join(missing)} is missing: --corpus, --queries, --qrels go together."
        )
    if settings.qrels_split and not settings.data:
        raise SettingsError(
            "--qrels-split chooses a split of --data. Leave it out with other sources."
        )


def not_empty(
    tables: Iterable[pa.Table], path: Path, what: str, problems: Problems
) -> Iterator[pa.Table]:
    """Yield the tables of a file; where they have no row, that becomes a problem. what: `documents`, ..."""
    count = 0
    for table in tables:
        count += table.num_rows
        yield table
    if count == 0:
        problems.add(
            f"no {what}",
            file=path,
            row=None,
            message=f"there are no {what} in it",
            remedy="Check that this is the right file.",
            safe_to_skip=False,
        )
