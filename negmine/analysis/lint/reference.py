"""What the user knows beside the file: the corpus, and which documents are relevant for which query."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from negmine.analysis.lint.collector import D, Q
from negmine.analysis.lint.keys import keys
from negmine.analysis.lint.settings import Options
from negmine.analysis.lint.spill import Spill
from negmine.data.frames import frame
from negmine.data.shingles.words import normalise_all
from negmine.data.sources.formats import read_chunks
from negmine.data.sources.problems import Problems
from negmine.data.sources.qrels import read_qrels
from negmine.data.sources.records import Records
from negmine.data.texts import rendered
from negmine.errors import InputError

_QRELS = (".tsv", ".txt", ".csv", ".jsonl", ".parquet")


class Relevant:
    """The pairs that qrels call relevant: by keys of texts and by ids; None where they cannot be had."""

    def __init__(self, by_text: pl.DataFrame | None, by_id: pl.DataFrame | None) -> None:
        self.by_text, self.by_id = by_text, by_id


def read(options: Options, spill: Spill, problems: Problems) -> Relevant:
    """Read corpus, queries and qrels; the keys of the corpus are put aside by text."""
    judged = None if options.qrels is None else _judged(options.qrels, options, problems)
    wanted = None if judged is None else judged.select("doc_id").unique()
    documents = [pl.DataFrame(schema={"doc_id": pl.String, "da": pl.UInt64, "db": pl.UInt64})]
    for keyed in _documents(options.corpus, problems):
        spill.add("corpus", keyed.select(D), "da")
        if wanted is not None:
            documents.append(keyed.join(wanted, on="doc_id", how="semi"))
    if judged is None:
        return Relevant(None, None)
    by_id = judged.rename({"doc_id": "id"})
    if options.corpus is None or options.queries is None:
        return Relevant(None, by_id)
    queries = pl.concat(list(_queries(options.queries, problems)))
    by_text = judged.join(queries, on="query_id").join(pl.concat(documents), on="doc_id")
    return Relevant(by_text.select(*Q, *D).unique(), by_id)


def _judged(path: Path, options: Options, problems: Problems) -> pl.DataFrame:
    tables = [frame(table) for file in _files(path) for table in read_qrels(file, problems)]
    rows = pl.concat(tables).filter(pl.col("relevance") >= options.min_relevance)
    return rows.select("query_id", "doc_id")


def _files(path: Path) -> list[Path]:
    """Return the files of qrels: those of a folder, as BEIR has them, are one set of judgements."""
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix in _QRELS)
    if not files:
        raise InputError(f"--qrels {path} has no {', '.join(_QRELS)} files in it. Name a file.")
    return files


def _documents(path: Path | None, problems: Problems) -> Iterator[pl.DataFrame]:
    """Yield doc_id, da, db: a document by its text alone, and with its title before it."""
    if path is None:
        return
    records = Records(path, problems, "doc_id", "document text", True)
    for table in records.tables(read_chunks(path, problems)):
        rows = frame(table)
        for text in (rendered(True, " "), pl.col("text")):
            texts = rows.select("doc_id", text.fill_null("").alias("text"))
            keyed = keys(normalise_all(texts["text"])).rename({"a": "da", "b": "db"})
            yield texts.select("doc_id").hstack(keyed)


def _queries(path: Path, problems: Problems) -> Iterator[pl.DataFrame]:
    yield pl.DataFrame(schema={"query_id": pl.String, "qa": pl.UInt64, "qb": pl.UInt64})
    records = Records(path, problems, "query_id", "query text", False)
    for table in records.tables(read_chunks(path, problems)):
        rows = frame(table)
        keyed = keys(normalise_all(rows["text"])).rename({"a": "qa", "b": "qb"})
        yield rows.select("query_id").hstack(keyed)
