"""Tasks of stage 5: ids become texts here, and nowhere before."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.engine.context import Context
from negmine.engine.tasks import Parts
from negmine.stages.write import compute
from negmine.stages.write.formats.registry import FORMATS
from negmine.stages.write.given import Given
from negmine.storage.layout import QUERIES, VERDICTS


def training(context: Context) -> Parts:
    """The training file: the columns that the trainer reads, and nothing else."""
    settings = context.config.write
    output = FORMATS[settings.format]
    given = Given(context)

    def make(part: int) -> pa.Table:
        rows = _provenance(given, part)
        queries = context.work.read(QUERIES, part, ["query_id", "text"])
        texts = context.corpus.texts(compute.document_ids(rows))
        return compute.training_table(rows, queries, texts, settings.negatives_written, output)

    return Parts(context.queries.parts(), make, threads=True, file_kind=output.file_kind)


def provenance(context: Context) -> Parts:
    """Ids, ranks, scores and retrievers, row for row beside the training file."""
    given = Given(context)

    def make(part: int) -> pa.Table:
        output = FORMATS[context.config.write.format]
        return compute.provenance_table(
            _provenance(given, part), context.config.score_names, output
        )

    return Parts(context.queries.parts(), make, threads=True)


def short(context: Context) -> Parts:
    """The queries that got fewer negatives than asked."""
    given = Given(context)

    def make(part: int) -> pa.Table:
        rows = context.work.read(VERDICTS, part)
        return compute.short_table(compute.short(rows, given.selection))

    return Parts(context.queries.parts(), make, threads=True)


def _provenance(given: Given, part: int) -> pl.DataFrame:
    config = given.context.config
    verdicts = given.context.work.read(VERDICTS, part)
    return compute.provenance(
        verdicts,
        given.selection,
        FORMATS[config.write.format],
        config.score_names,
        given.scales,
        given.random_documents(part, verdicts),
    )
