"""The trainings of one experiment: each is done once, kept in the work directory, and read again after that."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.analysis.prove import pairs
from negmine.analysis.prove.evaluate import METRICS, by_query, evaluator
from negmine.analysis.prove.plan import Recipe, Split
from negmine.analysis.prove.recipes import UNTRAINED
from negmine.analysis.prove.student import Training, trained
from negmine.data.identity import identity_of
from negmine.engine.context import Context
from negmine.models.load import load
from negmine.storage.layout import CORPUS, QUERIES
from negmine.storage.proofs import read_training, write_training

CURVE = 4  # points of a learning curve, of the first seed alone
REVISION = 2  # of what a training is and how it is tested


@dataclass(frozen=True)
class Run:
    """One training.

    seed: None for the student as it came. rows: ids of what it trains on. digest: of rows. curve: whether it is
    tested on the way.
    """

    recipe: str
    seed: int | None
    rows: pl.DataFrame | None
    digest: str | None
    curve: bool


@dataclass(frozen=True)
class Outcome:
    """What came of a run. values: float32 [queries, METRICS]. steps: batches. seconds: that it took."""

    run: Run
    values: NDArray[np.float32]
    curve: list[tuple[int, float]]
    steps: int
    seconds: float


class Runs:
    """All trainings of a student on one split."""

    def __init__(self, context: Context, split: Split, how: Training, student: str) -> None:
        self._context, self._split, self._how = context, split, how
        documents, queries = (context.work.require(name).identity for name in (CORPUS, QUERIES))
        index = context.config.index
        self._base = [REVISION, student, how.shaping(), documents, queries, index.title]
        self._base += [
            index.title_separator,
            list(split.relevant.sort("query_id", "doc_id").iter_rows()),
        ]

    def identity(self, run: Run) -> str:
        """Return what makes a run the same as another."""
        return identity_of([*self._base, run.digest, run.seed])

    def kept(self, run: Run) -> Outcome | None:
        """Return a run that was done before, or None."""
        kept = read_training(self._context.work, self.identity(run))
        if kept is None or kept[0].height != len(self.queries):
            return None
        rows, facts = kept
        curve = [(int(step), float(value)) for step, value in facts["curve"]]
        values = rows.select(METRICS).to_numpy()
        return Outcome(run, values, curve, int(facts["steps"]), float(facts["seconds"]))

    def done(self, run: Run) -> Outcome:
        """Train and test; keep the outcome."""
        start, curve, steps = time.monotonic(), list[tuple[int, float]](), 0
        if run.rows is None:
            model = load(self._how.spec)
        else:
            columns = pairs.columns(self._context, run.rows)
            model, steps = trained(self._how, columns, run.seed or 0, self._on_the_way(run, curve))
        values = by_query(self._judge, model)
        if run.curve:
            curve.append((steps, float(values.mean(axis=0)[0])))
        outcome = Outcome(run, values, curve, steps, time.monotonic() - start)
        rows = pl.DataFrame({"query_id": self.queries}).with_columns(
            pl.Series(name, values[:, place]) for place, name in enumerate(METRICS)
        )
        facts = {
            "recipe": run.recipe,
            "seed": run.seed,
            "curve": curve,
            "steps": steps,
            "seconds": outcome.seconds,
        }
        write_training(self._context.work, self.identity(run), rows, facts)
        return outcome

    def _on_the_way(self, run: Run, curve: list[tuple[int, float]]) -> Any:
        """Return what tests the student of the first seed between batches, for its learning curve."""

        def test(step: int, steps: int, model: Any) -> None:
            marks = {round(steps * part / CURVE) for part in range(1, CURVE)} - {steps}
            if run.curve and step in marks:
                curve.append((step, float(by_query(self._judge, model).mean(axis=0)[0])))

        return test

    @cached_property
    def queries(self) -> list[str]:
        """The tested queries, in the order of `Outcome.values`."""
        return self._split.tested.to_list()

    @cached_property
    def groups(self) -> NDArray[np.int64]:
        """The group of each tested query, from 0."""
        named = self._split.tested.to_frame("query_id").join(
            self._split.groups, on="query_id", how="left", maintain_order="left"
        )
        return named["group"].rank("dense").to_numpy().astype(np.int64) - 1

    @cached_property
    def _judge(self) -> Any:
        texts = self._context.queries.texts(self._split.tested)
        documents = {
            name: text
            for table in self._context.corpus.documents()
            for name, text in pl.DataFrame(table).select("doc_id", "text").iter_rows()
        }
        relevant: dict[str, set[str]] = {}
        for query, document in self._split.relevant.iter_rows():
            relevant.setdefault(query, set()).add(document)
        return evaluator({name: texts[name] for name in self.queries}, documents, relevant)


def all_runs(recipes: Sequence[Recipe]) -> list[Run]:
    """Return the student as it came, then every recipe with the first seed, with the second, and so on."""
    seeds = range(len(recipes[0].rows))
    trainings = [
        Run(recipe.name, seed, rows, pairs.digest(rows), curve=seed == 0)
        for seed in seeds
        for recipe in recipes
        for rows in [recipe.rows[seed]]
    ]
    return [Run(UNTRAINED, None, None, None, curve=False), *trainings]
