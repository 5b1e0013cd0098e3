"""`mine --dry-run` with --model-url: what would be sent to the endpoint. Nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from negmine.config.dense import DenseModel
from negmine.data.frames import frame
from negmine.data.sources import open_sources
from negmine.data.sources.problems import Problems
from negmine.data.texts import rendered
from negmine.engine.context import Context
from negmine.models.api_encoder import ApiEncoder
from negmine.models.encoder import Kind
from negmine.models.endpoint.budget import guess_tokens
from negmine.storage.layout import VECTORS
from negmine.storage.vectors import exact_keys, stored_keys

Texts = Iterator[list[str]]


def embedding_cost(
    context: Context, models: Sequence[DenseModel], is_indexed: bool
) -> dict[str, int]:
    """Return what encoding by these models at an endpoint would cost, at most: texts, tokens, requests.

    stored: counts the texts that are in the cache, and cost nothing.
    Tokens are guessed from lengths. is_indexed: the tables of stage 1 are those of these sources; otherwise the
    sources are read, copies among them.
    """
    cost = {"texts": 0, "tokens": 0, "requests": 0, "stored": 0}
    for model in models:
        _add(context, model, _indexed(context) if is_indexed else _in_sources(context), cost)
    return cost


def _add(
    context: Context, model: DenseModel, texts_of: dict[Kind, Texts], cost: dict[str, int]
) -> None:
    index, store = context.config.index, context.work.cache(VECTORS)
    for kind, batches in texts_of.items():
        encoder = ApiEncoder(model.documents if kind == "document" else model.queries, index)
        stored, prompt = stored_keys(store / encoder.identity(kind)), encoder.prompt(kind)
        for texts in batches:
            is_new = ~exact_keys(texts).is_in(stored.implode())
            asked = [prompt + text for text, new in zip(texts, is_new, strict=True) if new]
            cost["texts"] += len(asked)
            cost["stored"] += len(texts) - len(asked)
            cost["tokens"] += sum(map(guess_tokens, asked))
            cost["requests"] += len(encoder.plan(asked))


def _indexed(context: Context) -> dict[Kind, Texts]:
    return {
        "document": (table["text"].to_pylist() for table in context.corpus.documents()),
        "query": (table["text"].to_pylist() for table in context.queries.tables()),
    }


def _in_sources(context: Context) -> dict[Kind, Texts]:
    index, problems = context.config.index, Problems(skip=True)
    sources = open_sources(index, context.work.remote)
    text = rendered(index.title, index.title_separator)

    def texts(table: Any, column: pl.Expr) -> list[str]:
        column_of_texts = frame(table).select(column).to_series()
        return column_of_texts.filter(column_of_texts.str.strip_chars() != "").to_list()

    return {
        "document": (texts(table, text) for table in sources.corpus(problems)),
        "query": (texts(table, pl.col("text")) for table in sources.queries(problems)),
    }
