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
from negmine.settings import FilterSettings


def verdicts(house: House) -> Parts:
    """Every candidate with its verdict."""
    return _verdicts(house, effective_rules(house.settings), house.judge)


def cheap_verdicts(house: House) -> Parts:
    """The verdicts of every rule but the judge's."""
    rules = effective_rules(house.settings).model_copy(
        update={"judge_model": None, "judge_local": None}
    )
    return _verdicts(house, rules, None)


def _verdicts(house: House, rules: FilterSettings, judge: str | None) -> Parts:
    keys = _Keys(house)
    scorers = {name: a for name, a in house.scorers.items() if name != "judge" or judge}

    def make(part: int) -> pa.Table:
        scores = {
            name: frame(house.work.read(artifact, part, ["score"]))["score"]
            for name, artifact in scorers.items()
        }
        judged = frame(house.work.read(judge, part, ["judge_verdict"])) if judge else None
        asked = frame(house.work.read(QUERIES, part, ["query_id", "text_key"]))
        return room.verdicts(
            frame(house.work.read(CANDIDATES, part)),
            frame(house.work.read(FEATURES, part)),
            scores,
            None if judged is None else judged["judge_verdict"],
            keys.corpus,
            asked.rename({"text_key": "query_key"}),
            rules,
            [*house.retrievers, *scorers],
        )

    return Parts(house.query_parts, make)


class _Keys:
    def __init__(self, house: House) -> None:
        self._house = house

    @cached_property
    def corpus(self) -> pl.DataFrame:
        return self._house.work.scan(CORPUS).select("doc_id", "text_key", "body_key").collect()
