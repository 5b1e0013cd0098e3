"""The user's data to compare with: the corpus, and which documents the qrels call relevant."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polars as pl

from negmine.analysis.lint.keys import QUERY_KEY, TEXT_KEY, keys
from negmine.analysis.lint.settings import LintSettings
from negmine.analysis.lint.spill import Spill
from negmine.data.frames import frame
from negmine.data.shingles.words import normalise_all
from negmine.data.sources import not_empty
from negmine.data.sources.formats import read_chunks
from negmine.data.sources.problems import Problems
from negmine.data.sources.qrels import read_qrels
from negmine.data.sources.records import Records
from negmine.data.texts import rendered
from negmine.errors import InputError

_QRELS = (".tsv", ".txt", ".csv", ".jsonl", ".parquet")


class Relevant(NamedTuple):
    """The pairs that qrels call relevant; None where they cannot be known.

    by_text: query_a, query_b, text_a, text_b. by_id: query_id, id.
    """

    by_text: pl.DataFrame | None = None
    by_id: pl.DataFrame | None = None


def read_reference(settings: LintSettings, spill: Spill, problems: Problems) -> Relevant:
    """Read corpus, queries and qrels; the keys of the corpus are put aside as `corpus`, by text."""
    judged = None if settings.qrels is None else _judged(settings, settings.qrels, problems)
    judged_ids = None if judged is None else judged.select("doc_id").unique()
    documents = [pl.DataFrame(schema={"doc_id": pl.String} | dict.fromkeys(TEXT_KEY, pl.UInt64))]
    for keyed in _documents(settings.corpus, problems):
        spill.add("corpus", keyed.select(TEXT_KEY), "text_a")
        if judged_ids is not None:
            documents.append(keyed.join(judged_ids, on="doc_id", how="semi"))
    if judged is None:
        return Relevant()
    by_id = judged.rename({"doc_id": "id"})
    if settings.corpus is None or settings.queries is None:
        return Relevant(by_id=by_id)
    queries = pl.concat(list(_queries(settings.queries, problems)))
    by_text = judged.join(queries, on="query_id").join(pl.concat(documents), on="doc_id")
    return Relevant(by_text.select(*QUERY_KEY, *TEXT_KEY).unique(), by_id)


def _judged(settings: LintSettings, path: Path, problems: Problems) -> pl.DataFrame:
    tables = [
        frame(table)
        for file in _qrels_files(path)
        for table in not_empty(read_qrels(file, problems), file, "judgements", problems)
    ]
    relevant = pl.concat(tables).filter(pl.col("relevance") >= settings.min_relevance)
    return relevant.select("query_id", "doc_id")


def _qrels_files(path: Path) -> list[Path]:
    """Return the files of qrels; those of a folder, as BEIR has them, are one set of judgements."""
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix in _QRELS)
    if not files:
        raise InputError(f"--qrels {path} has no {', '.join(_QRELS)} files in it. Name a file.")
    return files


def _documents(path: Path | None, problems: Problems) -> Iterator[pl.DataFrame]:
    """Yield doc_id and key: of a document's text alone, and of title, space, text."""
    if path is None:
        return
    records = Records(path, problems, "doc_id", "document text", True)
    chunks = read_chunks(path, problems)
    for table in not_empty(records.tables(chunks), path, "documents", problems):
        rows = frame(table)
        for text in (rendered(True, " "), pl.col("text")):
            texts = rows.select("doc_id", text.fill_null("").alias("text"))
            yield texts.select("doc_id").hstack(keys(normalise_all(texts["text"])))


def _queries(path: Path, problems: Problems) -> Iterator[pl.DataFrame]:
    """Yield query_id and key."""
    yield pl.DataFrame(schema={"query_id": pl.String} | dict.fromkeys(QUERY_KEY, pl.UInt64))
    records = Records(path, problems, "query_id", "query text", False)
    chunks = read_chunks(path, problems)
    for table in not_empty(records.tables(chunks), path, "queries", problems):
        rows = frame(table)
        yield rows.select("query_id").hstack(keys(normalise_all(rows["text"]), QUERY_KEY))
