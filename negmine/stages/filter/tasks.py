"""Doors of room 4: the verdicts. What they read beside scores: see doors/features.py."""

from __future__ import annotations

from functools import cached_property

import polars as pl
import pyarrow as pa

from negmine.config.effective import effective_rules, opinions
from negmine.config.settings import FilterSettings
from negmine.data.schemas import POSITIVE
from negmine.engine.tasks import Parts
from negmine.stages.context import CANDIDATES, CORPUS, FEATURES, QUERIES, House
from negmine.stages.filter import compute as room
from negmine.stages.filter.limits import compute as limits
from negmine.stages.filter.risk.signals import with_signals
from negmine.stages.filter.rules import SIGNALS, needed


def verdicts(house: House) -> Parts:
    """Every candidate with its verdict."""
    return _verdicts(house, effective_rules(house.settings), house.judge)


def cheap_verdicts(house: House) -> Parts:
    """The verdicts of every rule but the judge's."""
    return _verdicts(house, without_judge(effective_rules(house.settings)), None)


def without_judge(rules: FilterSettings) -> FilterSettings:
    """Return the rules as they are where nobody asks a judge."""
    return rules.model_copy(update={"judge_model": None, "judge_local": None})


def _verdicts(house: House, rules: FilterSettings, judge: str | None) -> Parts:
    keys = Keys(house)
    scorers = {name: a for name, a in house.scorers.items() if name != "judge" or judge}
    found = house.limits

    def make(part: int) -> pa.Table:
        scores = {
            name: house.work.read(artifact, part, ["score"])["score"]
            for name, artifact in scorers.items()
        }
        judged = house.work.read(judge, part, ["judge_verdict"]) if judge else None
        rows = room.gathered(
            house.work.read(CANDIDATES, part),
            house.work.read(FEATURES, part),
            scores,
            None if judged is None else judged["judge_verdict"],
        ).with_columns(limits.percentile_column(found))
        if SIGNALS in needed(rules):
            rows = with_signals(rows, opinions(house.settings))
        return room.verdicts(
            rows,
            keys.corpus,
            keys.queries(part),
            limits.applied(rules, found),
            house.retrievers,
            list(scorers),
        )

    return Parts(house.query_parts, make, threads=True)


class Keys:
    """Hashes of normalised texts: who has the same text as whom."""

    def __init__(self, house: House) -> None:
        self._house = house

    @cached_property
    def corpus(self) -> pl.DataFrame:
        """doc_id, text_key, body_key of every document."""
        return self._house.work.scan(CORPUS).select("doc_id", "text_key", "body_key").collect()

    def queries(self, part: int) -> pl.DataFrame:
        """query_id, query_key of the queries of a part."""
        asked = self._house.work.read(QUERIES, part, ["query_id", "text_key"])
        return asked.rename({"text_key": "query_key"})


def positive_scores(house: House, score: str) -> pl.LazyFrame:
    """Return query_id, doc_id, score of every known positive by one opinion."""
    rows = house.work.scan(CANDIDATES)
    if score in house.scorers:
        scored = house.work.scan(house.scorers[score]).select("score")
        rows = pl.concat([rows.drop("score"), scored], how="horizontal")
    else:
        rows = rows.with_columns(score=pl.col(f"{score}_score"))
    return rows.filter(pl.col("label") == POSITIVE).select("query_id", "doc_id", "score")
