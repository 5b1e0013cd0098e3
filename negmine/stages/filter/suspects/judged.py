"""The judge is asked about suspected positives: the same client, answers that were paid for, and budget."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from negmine.data.identity import identity_of
from negmine.engine.context import Context
from negmine.engine.tasks import DRIVER, Parts
from negmine.models.endpoint.each import each
from negmine.scorers.judge.base import Judgment
from negmine.scorers.judge.session import Case, judge_pairs
from negmine.stages.filter.judge.chat import open_judge, rules_of
from negmine.stages.filter.judge.chat import shaping as answer_shaping
from negmine.stages.filter.judge.check import gate
from negmine.stages.filter.judge.tasks import judgments_table, note_budget, nothing_left
from negmine.storage.layout import QUERIES, TESTED

QUERIES_AT_ONCE = 128  # whose texts are in memory together
Asked = tuple[list[int], Case]


def shaping(context: Context) -> dict[str, Any]:
    """Return what shapes the answers."""
    answers = answer_shaping(context)
    return {**answers, "prompt": identity_of(answers["prompt"])}


def judgments(context: Context) -> Parts:
    """What the judge says of every positive that a test suspects, each in a prompt without other positives.

    Raises GateNotMet for a judge that failed its examination.
    """
    gate(context)
    at_once, how = context.config.filter.judge_concurrency, rules_of(context)

    def make(part: int) -> pa.Table:
        rows = suspected(context, part)
        by_place: dict[int, Judgment | None] = {}
        with open_judge(context) as opened:

            async def one(asked: Asked) -> None:
                places, case = asked
                outcome = await judge_pairs(case, how, opened.chat, opened.first)
                by_place.update(zip(places, outcome.candidates, strict=True))

            cases = _cases(context, rows, part)
            asyncio.run(each(cases, one, at_once, context.progress.advance, opened))
        missing = dict.fromkeys(range(rows.height))  # the budget was spent before their turn
        return judgments_table(rows, missing | by_place)

    def finish(stats: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        note_budget(context, "Positives that were not asked about stay suspected.")
        return {}

    return Parts(context.queries.parts(), make, finished=nothing_left, finish=finish, place=DRIVER)


def suspected(context: Context, part: int) -> pl.DataFrame:
    """Return query_id, doc_id and place of a part's positives that a test suspects."""
    rows = context.work.read(TESTED, part, ["query_id", "doc_id", "suspected"])
    return rows.filter("suspected").drop("suspected").with_row_index("place")


def _cases(context: Context, rows: pl.DataFrame, part: int) -> Iterator[Asked]:
    """Yield the queries of a part that have suspects; texts are fetched for a few of them at a time."""
    queries = context.work.read(QUERIES, part, ["query_id", "text"]).rename({"text": "query"})
    group = pl.col("query_id").rle_id()
    for start in range(0, rows["query_id"].n_unique(), QUERIES_AT_ONCE):
        here = rows.filter(group.is_between(start, start + QUERIES_AT_ONCE, closed="left"))
        with_texts = here.join(queries, on="query_id", how="left", maintain_order="left").join(
            context.corpus.texts(here["doc_id"]), on="doc_id", how="left", maintain_order="left"
        )
        for one in with_texts.partition_by("query_id", maintain_order=True):
            case = Case(one["query_id"][0], one["query"][0], (), one["text"].to_list())
            yield one["place"].to_list(), case
