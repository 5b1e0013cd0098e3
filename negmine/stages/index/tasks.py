"""Tasks of stage 1: read the user's files into `corpus`, `queries` and `qrels`; 3-grams."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from negmine.config import memory
from negmine.config.naming import counted
from negmine.data.frames import frame
from negmine.data.qrels import positives
from negmine.data.sources import Sources, open_sources
from negmine.data.sources.problems import Problems
from negmine.data.sources.reading import where
from negmine.data.sources.records import quoted
from negmine.data.sources.swapped import in_the_files
from negmine.engine.context import Context
from negmine.engine.tasks import Folder, Stream, rechunk
from negmine.stages.index import compute as index
from negmine.storage import shingles as shingle_index
from negmine.storage.corpus import PER_PART
from negmine.storage.given import check_tables
from negmine.storage.labels import labels_file, read_labels
from negmine.storage.layout import CORPUS, QUERIES


def corpus(context: Context) -> Stream:
    """Documents, read and marked."""
    problems, copies = _problems(context), index.Copies()
    sources, counts = _sources(context), list[int]()
    chunks = rechunk(sources.corpus(problems), memory.part_documents(context.config.memory_bytes))

    def tables() -> Iterator[pa.Table]:
        for part in index.corpus(chunks, context.config.index, copies):
            counts.append(part["same_as"].null_count)
            yield part

    def finish() -> dict[str, Any]:
        more = _copies(context, problems, copies, "documents")
        _tell_fewer(context, CORPUS, copies.rows, sources.corpus_files)
        remote = _remote(context, sources.corpus_files)
        return _finish(context, problems, **more, **remote, **{PER_PART: counts})

    return Stream(tables(), finish)


def queries(context: Context) -> Stream:
    """Queries, read and marked."""
    problems, copies = _problems(context), index.Copies()
    cut = part_queries(context)
    sources = _sources(context)
    tables = index.queries(rechunk(sources.queries(problems), cut), copies)

    def finish() -> dict[str, Any]:
        counts = _copies(context, problems, copies, "queries")
        _tell_fewer(context, QUERIES, copies.rows, sources.query_files)
        remote = _remote(context, sources.query_files)
        return _finish(context, problems, **counts, **remote, part_queries=cut)

    return Stream(tables, finish)


def part_queries(context: Context) -> int:
    """Return how many queries a part has: what --memory allows; parts that are smaller already stay."""
    wanted = context.config.part_queries
    made = context.work.manifest(QUERIES)
    cut = None if made is None else made.stats.get("part_queries")
    return min(wanted, cut) if isinstance(cut, int) and cut > 0 else wanted


def odd_cut(context: Context) -> dict[str, int]:
    """Return the size of a part where it is not the usual one: part i of every table follows it."""
    size = part_queries(context)
    return {} if size == memory.PART_QUERIES else {"part_queries": size}


def qrels(context: Context) -> Stream:
    """Relevance, checked against corpus and queries, cut as queries are."""
    problems = _problems(context)
    counts: dict[str, Any] = {}
    sources = _sources(context)

    def tables() -> Iterator[pa.Table]:
        raw = pl.concat([frame(chunk) for chunk in sources.qrels(problems)] or [_NO_QRELS])
        docs = _named(context, raw)
        query_ids = context.work.scan(QUERIES).select("query_id", "same_as").collect()
        _check_dangling(sources, raw, docs, query_ids, problems)
        merged = _with_labels(context, index.qrels(raw, docs, query_ids), docs, query_ids)
        counts.update(_count_qrels(context, sources, merged, query_ids, problems))
        part_rows = [part["rows"] for part in context.work.require(QUERIES).parts]
        counts["queries_per_part"] = []
        for part in index.qrels_parts(merged, part_rows):
            mined = positives(frame(part), context.config.index.min_relevance)
            counts["queries_per_part"].append(mined["query_id"].n_unique())
            yield part

    return Stream(
        tables(),
        lambda: _finish(context, problems, **counts, **_remote(context, sources.qrels_files)),
    )


def shingles(context: Context) -> Folder:
    """Word 3-grams of documents: what near-duplicates are told by where there are no vectors."""

    def make(folder: Path) -> dict[str, Any]:
        context.progress.total(len(context.corpus), "documents")
        return shingle_index.build(context.corpus.documents(), folder, context.progress.advance)

    return Folder(make)


def _named(context: Context, raw: pl.DataFrame) -> pl.DataFrame:
    """Return doc_id and same_as of the documents that qrels or labels name: of a large corpus, few."""
    named = pl.concat([raw.select("doc_id"), read_labels(context.work).select("doc_id")]).unique()
    docs = context.work.scan(CORPUS).select("doc_id", "same_as")
    return docs.join(named.lazy(), on="doc_id", how="semi").collect(engine="streaming")


def _with_labels(
    context: Context, merged: pl.DataFrame, docs: pl.DataFrame, query_ids: pl.DataFrame
) -> pl.DataFrame:
    """Return qrels as people have labelled them since; labels of what is not indexed any more are noted."""
    labels = read_labels(context.work)
    if labels.is_empty():
        return merged
    lost = index.dangling(labels, query_ids, "query_id").height
    lost += index.dangling(labels, docs, "doc_id").join(query_ids, on="query_id", how="semi").height
    if lost:
        context.progress.note(
            f"{counted(lost, 'labels')} of negmine label name a query or document that is not indexed any "
            "more: left out"
        )
    return index.with_labels(merged, index.qrels(labels, docs, query_ids))


_NO_QRELS = pl.DataFrame(
    schema={
        "query_id": pl.String,
        "doc_id": pl.String,
        "relevance": pl.Int32,
        "line": pl.Int64,
    }
)


def _sources(context: Context) -> Sources:
    check_tables(context.work)
    return open_sources(context.config.index, context.work.remote)


def _problems(context: Context) -> Problems:
    return Problems(skip=context.config.index.on_error == "skip")


def _finish(context: Context, problems: Problems, **stats: Any) -> dict[str, Any]:
    problems.raise_if_any()
    for note in problems.notes:
        context.progress.note(note)
    for what, count in problems.skipped.items():
        context.progress.note(f"{what}: {counted(count, 'rows')} skipped")
    return {**stats, "skipped": dict(problems.skipped), "notes": list(problems.notes)}


def _remote(context: Context, files: Iterable[Path]) -> dict[str, Any]:
    """Return what the manifest says of files at addresses: nothing where there are none."""
    described = context.work.remote.described(files)
    return {"remote": described} if described else {}


def _copies(
    context: Context, problems: Problems, copies: index.Copies, what: str
) -> dict[str, int]:
    if copies.copies:
        verb = "have" if copies.copies > 1 else "has"
        theirs = in_the_files(what, context.config.index)
        problems.notes.append(
            f"{copies.copies:,} of the {theirs} {verb} the text of an earlier one: counted as one"
        )
    return {"copies": copies.copies}


def _tell_fewer(context: Context, name: str, rows: int, files: Sequence[Path]) -> None:
    """Note that a table has fewer rows than when it was last read: a file may have gone, or be empty."""
    before = context.work.manifest(name)
    if before is not None and rows < before.rows:
        lost = before.rows - rows
        context.progress.note(
            f"{name}: {rows:,} rows from {counted(len(files), 'files')}, {lost:,} fewer than when they "
            "were last read. If you have removed none, see whether a file is missing or cut short."
        )


def _check_dangling(
    sources: Sources,
    raw: pl.DataFrame,
    docs: pl.DataFrame,
    query_ids: pl.DataFrame,
    problems: Problems,
) -> None:
    places = {"doc_id": "corpus", "query_id": "queries"}
    for column, ids in (("doc_id", docs), ("query_id", query_ids)):
        lost = index.dangling(raw, ids, column)
        theirs = in_the_files(column, sources.settings)
        place = places[theirs]
        for name, line in zip(lost[column].to_list(), lost["line"].to_list(), strict=True):
            file, row = where(line, sources.qrels_files)
            problems.add(
                f"qrels name a {theirs} that is not in the {place}",
                file=file,
                row=row,
                message=f"{theirs} {quoted(name)} is not in the {place}",
                remedy=f"Add it to the {place} or remove the qrels row.",
            )


def _count_qrels(
    context: Context,
    sources: Sources,
    merged: pl.DataFrame,
    query_ids: pl.DataFrame,
    problems: Problems,
) -> dict[str, int]:
    positive = merged.filter(pl.col("relevance") >= context.config.index.min_relevance)
    mined = positive["query_id"].n_unique()
    first = query_ids["same_as"].null_count()
    file = sources.qrels_files[0]
    if mined == 0:
        problems.add(
            "no query has a positive",
            file=file,
            row=None,
            message=f"no query has a document of relevance {context.config.index.min_relevance} or more",
            remedy="Check the relevance column, or lower --min-relevance.",
            safe_to_skip=False,
        )
    elif mined < first:
        problems.notes.append(
            f"{first - mined:,} of {first:,} {in_the_files('queries', sources.settings)} without a positive "
            f"in {file.name}{' and the labels' if labels_file(context.work) else ''}: not mined"
        )
    return {
        "queries_mined": mined,
        "queries_without_positives": first - mined,
        "positives": positive.height,
        "judged_negatives": merged.filter(pl.col("relevance") <= 0).height,
    }
