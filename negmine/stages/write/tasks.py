"""Tasks of stage 5: ids become texts here, and nowhere before."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.engine.context import Context
from negmine.engine.tasks import Parts
from negmine.stages.filter.contamination.dropped import Dropped
from negmine.stages.write import compute
from negmine.stages.write.formats.registry import FORMATS
from negmine.stages.write.selection import judged_first
from negmine.storage.layout import QUERIES, VERDICTS


def training(context: Context) -> Parts:
    """The training file: the columns that the trainer reads, and nothing else."""
    settings = context.config.write
    output, dropped = FORMATS[settings.format], Dropped(context)

    def make(part: int) -> pa.Table:
        rows = _provenance(context, part, dropped)
        queries = context.work.read(QUERIES, part, ["query_id", "text"])
        texts = context.corpus.texts(compute.document_ids(rows))
        return compute.training_table(rows, queries, texts, settings.num_negatives, output)

    return Parts(context.queries.parts(), make, threads=True, file_kind=output.file_kind)


def provenance(context: Context) -> Parts:
    """Ids, ranks, scores and retrievers, row for row beside the training file."""
    dropped = Dropped(context)

    def make(part: int) -> pa.Table:
        output = FORMATS[context.config.write.format]
        return compute.provenance_table(
            _provenance(context, part, dropped), context.config.score_names, output
        )

    return Parts(context.queries.parts(), make, threads=True)


def short(context: Context) -> Parts:
    """The queries that got fewer negatives than asked."""

    def make(part: int) -> pa.Table:
        rows = context.work.read(VERDICTS, part)
        return compute.short_table(compute.short(rows, context.config.write))

    return Parts(context.queries.parts(), make, threads=True)


def _provenance(context: Context, part: int, dropped: Dropped) -> pl.DataFrame:
    config = context.config
    return compute.provenance(
        dropped.written(context.work.read(VERDICTS, part)),
        config.write,
        FORMATS[config.write.format],
        config.retriever_names,
        config.score_names,
        judged_first(config.filter),
    )
