"""Doors of the judge: the survivors of the cheap rules, and what the judge says of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple, TypeVar

import polars as pl
import pyarrow as pa

from negmine.configuration import judge_budget
from negmine.doors.filter import cheap_verdicts
from negmine.engine import Parts
from negmine.frames import frame, table
from negmine.house import CANDIDATES, QUERIES, SURVIVORS, House
from negmine.identity import identity_of
from negmine.judge import Chat, Judgment
from negmine.judge.chat import HttpChat
from negmine.judge.local import LocalChat, fingerprint
from negmine.judge.prompts import template
from negmine.judge.replay import Budget, Recorded
from negmine.judge.session import Case, Outcome, Rules, judge
from negmine.models import short_name
from negmine.schemas import JUDGMENTS, POSITIVE
from negmine.schemas import SURVIVORS as SURVIVORS_SCHEMA

T = TypeVar("T")
QUERIES_AT_ONCE = 128  # whose texts are in memory together
MEMORY = "judge"  # beside the rooms: calls-<model>.sqlite


def survivors(house: House) -> Parts:
    """Whom the other rules kept."""
    cheap = cheap_verdicts(house)
    names = SURVIVORS_SCHEMA.names
    return Parts(cheap.count, lambda part: cheap.make(part).select(names).cast(SURVIVORS_SCHEMA))


def settings_of(house: House) -> dict[str, Any]:
    """Return what shapes the judgments."""
    rules, said = house.settings.filter, rules_of(house)
    asked = {"judge": _identity(house), "first": rules.judge_first, "scope": rules.judge_scope}
    method = ("batch", "rounds", "weighted") if said.method == "verdict" else ("beta",)
    shaping = {name: getattr(said, name) for name in ("method", "prompt", "wanted", *method)}
    return {**asked, **shaping, "prompt": identity_of(said.prompt), "budget": rules.judge_budget}


def rules_of(house: House) -> Rules:
    """Return how the judge is asked. `wanted` is what the write room will draw from."""
    rules, write = house.settings.filter, house.settings.write
    enough = write.pool if write.sampling == "random" else write.num_negatives
    return Rules(
        rules.judge_method,
        template(rules.judge_method, rules.judge_prompt),
        rules.judge_batch,
        rules.judge_rounds,
        rules.judge_beta,
        rules.judge_vote == "confidence",
        enough if rules.judge_scope == "survivors" else None,
    )


def _identity(house: House) -> str:
    """Return who answers: address and name, or the files of a model on this machine."""
    rules = house.settings.filter
    if rules.judge_local is not None:
        return f"local {fingerprint(rules.judge_local, house.digest)}"
    return f"{rules.judge_url} {rules.judge_model}"


@contextmanager
def open_chat(
    house: House, budget: Budget | None = None, model: str | None = None
) -> Iterator[Chat]:
    """Open the judge, or another `model` at its endpoint, behind the memory of what was asked before."""
    rules = house.settings.filter
    name = str(model or rules.judge)
    chat: Chat
    if rules.judge_local is not None:
        chat = LocalChat(name, house.settings.index.device, house.digest)
    else:
        chat = HttpChat(str(rules.judge_url), name, rules.judge_timeout, rules.judge_retries)
    identity = f"{rules.judge_url} {model}" if model else _identity(house)
    file = house.work.root / MEMORY / f"judge-{short_name(name)}.sqlite"
    recorded = Recorded(chat, identity, file, budget or Budget())
    try:
        yield recorded
    finally:
        recorded.close()


def judgments(house: House) -> Parts:
    """Row for row beside `candidates`: the judge's score and verdict, null where nobody was asked."""
    rules, said = house.settings.filter, rules_of(house)
    budget = Budget(**judge_budget(rules))
    spent = _Spent(house, budget)

    def make(part: int) -> pa.Table:
        rows = _rows(house, part)
        found: dict[int, Judgment] = {}
        with ExitStack() as stack:
            chat = stack.enter_context(open_chat(house, budget))
            first = None
            if rules.judge_first is not None:
                first = stack.enter_context(open_chat(house, budget, rules.judge_first))

            async def one(asked: _Asked) -> None:
                asked.keep(await judge(asked.case, said, chat, first), found)

            cases = _cases(house, rows, part, said.wanted is None)
            asyncio.run(each(cases, one, rules.judge_concurrency, house.progress.advance))
        spent.tell()
        return _table(rows, found)

    return Parts(house.query_parts, make, house.queries_per_part)


