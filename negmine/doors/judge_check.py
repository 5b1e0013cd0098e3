"""Doors of the judge's own examination, of its gate, and of what it would cost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import polars as pl
import pyarrow as pa

from negmine.doors.judge import each, open_chat, rules_of, settings_of
from negmine.engine import Stream
from negmine.errors import GateNotMet
from negmine.frames import frame, table
from negmine.house import QRELS, QUERIES, SURVIVORS, House
from negmine.identity import identity_of
from negmine.judge.check import JUDGED_NEGATIVE, POSITIVE, RANDOM, Tally, Trial, examine
from negmine.judge.prompts import TOKENS_PER_LINE
from negmine.rooms.retrieve import positives
from negmine.schemas import CHECK

MOST_DOCUMENTS = 8  # in a trial: one positive, judged negatives where there are, random ones
CHARACTERS_A_TOKEN = 4  # of English; for estimates only


def check_settings(house: House) -> dict[str, Any]:
    """Return what shapes the examination."""
    asked = {k: v for k, v in settings_of(house).items() if k not in ("wanted", "budget", "scope")}
    return {**asked, "sample": house.settings.filter.judge_check}


def check(house: House) -> Stream:
    """Try the judge on known positives; one row per measure."""
    tally = Tally()

    def tables() -> Iterator[pa.Table]:
        trials = _trials(house)
        house.progress.total(trials.height, "queries")
        rules = rules_of(house)
        with open_chat(house) as chat:
            cases = (Trial(**row) for row in trials.iter_rows(named=True))
            asyncio.run(
                each(
                    cases,
                    lambda trial: examine(trial, rules, chat, tally),
                    house.settings.filter.judge_concurrency,
                    house.progress.advance,
                )
            )
        shares = tally.shares()
        rows = pl.DataFrame({"measure": list(shares), "value": list(shares.values())}, strict=False)
        yield table(rows, CHECK)

    return Stream(tables(), tally.shares)


def gate(house: House) -> None:
    """Raise GateNotMet where the judge missed too many known positives, unless --force was said."""
    rules = house.settings.filter
    if house.judge_check is None or house.force:
        return
    measured = house.work.require(house.judge_check).stats
    found = measured["sensitivity"] or 0.0
    if found < rules.min_sensitivity:
        raise GateNotMet(
            f"The judge {rules.judge} called {found:.0%} of {measured['positives']} known positives "
            f"relevant; --min-sensitivity asks for "
            f"{rules.min_sensitivity:.0%}. See: negmine judge-check {house.work.root}. Try another model or "
            "prompt, or take it as it is with --force."
        )


def _trials(house: House) -> pl.DataFrame:
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
    most = min(MOST_DOCUMENTS, house.settings.filter.judge_batch)
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
    for doc in (row["judged"] or [])[:2]:
        docs.append(doc)
        kinds.append(JUDGED_NEGATIVE)
    total, step = len(house.doc_ids), int(row["order"], 16)
    for number in range(most * 4):
        doc = house.doc_ids[(step + number * (step // 7 + 1)) % total]
        if len(docs) < most and doc not in docs and doc not in row["related"]:
            docs.append(doc)
            kinds.append(RANDOM)
    return docs, kinds


def estimate(house: House) -> dict[str, int]:
    """Return what judging would cost: queries, and calls, prompt and answer tokens at least and at most.

    At least: the first survivors are all no positives and every vote is settled at once. At most: every
    survivor is asked about in every round. Tokens are guessed from characters; calls that were paid
    for before are not taken off.
    """
    rules, lengths = rules_of(house), _lengths(house)
    by_vote = rules.method == "verdict"
    batch = rules.batch if by_vote else 1
    every = pl.len()
    wanted = every if rules.wanted is None else pl.min_horizontal(every, rules.wanted)
    columns: list[pl.Expr] = [every.alias("queries")]
    for name, count, rounds in (
        ("least", wanted, min(2, rules.rounds)),
        ("most", every, rules.rounds),
    ):
        calls = (count + batch - 1) // batch
        times = rounds if by_vote else 1
        letters = calls * len(rules.prompt) + pl.col("length").head(calls * batch).sum()
        lines = TOKENS_PER_LINE * pl.min_horizontal(calls * batch, every) if by_vote else calls
        columns += [
            (calls * times).alias(f"calls_{name}"),
            (letters * times // CHARACTERS_A_TOKEN).alias(f"tokens_{name}"),
            (lines * times).alias(f"answer_tokens_{name}"),
        ]
    sums = []
    for part in range(house.query_parts):
        rows = frame(house.work.read(SURVIVORS, part)).filter("kept")
        sized = rows.join(lengths, on="doc_id", how="left", maintain_order="left")
        sums.append(sized.group_by("query_id").agg(columns).drop("query_id"))
    found = pl.concat(sums)
    total = {name: int(found[name].sum()) for name in found.columns}
    return total | {"queries": found.height}


def _lengths(house: House) -> pl.DataFrame:
    index = house.settings.index
    title = pl.col("title").fill_null("").str.len_chars() if index.title else pl.lit(0)
    rows = house.work.scan("1-index/corpus")
    return rows.select("doc_id", length=title + pl.col("text").str.len_chars()).collect()
