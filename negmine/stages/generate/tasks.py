"""Task of `documents`: what a language model writes for each query."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from negmine.engine.context import Context
from negmine.engine.tasks import DRIVER, Parts
from negmine.models.endpoint.each import each
from negmine.models.endpoint.spending import budget_notes
from negmine.stages.generate import model
from negmine.stages.generate.short import is_wanted, short_shaping
from negmine.stages.generate.writing import LEFT, Request, documents_table, write

QUERIES_AT_ONCE = 128  # whose texts are in memory together


def shaping(context: Context) -> dict[str, Any]:
    """Return what shapes the documents. The budget does not: it says how far to go, not what is written."""
    return model.shaping(context) | short_shaping(context)


def documents(context: Context) -> Parts:
    """A row for each request to the model: what came of it, and the text where there is one."""

    def make(part: int) -> pa.Table:
        rows_by_query: dict[str, list[dict[str, Any]]] = {}
        with model.open_model(context) as opened:

            async def one(request: Request) -> None:
                rows_by_query[request.query_id] = await write(request, opened.writer)

            at_once = context.config.generate.generate_concurrency
            cases = requests(context, part)
            asyncio.run(each(cases, one, at_once, context.progress.advance, opened))
        order = context.queries.mined(part)["query_id"]
        return documents_table([row for name in order for row in rows_by_query.get(name, [])])

    def finish(stats: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        _note_budget(context)
        return {}

    return Parts(
        context.queries.parts(),
        make,
        context.work.queries_per_part(),
        finished=lambda part: part.filter(pl.col("outcome").is_in(LEFT)).is_empty(),
        finish=finish,
        place=DRIVER,
    )


def requests(context: Context, part: int) -> Iterator[Request]:
    """Yield what is asked for the queries of a part; texts are fetched for a few of them at a time."""
    prompts, count = model.prompts(context), context.config.generate.generate_count
    queries = context.queries.mined(part).select("query_id", "text").filter(is_wanted(context))
    positives = context.queries.positives(part)
    for start in range(0, queries.height, QUERIES_AT_ONCE):
        here = queries.slice(start, QUERIES_AT_ONCE)
        own = here.join(positives, on="query_id", how="inner", maintain_order="left_right")
        texts = context.corpus.indexed_texts(own["doc_id"]).rename({"text": "positive"})
        grouped = (
            own.join(texts, on="doc_id", how="left", maintain_order="left")
            .group_by("query_id", maintain_order=True)
            .agg(pl.col("text").first(), pl.col("positive"))
        )
        for query_id, query, positive_texts in grouped.iter_rows():
            yield Request(query_id, query, positive_texts, prompts, count)


def _note_budget(context: Context) -> None:
    """Report what became of the budget, and of calls without an answer."""
    budget = model.spent_budget(context)
    flag = f"--generate-budget {context.config.generate.generate_budget}"
    for note in budget_notes(budget, flag, "What is written so far is used.", ""):
        context.progress.note(note)
