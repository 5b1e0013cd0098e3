"""Write, the part that reads: verdicts, and the texts that are joined here and nowhere before."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.engine.tasks import Parts
from negmine.stages.context import QUERIES, VERDICTS, House
from negmine.stages.write import compute
from negmine.stages.write.formats.registry import format_named


def training(house: House) -> Parts:
    """The training file: the columns that the trainer reads, and nothing else."""
    settings = house.settings.write
    output = format_named(settings.format)

    def make(part: int) -> pa.Table:
        rows = _provenance(house, part)
        queries = house.work.read(QUERIES, part, ["query_id", "text"])
        texts = house.texts(compute.document_ids(rows))
        return compute.training_table(rows, queries, texts, settings.num_negatives, output)

    return Parts(house.query_parts, make, threads=True, file_kind=output.file_kind)


def provenance(house: House) -> Parts:
    """Ids, ranks, scores and retrievers, row for row beside the training file."""

    def make(part: int) -> pa.Table:
        output = format_named(house.settings.write.format)
        return compute.provenance_table(_provenance(house, part), house.opinions, output)

    return Parts(house.query_parts, make, threads=True)


def short(house: House) -> Parts:
    """The queries that got fewer negatives than asked."""

    def make(part: int) -> pa.Table:
        rows = house.work.read(VERDICTS, part)
        return compute.short_table(compute.short(rows, house.settings.write))

    return Parts(house.query_parts, make, threads=True)


def _provenance(house: House, part: int) -> pl.DataFrame:
    settings = house.settings.write
    return compute.provenance(
        house.work.read(VERDICTS, part),
        settings,
        format_named(settings.format),
        house.retrievers,
        house.opinions,
    )
