"""The learning rate: the best one for pairs without hard negatives, so that no recipe is favoured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from negmine.analysis.prove import pairs
from negmine.analysis.prove.plan import FEWEST, Split, drawn
from negmine.analysis.prove.recipes import IN_BATCH
from negmine.analysis.prove.runs import Run, Runs
from negmine.analysis.prove.student import Training
from negmine.engine.context import Context

SHARE = 0.1  # of the training queries that rates are tried on

RunsOf = Callable[[Split, Training], Runs]


def rated(
    context: Context, parts: Split, how: Training, runs_of: RunsOf, seed: int
) -> tuple[Training, dict[float, float]]:
    """Return how to train, with the best of its rates, and what each rate came to (nDCG@10).

    Each rate is tried once on pairs alone; a tenth of the training queries, at least 30, is kept out for it.
    The queries that recipes are tested on have no part in it. seed: of the draw of that tenth.
    """
    queries = parts.pairs["query_id"].n_unique()
    inner = drawn(parts.pairs, min(max(SHARE, FEWEST / queries), 0.5), seed)
    rows = pairs.rows(inner.pairs, None, 0, context.corpus.doc_ids(), 0)
    digest = pairs.digest(rows)
    context.progress.begin("learning rate")
    context.progress.total(len(how.rates), "trainings")
    by_rate = {}
    for rate in how.rates:
        runs, run = (
            runs_of(inner, replace(how, rate=rate)),
            Run(IN_BATCH, 0, rows, digest, curve=False),
        )
        outcome = (None if context.force else runs.kept(run)) or runs.done(run)
        by_rate[rate] = float(outcome.values.mean(axis=0)[0])
        context.progress.advance(1)
    return replace(how, rate=max(by_rate, key=lambda rate: by_rate[rate])), by_rate
