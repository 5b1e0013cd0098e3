"""Examples: a few contaminated texts of each set, beside the evaluation text that they are like."""

from __future__ import annotations

from typing import Any

import polars as pl

from negmine.analysis.decontaminate.training import ROLES
from negmine.engine.context import Context
from negmine.stages.filter.contamination.evaluation import EvaluationSet

LONGEST = 500  # characters of a text


def examples(
    context: Context, matches: pl.DataFrame, one: EvaluationSet, most: int
) -> list[dict[str, Any]]:
    """Return the contaminated texts that are most alike, queries first, then positives, then negatives.

    matches: role, id, test, value, eval_what, eval_id, span_start, span_words, of this set. A text is there
    once.
    """
    order = pl.col("role").replace_strict({role: place for place, role in enumerate(ROLES)})
    chosen = (
        matches.sort(order, -pl.col("value"), "id", "test")
        .unique("id", keep="first", maintain_order=True)
        .head(most)
    )
    if chosen.is_empty():
        return []
    is_query = pl.col("role") == "queries"
    texts = context.queries.texts(chosen.filter(is_query)["id"])
    texts |= dict(context.corpus.texts(chosen.filter(~is_query)["id"]).iter_rows())
    theirs = _evaluation_texts(one, chosen)
    return [
        {
            **{name: row[name] for name in ("role", "id", "test")},
            "value": round(row["value"], 4),
            "text": texts[row["id"]][:LONGEST],
            "eval_what": row["eval_what"],
            "eval_id": row["eval_id"],
            "eval_text": theirs[row["eval_what"], row["eval_id"]][:LONGEST],
            "span_start": row["span_start"],
            "span_words": row["span_words"],
        }
        for row in chosen.iter_rows(named=True)
    ]


def _evaluation_texts(one: EvaluationSet, chosen: pl.DataFrame) -> dict[tuple[str, str], str]:
    """Return the texts of a few evaluation queries and documents: the set is read once more."""
    wanted = chosen.select(what="eval_what", id="eval_id").unique()
    texts: dict[tuple[str, str], str] = {}
    for what, rows in one.texts(lambda note: None):
        ids = wanted.filter(pl.col("what") == what).select("id")
        some = rows.join(ids, on="id", how="semi")
        texts |= {(what, name): text for name, text in some.select("id", "text").iter_rows()}
    return texts
