"""Which documents may be relevant to a query, after all that the run knows."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from negmine.config.settings import FilterSettings
from negmine.engine.context import Context
from negmine.stages.filter.limits.compute import applied
from negmine.stages.filter.limits.read import read_limits
from negmine.stages.filter.rules import RULES, fires
from negmine.storage.layout import QRELS, VERDICTS

# Reasons that say it of a candidate by themselves; they come first in the table of rules.
FACTS = (
    "is_positive",
    "partly_relevant",
    "same_text_as_positive",
    "near_duplicate_of_positive",
    "same_parent_as_positive",
    "contains_answer",
)
# Rules that are asked again, because a threshold may have been faster. Thresholds are left out: far below
# a positive's score may be the right place for a mined negative, and leaves no batch for a random one.
OPINIONS = ("owned_by_similar_query", "too_risky", "suspected_by_guide", "judged_relevant")


def relevant(context: Context) -> Iterator[pl.DataFrame]:
    """Yield query_id, doc_id of pairs: what people call relevant, then candidates, part by part."""
    people = context.work.scan(QRELS).filter(pl.col("relevance") > 0)
    yield people.select("query_id", "doc_id").collect()
    settings = applied(context.config.filter, read_limits(context))
    for part in context.work.parts(VERDICTS):
        yield part.filter(may_be_relevant(settings)).select("query_id", "doc_id")


def may_be_relevant(settings: FilterSettings) -> pl.Expr:
    """Return where a row of `verdicts` has a document that may be relevant to its query, never null."""
    rules = [rule for rule in RULES if rule.name in OPINIONS]
    opinions = [drops for rule in rules if (drops := fires(rule, settings)) is not None]
    return pl.any_horizontal(pl.col("reason").is_in(FACTS).fill_null(False), *opinions)
