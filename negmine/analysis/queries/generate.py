"""`generate-queries`: a language model writes queries for documents that have none, and retrieval checks them.

InPars (Bonifacio et al. 2022) and GPL (Wang et al. 2022) train on such queries.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from negmine.analysis.queries import asking, compute, output
from negmine.analysis.queries.documents import cases, chosen, without_query
from negmine.analysis.queries.round_trip import ranks, searches
from negmine.analysis.queries.settings import QuerySettings
from negmine.data.sources.swapped import D2Q
from negmine.engine.context import Context
from negmine.engine.status import require_fresh, survey
from negmine.errors import SettingsError
from negmine.models.endpoint.budget import guess_tokens
from negmine.models.endpoint.each import each
from negmine.models.endpoint.spending import budget_notes
from negmine.retrievers.registry import types
from negmine.stages.generate import model
from negmine.stages.generate.prompts import ask_for
from negmine.stages.generate.writing import OUTCOMES, WRITTEN
from negmine.stages.plan import make_plan
from negmine.storage.layout import CORPUS, QRELS, QUERIES

ALL_OUTCOMES = (*OUTCOMES, asking.COPIES, compute.YOURS, compute.NOT_FOUND)


def generate_queries(context: Context, settings: QuerySettings, out: Path) -> dict[str, Any]:
    """Write files of new queries and their qrels: each finds the document that it was written for.

    Returns `work`, `folder`, `documents` (without_query, asked), `requests` (outcome to count), `queries` (how
    many are in the files), `found_by` (retriever to count) and `not_asked_of` (retrievers that cannot search
    for new queries). Answers are kept in the work directory; nothing else changes there. Raises SettingsError,
    InputError; GeneratorError, also where no query is left, and the files stay; MissingArtifact
    before `index` has run; NotTrusted.
    """
    output.check(out)
    writing = _ready(context, settings)
    documents = without_query(context)
    some = chosen(context, documents, settings)
    keys = context.work.scan(QUERIES).select("text_key").collect()["text_key"]
    with context.work.hold():  # answers and vectors are kept
        able, unable = searches(context)
        rows = compute.told_apart(_asked(writing, settings, some), keys)
        written = rows.filter(pl.col("outcome") == WRITTEN)
        placed = compute.filtered(written, ranks(context, written, able, settings.found_within))
    kept = placed.filter(pl.col("outcome") == WRITTEN)
    outcomes = pl.concat([rows.filter(pl.col("outcome") != WRITTEN), placed], how="diagonal")
    found = dict(outcomes.group_by("outcome").len().iter_rows())
    counts = {name: found[name] for name in ALL_OUTCOMES if name in found}
    output.require_some(out, counts)
    output.write(out, kept, list(able))
    for note in output.unreadable_notes(counts):
        context.progress.note(note)
    return {
        "work": context.work.name,
        "folder": str(out),
        "documents": {"without_query": documents.height, "asked": some.height},
        "requests": counts,
        "queries": kept.height,
        "found_within": settings.found_within,
        "found_by": {name: kept[f"{name}_rank"].count() for name in able},
        "not_asked_of": unable,
    }


def estimate(context: Context, settings: QuerySettings) -> dict[str, int]:
    """Return documents, and calls, prompt and answer tokens at least and at most; asks nobody.

    Prompt tokens are guessed from lengths; calls that were paid for before are not taken off.
    """
    _ready(context, settings)
    some = chosen(context, without_query(context), settings)
    prompt, calls, tokens = asking.prompt_of(settings.prompt), 0, 0
    for case in cases(context, some, settings.per_document):
        for number in range(1, case.count + 1):
            messages = ask_for(prompt, "", case.document, number, case.count)
            calls += 1
            tokens += sum(guess_tokens(text["content"]) for text in messages)
    return {
        "documents": some.height,
        "calls_least": calls,
        "calls_most": calls,
        "tokens_least": tokens,
        "tokens_most": tokens,
        "answer_tokens_least": 0,
        "answer_tokens_most": calls * settings.generate_max_tokens,
    }


def _ready(context: Context, settings: QuerySettings) -> Context:
    """Return the context in which the model is asked. Raises where something is missing, or is not trusted."""
    if context.config.index.direction == D2Q:
        raise SettingsError(
            "generate-queries writes queries for documents. This run has negative queries for documents: mine "
            "with --direction q2d, in a work directory of its own."
        )
    asking.prompt_of(settings.prompt)
    context.trust.require(("retrieve",))
    indexes = {name for kind in types(context.config) for name in kind.indexes(context)}
    require_fresh(context, survey(context, make_plan(context)), {CORPUS, QUERIES, QRELS, *indexes})
    return replace(context, config=replace(context.config, generate=settings.writer))


def _asked(context: Context, settings: QuerySettings, some: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each request (see `asking.ask`), in the order of the documents."""
    prompt = asking.prompt_of(settings.prompt)
    rows: dict[str, list[dict[str, Any]]] = {}
    context.progress.begin("queries")
    context.progress.total(some.height, "documents")
    with model.open_model(context, asking.readable) as opened:

        async def one(case: asking.Case) -> None:
            rows[case.doc_id] = await asking.ask(case, prompt, opened.writer)

        asyncio.run(
            each(
                cases(context, some, settings.per_document),
                one,
                settings.generate_concurrency,
                context.progress.advance,
                opened,
            )
        )
    flag = f"--generate-budget {settings.generate_budget}"
    for note in budget_notes(
        model.spent_budget(context), flag, "Queries come from the answers that are there.", ""
    ):
        context.progress.note(note)
    return compute.table([row for name in some["doc_id"] for row in rows.get(name, [])])
