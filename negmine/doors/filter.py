"""Doors of room 4: the verdicts. What they read beside scores: see doors/features.py."""

from __future__ import annotations

from functools import cached_property

import polars as pl
import pyarrow as pa

from negmine.configuration import effective_rules
from negmine.engine import Parts
from negmine.frames import frame
from negmine.house import CANDIDATES, CORPUS, FEATURES, QUERIES, House
from negmine.rooms import filter as room


def verdicts(house: House) -> Parts:
    """Every candidate with its verdict."""
    rules = effective_rules(house.settings)
    keys = _Keys(house)

    def make(part: int) -> pa.Table:
        scores = {
            name: frame(house.work.read(artifact, part, ["score"]))["score"]
            for name, artifact in house.scorers.items()
        }
        asked = frame(house.work.read(QUERIES, part, ["query_id", "text_key"]))
        return room.verdicts(
            frame(house.work.read(CANDIDATES, part)),
            frame(house.work.read(FEATURES, part)),
            scores,
            keys.corpus,
            asked.rename({"text_key": "query_key"}),
            rules,
            house.opinions,
        )

    return Parts(house.query_parts, make)


class _Keys:
    def __init__(self, house: House) -> None:
        self._house = house

    @cached_property
    def corpus(self) -> pl.DataFrame:
        return self._house.work.scan(CORPUS).select("doc_id", "text_key").collect()