async def each(
    cases: Iterator[T],
    one: Callable[[T], Awaitable[None]],
    concurrency: int,
    done: Callable[[int], None],
) -> None:
    """Run `one` on all cases, `concurrency` at a time; the first error ends it all."""

    async def work() -> None:
        for case in cases:
            await one(case)
            done(1)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(work())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None


def count_judgments(rows: pl.LazyFrame) -> dict[str, object]:
    """Return the manifest's counts: who was asked about, and what was said."""
    counts = rows.group_by("judge_verdict").len().collect(engine="streaming").drop_nulls()
    said = dict(zip(counts["judge_verdict"], counts["len"], strict=True))
    return {"judged": sum(said.values()), "judge_verdicts": said}


class _Spent:
    """Says once that the budget is spent."""

    def __init__(self, house: House, budget: Budget) -> None:
        self._house, self._budget, self._told = house, budget, False

    def tell(self) -> None:
        if self._budget.exhausted() and not self._told:
            self._told = True
            self._house.progress.note(
                f"--judge-budget {self._house.settings.filter.judge_budget} is spent: candidates that were "
                "not asked about are not used (not_judged)"
            )


def _rows(house: House, part: int) -> pl.DataFrame:
    rows = frame(house.work.read(CANDIDATES, part, ["query_id", "doc_id", "label"]))
    return rows.with_columns(frame(house.work.read(SURVIVORS, part, ["kept"]))).with_row_index(
        "place"
    )


class _Asked(NamedTuple):
    """A query, and the places of its candidates and positives among the rows of a part."""

    candidates: list[int]
    positives: list[int]
    case: Case

    def keep(self, outcome: Outcome, found: dict[int, Judgment]) -> None:
        places = [*self.candidates, *self.positives]
        said = [*outcome.candidates, *outcome.positives]
        found.update((p, j) for p, j in zip(places, said, strict=True) if j is not None)


def _cases(house: House, rows: pl.DataFrame, part: int, everything: bool) -> Iterator[_Asked]:
    """Yield the queries of a part; texts are fetched for a few of them at a time."""
    positive = pl.col("label") == POSITIVE
    asked = rows.filter(positive | (pl.lit(True) if everything else pl.col("kept")))
    queries = frame(house.work.read(QUERIES, part, ["query_id", "text"])).rename({"text": "query"})
    group = pl.col("query_id").rle_id()
    for start in range(0, asked["query_id"].n_unique(), QUERIES_AT_ONCE):
        here = asked.filter(group.is_between(start, start + QUERIES_AT_ONCE, closed="left"))
        texts = house.texts(here["doc_id"])
        known = here.join(queries, on="query_id", how="left", maintain_order="left").join(
            texts, on="doc_id", how="left", maintain_order="left"
        )
        for one in known.partition_by("query_id", maintain_order=True):
            candidates, positives = one.filter(~positive), one.filter(positive)
            case = Case(
                one["query_id"][0],
                one["query"][0],
                positives["text"].to_list(),
                candidates["text"].to_list(),
            )
            yield _Asked(candidates["place"].to_list(), positives["place"].to_list(), case)


def _table(rows: pl.DataFrame, found: dict[int, Judgment]) -> pa.Table:
    said = pl.DataFrame(
        {
            "place": pl.Series(list(found), dtype=pl.UInt32),
            "score": pl.Series([j.score for j in found.values()], dtype=pl.Float32),
            "judge_verdict": pl.Series([j.verdict for j in found.values()], dtype=pl.String),
            "rounds": pl.Series([j.rounds for j in found.values()], dtype=pl.Int32),
        }
    )
    joined = rows.join(said, on="place", how="left", maintain_order="left")
    return table(joined.select(JUDGMENTS.names), JUDGMENTS)
