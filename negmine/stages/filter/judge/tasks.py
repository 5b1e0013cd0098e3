"""Tasks of the judge: the survivors of the other rules, and what the judge answers about them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import polars as pl
import pyarrow as pa

from negmine.data.frames import table
from negmine.data.identity import identity_of
from negmine.data.schemas import GENERATED, JUDGED_NEGATIVE, JUDGMENTS, POSITIVE
from negmine.data.schemas import SURVIVORS as SURVIVORS_SCHEMA
from negmine.engine.context import Context
from negmine.engine.tasks import DRIVER, Parts
from negmine.models.endpoint.each import each
from negmine.models.endpoint.spending import budget_notes
from negmine.scorers import registry
from negmine.scorers.judge.base import ABSTAINED, Judgment
from negmine.scorers.judge.session import Case, Outcome, judge
from negmine.stages.filter.judge.chat import budget_flag, open_judge, rules_of, spent_budget
from negmine.stages.filter.judge.chat import shaping as answer_shaping
from negmine.stages.filter.judge.check import gate
from negmine.stages.filter.tasks import cheap_verdicts
from negmine.stages.write.selection import ordered
from negmine.storage.layout import QUERIES, SURVIVORS

IS_GENERATED = pl.col("label") == GENERATED
QUERIES_AT_ONCE = 128  # whose texts are in memory together


def survivors(context: Context) -> Parts:
    """The verdicts of all rules but the judge's: query_id, doc_id, kept."""
    make = cheap_verdicts(context)
    names_of_columns = SURVIVORS_SCHEMA.names
    return Parts(
        context.queries.parts(),
        lambda part: make(part).select(names_of_columns).cast(SURVIVORS_SCHEMA),
    )


def shaping(context: Context) -> dict[str, Any]:
    """Return what shapes the judgments. The budget does not: it says how far to go, not what is said."""
    rules, answers = context.config.filter, answer_shaping(context)
    how_asked: dict[str, Any] = {"scope": rules.judge_scope, "wanted": rules_of(context).wanted}
    if rules.judge_scope == "survivors":
        how_asked["order"] = context.config.write.order
    return {**answers, **how_asked, "prompt": identity_of(answers["prompt"])}


