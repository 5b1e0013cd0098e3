"""Tasks of the judge's examination on known positives, and its gate."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import polars as pl
import pyarrow as pa

from negmine.data.frames import table
from negmine.data.identity import identity_of
from negmine.data.qrels import positives
from negmine.data.schemas import CHECK
from negmine.engine.context import Context
from negmine.engine.tasks import Stream
from negmine.errors import GateNotMet, JudgeError
from negmine.models.endpoint.budget import BudgetSpent
from negmine.models.endpoint.each import each
from negmine.models.endpoint.spending import budget_end
from negmine.scorers import registry
from negmine.scorers.judge.check import JUDGED_NEGATIVE, POSITIVE, RANDOM, Tally, Trial, examine
from negmine.scorers.judge.recorded import Recorded
from negmine.stages.filter.judge.chat import budget_flag, open_judge, rules_of
from negmine.stages.filter.judge.chat import shaping as answer_shaping
from negmine.storage.layout import QRELS, QUERIES

PAIRS = (
    8  # logprob: documents in a trial; one positive, judged negatives where there are, random ones
)
MUTE = 0.1  # share of calls without anything that a model said, above which nothing is measured
EXAMPLE = 120  # characters of an unreadable answer that are shown
FEW = 0.5  # specificity below which hardly anything would be left


def shaping(context: Context) -> dict[str, Any]:
    """Return what shapes the examination."""
    answers = answer_shaping(context)
    sample = context.config.filter.judge_check
    return {**answers, "prompt": identity_of(answers["prompt"]), "sample": sample}


def check(context: Context) -> Stream:
    """Try the judge on known positives; one row per measure."""
    tally, unread = Tally(), dict[str, Any]()

    def tables() -> Iterator[pa.Table]:
        drawn = trials(context)
        context.progress.total(drawn.height, "queries")
        rules = rules_of(context)
        cases = (Trial(**row) for row in drawn.iter_rows(named=True))
        at_once = context.config.filter.judge_concurrency
        with open_judge(context) as opened:
            chat, first, budget = opened

            async def one(trial: Trial) -> None:
                with suppress(BudgetSpent):  # calls under way are paid for: let them come home
                    await examine(trial, rules, chat, first, tally)

            asyncio.run(each(cases, one, at_once, context.progress.advance, opened))
            unread.update(_unread(chat))
        if budget.spent:
            raise JudgeError(
                "The judge's examination is not over. "
                f"{budget_end(budget, budget_flag(context))}; or lower --judge-check "
                f"{context.config.filter.judge_check}."
            )
        if budget.unheard > MUTE * budget.asked:
            raise JudgeError(
                "The judge's examination is not over: some calls came back without anything that a model said "
                f"(an error, or the page of a proxy?): {budget.unheard:,} of {budget.asked:,}. Look at the "
                "endpoint; answers so far are kept, and the same command goes on."
            )
        shares = tally.shares()
        rows = pl.DataFrame({"measure": list(shares), "value": list(shares.values())}, strict=False)
        yield table(rows, CHECK)

    return Stream(tables(), lambda: {**tally.shares(), **unread})


def _unread(chat: Recorded) -> dict[str, Any]:
    """Return how many of the judge's answers cannot be read, with the beginning of the first of them."""
    example = " ".join(chat.first_unreadable.split())[:EXAMPLE]
    return {
        "answers": chat.answers,
        "answers_unreadable": chat.unreadable,
        "unreadable_example": example or None,
    }


def gate(context: Context) -> None:
    """Raise GateNotMet where the judge missed too many known positives, unless --force was said."""
    rules = context.config.filter
    if registry.judge_check(context.config) is None:
        return
    note_weakness(context)
    check = str(registry.judge_check(context.config))
    measured = context.work.require(check).stats
    sensitivity = measured["sensitivity"] or 0.0
    if sensitivity < rules.min_sensitivity and not context.force:
        first = measured["sensitivity_first"]
        unread = _unread_text(measured)
        tier = "" if first is None else f" (--judge-first {rules.judge_first} flagged {first:.0%})"
        raise GateNotMet(
            f"The judge {rules.judge} called {sensitivity:.0%} of {measured['positives']} known positives "
            f"relevant{tier}; --min-sensitivity asks for {rules.min_sensitivity:.0%}.{unread} "
            f"See: negmine judge-check {context.work.name}. Try another model or prompt, or take it as it is "
            "with --force."
        )


