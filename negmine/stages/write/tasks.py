"""Tasks of stage 5: ids become texts here, and nowhere before."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.engine.context import Context
from negmine.engine.tasks import Parts
from negmine.stages.write import compute, shapes
from negmine.storage.layout import QUERIES, VERDICTS


def training(context: Context) -> Parts:
    """The training file: text columns only."""
    settings = context.config.write

    def make(part: int) -> pa.Table:
        rows = _provenance(context, part)
        asked = context.work.read(QUERIES, part, ["query_id", "text"])
        texts = context.corpus.texts(shapes.document_ids(rows))
        return shapes.training_table(shapes.training(rows, asked, texts, settings), settings)

    return Parts(context.queries.parts(), make, threads=True)


def provenance(context: Context) -> Parts:
    """Ids, ranks, scores and retrievers, row for row beside the training file."""

    def make(part: int) -> pa.Table:
        return compute.provenance_table(
            _provenance(context, part), context.config.score_names, context.config.write
        )

    return Parts(context.queries.parts(), make, threads=True)


def short(context: Context) -> Parts:
    """The queries that got fewer negatives than asked."""

    def make(part: int) -> pa.Table:
        rows = context.work.read(VERDICTS, part)
        return compute.short_table(compute.short(rows, context.config.write))

    return Parts(context.queries.parts(), make, threads=True)


def _provenance(context: Context, part: int) -> pl.DataFrame:
    rows = context.work.read(VERDICTS, part)
    return compute.rows(
        rows, context.config.write, context.config.retriever_names, context.config.score_names
    )


def count_short(rows: pl.LazyFrame) -> dict[str, object]:
    """Return the manifest's counts of queries that got too few negatives, or none."""
    got = rows.select("asked", "got").collect()
    return {
        "queries_short": got.height,
        "queries_without_negatives": int((got["got"] == 0).sum()),
        "negatives_missing": int((got["asked"] - got["got"]).sum()),
    }
