"""The retriever `given`: the negatives that a file of --pairs has, as the run of whoever mined them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from negmine.config.outside import SOURCES
from negmine.config.pairs_formats import GIVEN as NAME
from negmine.config.pairs_formats import has_given, has_negatives
from negmine.config.resolved import ResolvedConfig
from negmine.data import schemas
from negmine.data.frames import table
from negmine.data.sources import open_sources
from negmine.data.sources.problems import Problems
from negmine.engine.artifact import Artifact
from negmine.engine.context import Context
from negmine.engine.tasks import Folder, Parts
from negmine.errors import SettingsError
from negmine.retrievers import search
from negmine.retrievers.base import Retriever, RetrieverType
from negmine.retrievers.run.build import ROWS, SCHEMA, ids_of, ordered, spill
from negmine.retrievers.run.retriever import FinishedRun
from negmine.storage.files import scratch_path, table_file
from negmine.storage.layout import CORPUS, GIVEN_INDEX, QRELS, QUERIES

RUN = f"2-retrieve/{NAME}"


def _check(config: ResolvedConfig) -> None:
    index = config.index
    if not index.given_negatives and not has_negatives(index):
        if config.origins.get("given_negatives") == "flag":
            raise SettingsError(
                "--no-given-negatives: the data has no negatives. Leave it out, or give --pairs FILE with a "
                "--pairs-format that has some."
            )
    elif NAME in config.retriever_names and not has_given(index):
        raise SettingsError(
            f"--retriever {NAME} finds the negatives of a --pairs file, and there are none to find. Give "
            "--pairs FILE with negatives (see --pairs-format), without --no-given-negatives."
        )


def _artifacts(context: Context, runs: Sequence[str]) -> Iterable[Artifact]:
    def shaping() -> dict[str, Any]:
        index = context.config.index
        files = open_sources(index, context.work.remote).query_files
        digests = [context.work.digest_of(path) for path in files]
        return {"sources": digests, "pairs_format": index.pairs_format}

    yield Artifact(
        GIVEN_INDEX, None, (CORPUS, QUERIES), shaping, _build, uses=SOURCES, quick=True,
    )  # fmt: skip
    yield Artifact(
        RUN, schemas.RUN, (GIVEN_INDEX, QUERIES, QRELS),
        lambda: {"k": context.config.retrieve.k}, _search,
    )  # fmt: skip


def _build(context: Context) -> Folder:
    def make(folder: Path) -> dict[str, Any]:
        return build(context, folder)

    return Folder(make)


def build(context: Context, folder: Path) -> dict[str, Any]:
    """Write the negatives of --pairs as the index of a run; return what the manifest counts.

    rows: of the file. rows_without: those without a negative. negatives: in the lists; of them `empty` have no
    text, and `repeated` the text of another of the same query, in `queries_with_repeated` queries.
    """
    counts: Counter[str] = Counter()
    sources = open_sources(context.config.index, context.work.remote)
    ids, order, problems = ids_of(context), context.corpus.doc_order(), Problems(skip=False)
    path = Path(sources.query_files[0])
    with (
        scratch_path(folder / "spilled.parquet") as spilled,
        table_file(folder / ROWS, SCHEMA) as out,
    ):
        blocks = spill(sources.negatives(counts), path, ids, spilled, problems)
        problems.raise_if_any()
        for block in sorted(blocks):
            rows = pl.scan_parquet(spilled).filter(pl.col("block") == block).collect()
            counts.update(_repeated(rows))
            out.write(table(ordered(rows.sort("line"), order), SCHEMA))
    names = ("rows", "rows_without", "negatives", "empty", "repeated", "queries_with_repeated")
    return {name: counts[name] for name in names}


def _repeated(rows: pl.DataFrame) -> dict[str, int]:
    """Count rows of a document that the query has already, and the queries with such rows."""
    by_query = rows.group_by("query").agg(repeated=pl.len() - pl.col("doc").n_unique())
    repeated = by_query["repeated"]
    return {
        "repeated": int(repeated.sum()),
        "queries_with_repeated": int((repeated > 0).sum()),
    }


def _open(context: Context) -> Retriever:
    folder = context.work.opened(GIVEN_INDEX)
    return FinishedRun(NAME, folder, len(context.corpus))


def _search(context: Context) -> Parts:
    return search.run(context, _open, ordered=True)


GIVEN = RetrieverType(
    name=NAME,
    check=_check,
    artifacts=_artifacts,
    run=lambda config: RUN,
    indexes=lambda context: (GIVEN_INDEX,),
    open=_open,
    ordered=True,
    evidence=False,
)