def _unread_text(measured: Mapping[str, Any]) -> str:
    """Return a sentence on answers that cannot be read, with a leading space; empty without any."""
    count, example = measured.get("answers_unreadable", 0), measured.get("unreadable_example")
    if not count:
        return ""
    return f" {count:,} of its {measured['answers']:,} answers cannot be read, the first is {example!r}."


def note_weakness(context: Context) -> None:
    """Say where the examined judge leaves hardly a negative: a judge that always says yes misses nothing."""
    measured = context.work.require(str(registry.judge_check(context.config))).stats
    specificity, silent = measured["specificity"], measured["abstained"] or 0.0
    if specificity is not None and specificity < FEW and silent < FEW:
        context.progress.note(
            f"The judge {context.config.filter.judge} calls only {specificity:.0%} of random documents and "
            "judged negatives not relevant: few candidates will be left, and --relabel would write wrong "
            "positives. Try another model or prompt."
        )
    if measured["sensitivity"] == 0 and silent < FEW:
        context.progress.note(
            f"The judge {context.config.filter.judge} calls none of {measured['positives']:,} known positives "
            "relevant: it would let every missed positive pass as a negative. Try another model or prompt."
        )


def trials(context: Context) -> pl.DataFrame:
    """Draw the sample: query_id, query, documents, kinds; the same for the same data and size."""
    size = context.config.filter.judge_check
    qrels = context.work.scan(QRELS).collect()
    positive_pairs = positives(qrels, context.config.index.min_relevance)
    one = positive_pairs.group_by("query_id", maintain_order=True).first()
    order = [identity_of(["judge-check", name]) for name in one["query_id"]]
    drawn = one.with_columns(order=pl.Series(order)).sort("order").head(size)
    judged = (
        qrels.filter(pl.col("relevance") <= 0).group_by("query_id").agg(judged=pl.col("doc_id"))
    )
    rows = drawn.join(judged, on="query_id", how="left", maintain_order="left")
    rules = rules_of(context)
    most = max(2, rules.batch) if rules.method == "verdict" else PAIRS
    related = qrels.group_by("query_id").agg(related="doc_id")
    ids = [
        _documents(context, row, most)
        for row in rows.join(related, on="query_id", maintain_order="left").iter_rows(named=True)
    ]
    texts = dict(context.corpus.texts(pl.Series([d for docs, _ in ids for d in docs])).iter_rows())
    queries = dict(context.work.scan(QUERIES).select("query_id", "text").collect().iter_rows())
    return pl.DataFrame(
        {
            "query_id": rows["query_id"],
            "query": [queries[name] for name in rows["query_id"]],
            "documents": [[texts[doc] for doc in docs] for docs, _ in ids],
            "kinds": [kinds for _, kinds in ids],
        }
    )


def _documents(context: Context, row: dict[str, Any], most: int) -> tuple[list[str], list[str]]:
    """Return a positive, up to two judged negatives, and random documents nobody judged for the query."""
    docs, kinds = [row["doc_id"]], [POSITIVE]
    for doc in (row["judged"] or [])[: min(2, most - 1)]:
        docs.append(doc)
        kinds.append(JUDGED_NEGATIVE)
    chance = random.Random(int(row["order"], 16))
    for _ in range(most * 4):
        doc = context.corpus.doc_ids()[chance.randrange(len(context.corpus))]
        if len(docs) < most and doc not in docs and doc not in row["related"]:
            docs.append(doc)
            kinds.append(RANDOM)
    return docs, kinds
