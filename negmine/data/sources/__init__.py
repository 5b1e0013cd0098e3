"""The user's files, read into checked tables of documents, queries and judgements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pyarrow as pa

from negmine.config.places import why_not
from negmine.config.settings import IndexSettings
from negmine.data.sources import beir, pairs
from negmine.data.sources.formats import kind_of, read_chunks
from negmine.data.sources.problems import Problems
from negmine.data.sources.qrels import read_qrels, tables_of
from negmine.data.sources.records import Records
from negmine.data.sources.rows import Chunk, in_chunks
from negmine.errors import InputError, SettingsError


@dataclass(frozen=True)
class Sources:
    """Where the three tables come from. Readers add to `problems` and never stop at the first."""

    corpus_files: tuple[Path, ...]
    query_files: tuple[Path, ...]
    qrels_files: tuple[Path, ...]
    settings: IndexSettings
    description: str = ""

    def corpus(self, problems: Problems) -> Iterator[pa.Table]:
        """Yield doc_id, text, title, source_row and the source's own columns."""
        streams: list[Iterator[pa.Table]] = []
        rows_before, ids = _Count(), dict[str, int]()
        if self.settings.pairs is None or self.settings.corpus is not None:
            path = self.corpus_files[0]
            records = Records(path, problems, "doc_id", "document text", True, ids)
            tables = records.tables(rows_before.counting(read_chunks(path, problems)))
            streams.append(not_empty(tables, path, "documents", problems))
        if self.settings.pairs is not None:
            streams.append(self._positives(problems, rows_before, ids))
        yield from chain(*streams)

    def _positives(
        self, problems: Problems, before: _Count, ids: dict[str, int]
    ) -> Iterator[pa.Table]:
        path = self.corpus_files[-1]
        rows = pairs.positives(self._pairs(problems))
        records = Records(path, problems, "doc_id", "document text", True, ids)
        tables = records.tables(in_chunks(rows), before.rows)
        yield from not_empty(tables, path, "pairs", problems)

    def _pairs(self, problems: Problems) -> Iterator[pairs.Pair]:
        """Yield the pairs that can be used. Raises InputError unless the file has both columns."""
        path = self.query_files[0]
        names = (self.settings.query_column, self.settings.positive_column)
        flags = ("--query-column", "--positive-column")
        pairs.check_columns(path, dict(zip(flags, names, strict=True)))
        return pairs.good_pairs(path, problems, names)

    def queries(self, problems: Problems) -> Iterator[pa.Table]:
        """Yield query_id, text, source_row and the source's own columns."""
        path, what = self.query_files[0], "queries"
        if self.settings.pairs is not None:
            what, chunks = "pairs", in_chunks(pairs.queries(self._pairs(problems)))
        else:
            chunks = read_chunks(path, problems)
        records = Records(path, problems, "query_id", "query text", with_title=False)
        yield from not_empty(records.tables(chunks), path, what, problems)
        if self.settings.pairs is not None:
            problems.skipped.clear()  # the corpus reads the same rows, and counts them

    def qrels(self, problems: Problems) -> Iterator[pa.Table]:
        """Yield query_id, doc_id, relevance, and the line of the file."""
        path = self.qrels_files[0]
        if self.settings.pairs is not None:
            yield from tables_of(pairs.judgements(self._pairs(Problems(skip=True))))
        else:
            yield from not_empty(read_qrels(path, problems), path, "judgements", problems)


class _Count:
    """Counts rows as they pass, so that a second file's rows can go on from there."""

    def __init__(self) -> None:
        self.rows = 0

    def counting(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        for chunk in chunks:
            self.rows = chunk.stop
            yield chunk


def open_sources(settings: IndexSettings) -> Sources:
    """Find the user's files.

    Raises SettingsError where the flags do not say which, InputError where one is not there.
    """
    _check(settings)
    if settings.data is not None:
        qrels = beir.qrels_file(settings.data, settings.qrels_split)
        corpus, queries = (beir.table_file(settings.data, name) for name in ("corpus", "queries"))
        description = f"BEIR folder {settings.data.name}, qrels {qrels.name}"
        sources = Sources((corpus,), (queries,), (qrels,), settings, description)
    elif settings.pairs is not None:
        corpora = (settings.corpus,) if settings.corpus else ()
        pair = (settings.pairs,)
        sources = Sources((*corpora, *pair), pair, pair, settings, f"pairs {settings.pairs.name}")
    else:
        assert settings.corpus and settings.queries and settings.qrels
        files = ((settings.corpus,), (settings.queries,), (settings.qrels,))
        sources = Sources(*files, settings, f"corpus {settings.corpus.name}")
    tables = (*sources.corpus_files, *sources.query_files)
    files_named = dict.fromkeys((*tables, *sources.qrels_files))
    lost = [f"{path} {why}" for path in files_named if (why := why_not(path)) is not None]
    if lost:
        raise InputError("\n".join(lost))
    for path in tables:
        kind_of(path)
    if settings.direction == "d2q":
        from negmine.data.sources.swapped import swapped

        return swapped(sources)
    return sources


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
