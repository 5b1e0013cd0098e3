"""--dry-run: what the judge would cost, before it is asked anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import polars as pl

from negmine.data.schemas import POSITIVE
from negmine.engine.context import Context
from negmine.models.endpoint.budget import BYTES_A_TOKEN
from negmine.scorers.judge.rounds import AGAIN, Rules
from negmine.scorers.judge.session import ATTEMPTS, batches
from negmine.stages.filter.judge.chat import rules_of
from negmine.stages.filter.judge.check import trials
from negmine.stages.filter.judge.tasks import IS_GENERATED, asked_about, candidates
from negmine.storage.layout import CORPUS, GENERATED, QUERIES

AROUND = 40  # bytes of JSON and id around a document
SETTLED = 2  # rounds that a vote takes at least, where there are so many


def estimate(context: Context, is_examined: bool) -> dict[str, int]:
    """Return what judging would cost: queries, and calls, prompt and answer tokens at least and at most.

    At least: the first candidates are all no positives, every vote is settled at once, a first judge clears
    everything. At most: every candidate that may be asked about is, in every round, by both judges, and
    every answer is as long as it may be. The examination is in both, unless it is done. Tokens are
    guessed from lengths; calls that were paid for before are not taken off, and no budget is.
    """
    rules = rules_of(context)
    bill = _Bill(rules, context.config.filter.judge_first is not None)
    for query, others, positives, written in _queries(context):
        bill.query(query, others, positives)
        bill.written(query, written)
    examined = _Bill(rules, bill.two)
    if not is_examined:
        for trial in trials(context).iter_rows(named=True):
            lengths = [len(text.encode()) for text in trial["documents"]]
            examined.trial(len(trial["query"].encode()), lengths)
    total = bill.sums + examined.sums
    names = ("calls", "tokens", "answer_tokens")
    bounds = {
        f"{name}_{end}": total[f"{name}_{end}"] for name in names for end in ("least", "most")
    }
    bounds["examination_calls_most"] = examined.sums["calls_most"]
    return {"queries": bill.queries, **bounds}


class _Bill:
    """Adds up prompts."""

    def __init__(self, rules: Rules, two: bool) -> None:
        self.rules, self.two, self.queries = rules, two, 0
        self.sums: Counter[str] = Counter()

    def query(self, query: int, others: list[int], positives: list[int]) -> None:
        """Add a query: bytes of its text, of its candidates in the order of asking, of its positives."""
        rules = self.rules
        self.queries += 1
        enough = len(others) if rules.wanted is None else rules.wanted
        if rules.method == "logprob":
            self._pairs(query, positives, True)
            self._pairs(query, others[:enough], True)
            self._pairs(query, others[enough:], False)
            return
        for candidates_here, positives_here in batches(len(others), len(positives), rules):
            self._vote(
                query,
                [*others[candidates_here], *positives[positives_here]],
                candidates_here.start < enough,
            )

    def written(self, query: int, documents: list[int]) -> None:
        """Add what a language model wrote for a query: all of it is asked about."""
        if self.rules.method == "logprob":
            self._pairs(query, documents, True)
            return
        for start in range(0, len(documents), self.rules.batch):
            self._vote(query, documents[start : start + self.rules.batch], True)

    def trial(self, query: int, documents: list[int]) -> None:
        """Add a query of the examination."""
        if self.rules.method == "logprob":
            self._pairs(query, documents, True)
            return
        for start in range(0, len(documents), self.rules.batch):
            self._vote(query, documents[start : start + self.rules.batch], True)

    def _vote(self, query: int, documents: list[int], surely: bool) -> None:
        rules = self.rules
        most = (rules.rounds + AGAIN) * (2 if self.two else 1)
        self._add(query, documents, min(SETTLED, rules.rounds) if surely else 0, most)

    def _pairs(self, query: int, documents: list[int], surely: bool) -> None:
        for document in documents:
            self._add(query, [document], int(surely), ATTEMPTS)

    def _add(self, query: int, documents: list[int], least: int, most: int) -> None:
        """Add one prompt, sent so often."""
        size = len(self.rules.prompt.encode()) + query + sum(documents) + AROUND * len(documents)
        for end, times in (("least", least), ("most", most)):
            self.sums[f"calls_{end}"] += times
            self.sums[f"tokens_{end}"] += times * -(-size // BYTES_A_TOKEN)
            self.sums[f"answer_tokens_{end}"] += times * self.rules.answer_tokens(len(documents))


def _queries(context: Context) -> Iterator[tuple[int, list[int], list[int], list[int]]]:
    """Yield bytes of each query, of its candidates to be asked about, its positives, and what a model wrote."""
    lengths = _lengths(context)
    positive = pl.col("label") == POSITIVE
    for part in range(context.queries.parts()):
        rows_asked = asked_about(context, candidates(context, part))
        texts = context.work.read(QUERIES, part, ["query_id", "text"])
        queries = texts.select("query_id", query=pl.col("text").str.len_bytes())
        sized = rows_asked.join(lengths, on="doc_id", how="left", maintain_order="left")
        rows = sized.group_by("query_id", maintain_order=True).agg(
            others=pl.col("length").filter(~(positive | IS_GENERATED)),
            positives=pl.col("length").filter(positive),
            written=pl.col("length").filter(IS_GENERATED),
        )
        with_queries = rows.join(queries, on="query_id", how="left", maintain_order="left")
        yield from with_queries.select("query", "others", "positives", "written").iter_rows()


def _lengths(context: Context) -> pl.DataFrame:
    index = context.config.index
    title = pl.col("title").fill_null("").str.len_bytes() if index.title else pl.lit(0)
    rows = context.work.scan(CORPUS)
    indexed = rows.select("doc_id", length=title + pl.col("text").str.len_bytes()).collect()
    if not context.config.generates:
        return indexed
    texts = context.work.scan(GENERATED).select("doc_id", length=pl.col("text").str.len_bytes())
    return pl.concat([indexed, texts.drop_nulls("doc_id").collect()])
