"""Doors of room 5: texts are joined here, and nowhere before."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.engine.tasks import Parts
from negmine.stages.context import QUERIES, VERDICTS, House
from negmine.stages.write import compute as room
from negmine.stages.write import shapes


def training(house: House) -> Parts:
    """The training file: text columns only."""
    settings = house.settings.write

    def make(part: int) -> pa.Table:
        rows = _provenance(house, part)
        asked = house.work.read(QUERIES, part, ["query_id", "text"])
        texts = house.texts(shapes.document_ids(rows))
        return shapes.training_table(shapes.training(rows, asked, texts, settings), settings)

    return Parts(house.query_parts, make, threads=True)


def provenance(house: House) -> Parts:
    """Ids, ranks, scores and retrievers, row for row beside the training file."""

    def make(part: int) -> pa.Table:
        return room.provenance_table(_provenance(house, part), house.opinions, house.settings.write)

    return Parts(house.query_parts, make, threads=True)


def short(house: House) -> Parts:
    """The queries that got fewer negatives than asked."""

    def make(part: int) -> pa.Table:
        rows = house.work.read(VERDICTS, part)
        return room.short_table(room.short(rows, house.settings.write))

    return Parts(house.query_parts, make, threads=True)


def _provenance(house: House, part: int) -> pl.DataFrame:
    rows = house.work.read(VERDICTS, part)
    return room.rows(rows, house.settings.write, house.retrievers, house.opinions)


def count_short(rows: pl.LazyFrame) -> dict[str, object]:
    """Return the manifest's counts of queries that got too few negatives, or none."""
    got = rows.select("asked", "got").collect()
    return {
        "queries_short": got.height,
        "queries_without_negatives": int((got["got"] == 0).sum()),
        "negatives_missing": int((got["asked"] - got["got"]).sum()),
    }
