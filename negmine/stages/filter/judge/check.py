"""Doors of the judge's own examination, and of its gate."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import polars as pl
import pyarrow as pa

from negmine.data.frames import table
from negmine.data.identity import identity_of
from negmine.data.schemas import CHECK
from negmine.engine.tasks import Stream
from negmine.errors import GateNotMet, JudgeError
from negmine.scorers.judge.budget import BudgetSpent
from negmine.scorers.judge.check import JUDGED_NEGATIVE, POSITIVE, RANDOM, Tally, Trial, examine
from negmine.stages.context import QRELS, QUERIES, House
from negmine.stages.filter.judge.chat import budget_end, each, open_chats, rules_of, shaping
from negmine.stages.retrieve.compute import positives

PAIRS = (
    8  # logprob: documents in a trial; one positive, judged negatives where there are, random ones
)
MUTE = 0.1  # share of calls without anything that a model said, above which nothing is measured
FEW = 0.5  # specificity below which hardly anything would be left


def check_settings(house: House) -> dict[str, Any]:
    """Return what shapes the examination."""
    said = shaping(house)
    sample = house.settings.filter.judge_check
    return {**said, "prompt": identity_of(said["prompt"]), "sample": sample}


def check(house: House) -> Stream:
    """Try the judge on known positives; one row per measure."""
    tally = Tally()

    def tables() -> Iterator[pa.Table]:
        drawn = trials(house)
        house.progress.total(drawn.height, "queries")
        rules = rules_of(house)
        cases = (Trial(**row) for row in drawn.iter_rows(named=True))
        at_once = house.settings.filter.judge_concurrency
        with open_chats(house) as (chat, first):

            async def one(trial: Trial) -> None:
                with suppress(BudgetSpent):  # calls under way are paid for: let them come home
                    await examine(trial, rules, chat, first, tally)

            asyncio.run(each(cases, one, at_once, house.progress.advance))
        if house.judge_budget.spent:
            raise JudgeError(
                f"The judge's examination is not over. {budget_end(house)}; or lower --judge-check "
                f"{house.settings.filter.judge_check}."
            )
        budget = house.judge_budget
        if budget.unheard > MUTE * budget.asked:
            raise JudgeError(
                "The judge's examination is not over: some calls came back without anything that a model said "
                f"(an error, or the page of a proxy?): {budget.unheard:,} of {budget.asked:,}. Look at the "
                "endpoint; answers so far are kept, and the same command goes on."
            )
        shares = tally.shares()
        rows = pl.DataFrame({"measure": list(shares), "value": list(shares.values())}, strict=False)
        yield table(rows, CHECK)

    return Stream(tables(), tally.shares)


def gate(house: House) -> None:
    """Raise GateNotMet where the judge missed too many known positives, unless --force was said."""
    rules = house.settings.filter
    if house.judge_check is None:
        return
    note_weakness(house)
    measured = house.work.require(house.judge_check).stats
    found = measured["sensitivity"] or 0.0
    if found < rules.min_sensitivity and not house.force:
        first = measured["sensitivity_first"]
        tier = "" if first is None else f" (--judge-first {rules.judge_first} flagged {first:.0%})"
        raise GateNotMet(
            f"The judge {rules.judge} called {found:.0%} of {measured['positives']} known positives "
            f"relevant{tier}; --min-sensitivity asks for "
            f"{rules.min_sensitivity:.0%}. See: negmine judge-check {house.work.root}. Try another model or "
            "prompt, or take it as it is with --force."
        )


def note_weakness(house: House) -> None:
    """Say where the examined judge leaves hardly a negative: a judge that always says yes misses nothing."""
    measured = house.work.require(str(house.judge_check)).stats
    specificity, silent = measured["specificity"], measured["abstained"] or 0.0
    if specificity is not None and specificity < FEW and silent < FEW:
        house.progress.note(
            f"The judge {house.settings.filter.judge} calls only {specificity:.0%} of random documents and "
            "judged negatives not relevant: few candidates will be left, and --relabel would write wrong "
            "positives. Try another model or prompt."
        )


def trials(house: House) -> pl.DataFrame:
    """Draw the sample: query_id, query, documents, kinds; the same for the same data and size."""
    size = house.settings.filter.judge_check
    qrels = house.work.scan(QRELS).collect()
    known = positives(qrels, house.settings.index.min_relevance)
    one = known.group_by("query_id", maintain_order=True).first()
    order = [identity_of(["judge-check", name]) for name in one["query_id"]]
    drawn = one.with_columns(order=pl.Series(order)).sort("order").head(size)
    judged = (
        qrels.filter(pl.col("relevance") <= 0).group_by("query_id").agg(judged=pl.col("doc_id"))
    )
    rows = drawn.join(judged, on="query_id", how="left", maintain_order="left")
    rules = rules_of(house)
    most = max(2, rules.batch) if rules.method == "verdict" else PAIRS
    related = qrels.group_by("query_id").agg(related="doc_id")
    ids = [
        _documents(house, row, most)
        for row in rows.join(related, on="query_id", maintain_order="left").iter_rows(named=True)
    ]
    texts = dict(house.texts(pl.Series([d for docs, _ in ids for d in docs])).iter_rows())
    queries = dict(house.work.scan(QUERIES).select("query_id", "text").collect().iter_rows())
    return pl.DataFrame(
        {
            "query_id": rows["query_id"],
            "query": [queries[name] for name in rows["query_id"]],
            "documents": [[texts[doc] for doc in docs] for docs, _ in ids],
            "kinds": [kinds for _, kinds in ids],
        }
    )


def _documents(house: House, row: dict[str, Any], most: int) -> tuple[list[str], list[str]]:
    """Return a positive, up to two judged negatives, and random documents nobody judged for the query."""
    docs, kinds = [row["doc_id"]], [POSITIVE]
    for doc in (row["judged"] or [])[: min(2, most - 1)]:
        docs.append(doc)
        kinds.append(JUDGED_NEGATIVE)
    chance = random.Random(int(row["order"], 16))
    for _ in range(most * 4):
        doc = house.doc_ids[chance.randrange(len(house.doc_ids))]
        if len(docs) < most and doc not in docs and doc not in row["related"]:
            docs.append(doc)
            kinds.append(RANDOM)
    return docs, kinds
