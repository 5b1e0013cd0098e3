"""Doors of room 1: the user's files, and the documents for each index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.config.memory import part_documents
from negmine.data.frames import frame
from negmine.data.shingles import build as build_shingles
from negmine.data.sources.problems import Problems
from negmine.engine.tasks import Folder, Stream, rechunk
from negmine.retrievers.bm25 import retriever as bm25
from negmine.retrievers.dense import approximate
from negmine.retrievers.dense import vectors as dense
from negmine.stages.context import CORPUS, QRELS, QUERIES, House
from negmine.stages.index import compute as index
from negmine.stages.retrieve.compute import positives
from negmine.storage.vectors import count_stored

VECTORS = "vectors"  # the content-addressed store beside the rooms


def corpus(house: House) -> Stream:
    """Documents, read and marked."""
    problems, copies = _problems(house), index.Copies()
    chunks = rechunk(house.sources.corpus(problems), part_documents(house.memory))
    tables = index.corpus(chunks, house.settings.index, copies)
    return Stream(
        tables, lambda: _finish(house, problems, **_copies(problems, copies, "documents"))
    )


def queries(house: House) -> Stream:
    """Queries, read and marked."""
    problems, copies = _problems(house), index.Copies()
    cut = house.part_queries
    tables = index.queries(rechunk(house.sources.queries(problems), cut), copies)

    def finish() -> dict[str, Any]:
        counts = _copies(problems, copies, "queries")
        return _finish(house, problems, **counts, part_queries=cut)

    return Stream(tables, finish)


def qrels(house: House) -> Stream:
    """Relevance, checked against corpus and queries, cut as queries are."""
    problems = _problems(house)
    counts: dict[str, Any] = {}

    def tables() -> Iterator[pa.Table]:
        raw = pl.concat([frame(chunk) for chunk in house.sources.qrels(problems)] or [_NO_QRELS])
        docs = house.work.scan(CORPUS).select("doc_id", "same_as").collect()
        asked = house.work.scan(QUERIES).select("query_id", "same_as").collect()
        _check_dangling(house, raw, docs, asked, problems)
        merged = index.qrels(raw, docs, asked)
        counts.update(_count_qrels(house, merged, asked, problems))
        part_rows = [part["rows"] for part in house.work.require(QUERIES).parts]
        counts["queries_per_part"] = []
        for part in index.qrels_parts(merged, part_rows):
            mined = positives(frame(part), house.settings.index.min_relevance)
            counts["queries_per_part"].append(mined["query_id"].n_unique())
            yield part

    return Stream(tables(), lambda: _finish(house, problems, **counts))


def bm25_index(house: House) -> Folder:
    """The BM25 index of all documents that are no copies."""

    def make(folder: Path) -> dict[str, Any]:
        house.progress.total(len(house.doc_ids), "documents")
        return bm25.build(house.documents(), folder, house.settings.index, house.progress)

    return Folder(make)


def dense_index(house: House, found_by: Iterable[str] = ()) -> Folder:
    """Vectors of documents and queries, encoded or brought along.

    found_by: runs; with any, only documents that they found, and positives, are encoded.
    """
    runs = list(found_by)

    def make(folder: Path) -> dict[str, Any]:
        if (
            house.settings.index.on_error == "stop"
        ):  # else rows were skipped, and fewer are expected
            rows = (house.work.require(name).rows for name in (CORPUS, QUERIES))
            dense.check_given(house.settings.index, *rows)
        chosen = _found(house, runs) if runs else None
        if house.settings.index.index != approximate.FLAT:
            count = len(house.doc_ids) if chosen is None else len(chosen)
            approximate.check_size(house.settings.index.index, count)
        if chosen is not None:
            np.save(folder / dense.POSITIONS, chosen)
        return dense.build(
            lambda: house.documents(chosen),
            house.mined_queries,
            folder,
            house.index,
            house.work.root / VECTORS,
            house.digest,
            house.progress,
        )

    return Folder(make)


def _found(house: House, runs: Iterable[str]) -> NDArray[np.int64]:
    """Return the positions of all documents that the runs found, and of all positives, ascending."""
    least = house.settings.index.min_relevance
    found = [house.work.scan(name).select("doc_id") for name in runs]
    known = house.work.scan(QRELS).filter(pl.col("relevance") >= least).select("doc_id")
    ids = pl.concat([*found, known]).unique().collect(engine="streaming")["doc_id"]
    return np.sort(house.positions(ids))


def encoded(house: House, encoders: Iterable[str]) -> str:
    """Say how many texts these encoders have encoded before the artifact that needs them is complete."""
    count = sum(count_stored(house.work.root / VECTORS / name) for name in set(encoders))
    return f"{count:,} texts are encoded" if count else ""


def shingles(house: House) -> Folder:
    """Word 3-grams of documents: what near-duplicates are told by where there are no vectors."""

    def make(folder: Path) -> dict[str, Any]:
        house.progress.total(len(house.doc_ids), "documents")
        return build_shingles(house.documents(), folder, house.progress)

    return Folder(make)


_NO_QRELS = pl.DataFrame(
    schema={
        "query_id": pl.String,
        "doc_id": pl.String,
        "relevance": pl.Int32,
        "line": pl.Int64,
    }
)


def _problems(house: House) -> Problems:
    return Problems(skip=house.settings.index.on_error == "skip")


def _finish(house: House, problems: Problems, **stats: Any) -> dict[str, Any]:
    problems.raise_if_any()
    for note in problems.notes:
        house.progress.note(note)
    for what, count in problems.skipped.items():
        house.progress.note(f"{what}: {count:,} {'row' if count == 1 else 'rows'} skipped")
    return {**stats, "skipped": dict(problems.skipped), "notes": list(problems.notes)}


def _copies(problems: Problems, copies: index.Copies, what: str) -> dict[str, int]:
    if copies.copies:
        verb = "have" if copies.copies > 1 else "has"
        problems.notes.append(
            f"{copies.copies:,} of the {what} {verb} the text of an earlier one: counted as one"
        )
    return {"copies": copies.copies}


def _check_dangling(
    house: House, raw: pl.DataFrame, docs: pl.DataFrame, asked: pl.DataFrame, problems: Problems
) -> None:
    file = house.sources.qrels_files[0]
    for column, ids, place in (("doc_id", docs, "corpus"), ("query_id", asked, "queries")):
        lost = index.dangling(raw, ids, column)
        for name, line in zip(lost[column].to_list(), lost["line"].to_list(), strict=True):
            problems.add(
                f"qrels name a {column} that is not in the {place}",
                file=file,
                row=line,
                message=f'{column} "{name}" is not in the {place}',
                remedy=f"Add it to the {place} or remove the qrels row.",
            )


def _count_qrels(
    house: House, merged: pl.DataFrame, asked: pl.DataFrame, problems: Problems
) -> dict[str, int]:
    positive = merged.filter(pl.col("relevance") >= house.settings.index.min_relevance)
    mined = positive["query_id"].n_unique()
    first = asked["same_as"].null_count()
    file = house.sources.qrels_files[0]
    if mined == 0:
        problems.add(
            "no query has a positive",
            file=file,
            row=None,
            message=f"no query has a document of relevance {house.settings.index.min_relevance} or more",
            remedy="Check the relevance column, or lower --min-relevance.",
            safe_to_skip=False,
        )
    elif mined < first:
        problems.notes.append(
            f"{first - mined:,} of {first:,} queries without a positive in {file.name}: not mined"
        )
    return {
        "queries_mined": mined,
        "queries_without_positives": first - mined,
        "positives": positive.height,
        "judged_negatives": merged.filter(pl.col("relevance") <= 0).height,
    }
