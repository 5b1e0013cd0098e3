"""Neighbours in the plan: the values of documents, the run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import polars as pl

from negmine.config.naming import counted, flag
from negmine.config.resolved import ResolvedConfig
from negmine.data import schemas
from negmine.data.sources.columns import no_column
from negmine.data.sources.problems import Problems
from negmine.engine.artifact import Artifact
from negmine.engine.context import Context
from negmine.engine.tasks import Folder, Parts
from negmine.errors import InputError, SettingsError
from negmine.retrievers import search
from negmine.retrievers.base import Retriever, RetrieverType
from negmine.retrievers.neighbours.retriever import Neighbours
from negmine.retrievers.neighbours.values import Kind, Points, columns_of, counts, points
from negmine.storage.arrays import damaged, open_array
from negmine.storage.files import write_array
from negmine.storage.layout import CORPUS, QRELS, QUERIES

NAME = "neighbours"
INDEX, RUN = f"1-index/{NAME}", f"2-retrieve/{NAME}"
PLACE, VALUES = "place.npy", "values.npy"
_PLACES = ("neighbour_latitude", "neighbour_longitude")
SETTINGS = ("neighbour_column", "neighbour_match", *_PLACES)


def check(config: ResolvedConfig) -> None:
    """Raise SettingsError for settings that do not say what is near, or say it without the retriever."""
    index = config.index
    given = [flag(name) for name in SETTINGS if config.origins.get(name) == "flag"]
    places = [name for name in _PLACES if getattr(index, name) is not None]
    if NAME not in config.retriever_names:
        if given:
            raise SettingsError(f"{given[0]} is for the retriever {NAME}. Add --retriever {NAME}.")
        return
    if len(places) == 1:
        raise SettingsError(f"{flag(_PLACES[0])} and {flag(_PLACES[1])} go together. Give both.")
    if index.neighbour_column is None and not places:
        raise SettingsError(
            f"--retriever {NAME}: near in what? Give --neighbour-column COLUMN, or --neighbour-latitude COLUMN "
            "and --neighbour-longitude COLUMN."
        )
    if index.neighbour_column is not None and places:
        raise SettingsError(
            "--neighbour-column and --neighbour-latitude are two ways to be near. Leave one out."
        )
    if places and index.neighbour_match != "auto":
        raise SettingsError("--neighbour-match is for --neighbour-column. Leave it out.")


def _artifacts(context: Context, runs: Sequence[str]) -> Iterable[Artifact]:
    index = context.config.index
    shaping = index.model_dump(mode="json", include={*SETTINGS, "on_error"}, exclude_none=True)
    yield Artifact(INDEX, None, (CORPUS,), lambda: shaping, _build, quick=True)
    yield Artifact(
        RUN, schemas.RUN, (INDEX, QUERIES, QRELS), lambda: {"k": context.config.retrieve.k}, _run
    )


def _build(context: Context) -> Folder:
    def make(folder: Path) -> dict[str, Any]:
        problems = Problems(skip=context.config.index.on_error == "skip")
        made = points(_rows(context), context.config.index, problems)
        problems.raise_if_any()
        names = " and ".join(columns_of(context.config.index))
        if not len(made.values):
            raise InputError(f"No document has a value of {names}. Name another column.")
        write_array(folder / PLACE, made.place)
        write_array(folder / VALUES, made.values)
        numbers = counts(made)
        for what, count in problems.skipped.items():
            context.progress.note(f"{what}: {counted(count, 'values')} left out")
        if lacking := numbers["documents_without_value"]:
            context.progress.note(
                f"{counted(lacking, 'documents')} without a value of {names}: no neighbours of anything"
            )
        return {**numbers, "skipped": dict(problems.skipped)}

    return Folder(make)


def _rows(context: Context) -> pl.DataFrame:
    """Return doc_id and the named columns of every document. Raises InputError where one is missing."""
    wanted = columns_of(context.config.index)
    names = context.work.scan(CORPUS).collect_schema().names()
    for name in wanted:
        if name not in names:
            own = [one for one in names if one not in schemas.CORPUS.names]
            raise InputError(no_column(_flag_of(name, context), name, "documents", own))
    rows = context.work.scan(CORPUS).filter(pl.col("same_as").is_null())
    return rows.select("doc_id", *(pl.col(name).cast(pl.String) for name in wanted)).collect()


def _flag_of(column: str, context: Context) -> str:
    index = context.config.index
    return next(flag(name) for name in SETTINGS if getattr(index, name) == column)


def _open(context: Context) -> Retriever:
    folder, manifest = context.work.opened(INDEX), context.work.require(INDEX)
    documents = len(context.corpus)
    values = open_array(folder / VALUES, "f8", (None, len(columns_of(context.config.index))))
    place = open_array(folder / PLACE, "i8", (documents,))
    if place.min(initial=0) < -1 or place.max(initial=0) >= len(values):
        raise damaged(folder / PLACE, f"it names a value outside of 0 to {len(values) - 1:,}")
    kind = cast(Kind, manifest.stats["kind"])
    return Neighbours(
        Points(kind, place, values),
        context.corpus.doc_order(),
        lambda query_ids: _positives(context, query_ids),
    )


def _positives(context: Context, query_ids: pl.Series) -> pl.DataFrame:
    """Return query_id, doc (position) of the positives of these queries."""
    rows = (
        context.work.scan(QRELS)
        .filter(pl.col("relevance") >= context.config.index.min_relevance)
        .join(query_ids.to_frame("query_id").lazy(), on="query_id", how="semi")
        .select("query_id", "doc_id")
        .collect()
    )
    positions = pl.Series("doc", context.corpus.positions(rows["doc_id"]))
    return rows.select("query_id", positions)


def _run(context: Context) -> Parts:
    return search.run(context, _open, ordered=True)


NEIGHBOURS = RetrieverType(
    name=NAME,
    check=check,
    artifacts=_artifacts,
    run=lambda config: RUN,
    indexes=lambda context: (INDEX,),
    open=_open,
    ordered=True,
)