def judgments(context: Context) -> Parts:
    """Row for row beside `candidates`: the judge's score and verdict, null where it was not asked.

    Raises GateNotMet for a judge that failed its examination.
    """
    gate(context)
    rules, how = context.config.filter, rules_of(context)

    def make(part: int) -> pa.Table:
        rows = candidates(context, part)
        judgments_by_place: dict[int, Judgment | None] = {}
        with open_judge(context) as opened:

            async def one(asked: _Asked) -> None:
                rules_here = replace(how, wanted=None) if asked.is_written else how
                outcome = await judge(asked.case, rules_here, opened.chat, opened.first)
                asked.keep(outcome, judgments_by_place)

            cases = _cases(context, rows, part)
            at_once = rules.judge_concurrency
            asyncio.run(each(cases, one, at_once, context.progress.advance, opened))
        return judgments_table(rows, judgments_by_place)

    def finish(stats: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        note_budget(context, "Candidates that were not asked about are not used (not_judged).")
        return {}

    return Parts(
        context.queries.parts(),
        make,
        context.work.queries_per_part(),
        finished=nothing_left,
        finish=finish,
        place=DRIVER,
    )


def nothing_left(part: pl.DataFrame) -> bool:
    """Tell whether nothing of a part of judgments is left to be asked."""
    return part.filter(pl.col("rounds") == 0).is_empty()


def count_judgments(rows: pl.LazyFrame) -> dict[str, object]:
    """Return the manifest's counts: who was asked about, what was said, and what is left to be asked."""
    left = (pl.col("rounds") == 0).fill_null(False).alias("left")
    counts = rows.group_by("judge_verdict", left).len().collect(engine="streaming")
    by_verdict = counts.drop_nulls().group_by("judge_verdict").agg(pl.col("len").sum())
    verdicts = dict(by_verdict.sort("judge_verdict").iter_rows())
    stats: dict[str, object] = {"judged": sum(verdicts.values()), "judge_verdicts": verdicts}
    cut, silent = (
        int(counts.filter("left", where)["len"].sum())
        for where in (pl.col("judge_verdict").is_null(), pl.col("judge_verdict") == ABSTAINED)
    )
    reasons = [f"the judge's budget was spent with {cut:,} documents to go"] if cut else []
    reasons += [f"the judge was not heard about {silent:,} documents"] if silent else []
    if reasons:
        stats["unfinished"] = "; ".join(reasons)
    row_hash = pl.struct("row", "judge_verdict", "rounds").hash(seed=0).sum()
    so_far = rows.with_row_index("row").select(row_hash).collect(engine="streaming").item()
    stats["so_far"] = f"{so_far:x}"
    return stats


def note_budget(context: Context, consequence: str) -> None:
    """Report what became of the budget, with what follows where it is spent, and of calls without an answer."""
    unheard = ": candidates without a verdict are not used (judge_abstained)"
    for note in budget_notes(spent_budget(context), budget_flag(context), consequence, unheard):
        context.progress.note(note)


def candidates(context: Context, part: int) -> pl.DataFrame:
    """Return a part of the candidates, with their place, kept, and in `key` the score that --order names."""
    order = context.config.write.order
    own = order in context.config.retriever_names
    named = [f"{order}_score"] if own else []
    rows = context.work.read(context.candidates, part, ["query_id", "doc_id", "label", *named])
    rows = rows.with_columns(context.work.read(SURVIVORS, part, ["kept"]))
    if order in registry.scorers(context.config) and order != "judge":
        score = context.work.read(registry.scorers(context.config)[order], part, ["score"])["score"]
        rows = rows.with_columns(score.alias(f"{order}_score"))
    return rows.with_row_index("place")


class _Asked(NamedTuple):
    """A query, and the places of its candidates and positives among the rows of a part.

    is_written: the candidates are what a language model wrote; all of them are asked about.
    """

    candidates: list[int]
    positives: list[int]
    case: Case
    is_written: bool = False

    def keep(self, outcome: Outcome, judgments_by_place: dict[int, Judgment | None]) -> None:
        """Keep what was said, and None for what the budget left out."""
        places = [*self.candidates, *self.positives]
        judgments = [*outcome.candidates, *outcome.positives][: len(places)]
        judgments_by_place.update(
            (place, one)
            for place, one in zip(places, judgments, strict=True)
            if one is not None or outcome.cut
        )


def asked_about(context: Context, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that the judge may be asked about, candidates in the order of asking.

    Survivors come in the order in which stage write takes them, so that those it takes are judged. Where
    people's word counts, what they judged not relevant is not asked about.
    """
    positive = pl.col("label") == POSITIVE
    if context.config.filter.judge_scope == "all":
        return rows
    order, word = context.config.write.order, context.config.filter.judged_negatives
    known = pl.lit(word != "ignore") & (pl.col("label") == JUDGED_NEGATIVE)
    chosen = rows.filter(positive | (pl.col("kept") & ~known))
    return ordered(chosen, "fused" if order == "judge" else order, people_first=False)


def _cases(context: Context, rows: pl.DataFrame, part: int) -> Iterator[_Asked]:
    """Yield the queries of a part; texts are fetched for a few of them at a time.

    What a language model wrote is asked about by itself, so that what is asked about retrieved documents, and
    what was paid for, stays the same.
    """
    positive = pl.col("label") == POSITIVE
    holds_to_positives = context.config.filter.judge_method == "logprob"
    rows_asked = asked_about(context, rows)
    queries = context.work.read(QUERIES, part, ["query_id", "text"]).rename({"text": "query"})
    group = pl.col("query_id").rle_id()
    for start in range(0, rows_asked["query_id"].n_unique(), QUERIES_AT_ONCE):
        here = rows_asked.filter(group.is_between(start, start + QUERIES_AT_ONCE, closed="left"))
        texts = context.corpus.texts(here["doc_id"])
        with_texts = here.join(queries, on="query_id", how="left", maintain_order="left").join(
            texts, on="doc_id", how="left", maintain_order="left"
        )
        for one in with_texts.partition_by("query_id", maintain_order=True):
            others, positives = one.filter(~(positive | IS_GENERATED)), one.filter(positive)
            known = positives["text"].to_list()
            about = (one["query_id"][0], one["query"][0])
            case = Case(*about, known, others["text"].to_list())
            yield _Asked(others["place"].to_list(), positives["place"].to_list(), case)
            written = one.filter(IS_GENERATED)
            if written.height:
                case = Case(*about, known if holds_to_positives else [], written["text"].to_list())
                yield _Asked(written["place"].to_list(), [], case, is_written=True)


def judgments_table(
    rows: pl.DataFrame, judgments_by_place: Mapping[int, Judgment | None]
) -> pa.Table:
    """Return judgments beside rows with their `place`; rounds 0 where the judge is still to be asked."""
    judgments = [j or Judgment(None, "", 0) for j in judgments_by_place.values()]
    columns = pl.DataFrame(
        {
            "place": pl.Series(list(judgments_by_place), dtype=pl.UInt32),
            "score": pl.Series([j.score for j in judgments], dtype=pl.Float32),
            "judge_verdict": pl.Series([j.verdict or None for j in judgments], dtype=pl.String),
            "rounds": pl.Series([j.rounds for j in judgments], dtype=pl.Int32),
        }
    )
    joined = rows.join(columns, on="place", how="left", maintain_order="left")
    return table(joined.select(JUDGMENTS.names), JUDGMENTS)
