"""What is trained: the split of the queries, and the rows of every recipe and seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from negmine.analysis.prove import pairs
from negmine.analysis.prove.negatives import negatives
from negmine.analysis.prove.recipes import (
    IN_BATCH,
    PLAIN,
    RANDOM,
    Flags,
    recipe_context,
    recipe_names,
)
from negmine.analysis.prove.settings import ProveSettings
from negmine.analysis.prove.split import grouped, held_out
from negmine.engine.context import Context
from negmine.errors import InputError, SettingsError
from negmine.scorers import registry
from negmine.stages.readiness import require_scores

MANY_CONFLICTS = 0.5  # known positives that a query meets in a batch
FEWEST = 30  # queries; with fewer, hardly any difference between recipes can be seen


@dataclass(frozen=True)
class Split:
    """Which queries are tested on.

    groups: query_id, group of those. pairs: query_id, doc_id to train on. relevant: the same of the tested.
    """

    tested: pl.Series
    groups: pl.DataFrame
    pairs: pl.DataFrame
    relevant: pl.DataFrame


def drawn(positives: pl.DataFrame, share: float, seed: int) -> Split:
    """Draw a share of the queries of some pairs (query_id, doc_id) to test on."""
    groups = grouped(positives)
    tested = held_out(groups, share, seed)
    is_tested = pl.col("query_id").is_in(tested.to_list())
    return Split(
        tested,
        groups.filter(is_tested),
        positives.filter(~is_tested),
        positives.filter(is_tested),
    )


@dataclass(frozen=True)
class Recipe:
    """A recipe's rows for every seed, as ids.

    share: of the negatives that are not random; None without any. conflicts: see pairs.conflicts.
    """

    name: str
    rows: Sequence[pl.DataFrame]
    negatives: int
    share: float | None
    conflicts: float


def split(context: Context, settings: ProveSettings) -> Split:
    """Draw the queries to test on. Raises SettingsError where they are too few to see anything."""
    parts = drawn(context.queries.all_positives(), settings.holdout, settings.split_seed)
    tested = len(parts.tested)
    if tested < FEWEST and not settings.allow_few:
        raise SettingsError(
            f"Only {tested} queries would be tested on. With fewer than {FEWEST}, hardly any difference can be "
            "seen. Raise --holdout, bring more queries, or give --allow-few."
        )
    return parts


def recipes(
    context: Context,
    own: Mapping[str, Flags],
    settings: ProveSettings,
    parts: Split,
    batch: int,
    config: Path | None,
) -> list[Recipe]:
    """Return every recipe with its rows. batch: rows in a batch of the training. config: see `prove`.

    Raises SettingsError for a recipe that cannot work, MissingArtifact where scores that it reads are missing.
    """
    contexts = {}
    for name in recipe_names(own, settings.leave_out, settings.against):
        contexts[name] = recipe_context(context, name, own, config)
        if name not in PLAIN:
            require_scores(contexts[name])
            _note_labels(contexts[name], name)
    context.progress.begin("training rows")
    context.progress.total(len(contexts), "recipes")
    made = []
    for name, one in contexts.items():
        made.append(_recipe(one, name, settings.seeds, parts, batch))
        context.progress.advance(1)
    _note_conflicts(context, made, batch)
    return made


def _recipe(context: Context, name: str, seeds: int, parts: Split, batch: int) -> Recipe:
    wanted = 0 if name == IN_BATCH else context.config.write.num_negatives
    chosen = _chosen(context, name, parts)
    documents = _minable(context, parts)
    every = [pairs.rows(parts.pairs, chosen, wanted, documents, seed) for seed in range(seeds)]
    share = None if chosen is None else pairs.own_share(parts.pairs, chosen, wanted)
    return Recipe(name, every, wanted, share, pairs.conflicts(every[0], parts.pairs, batch))


def _chosen(context: Context, name: str, parts: Split) -> pl.DataFrame | None:
    """Return query_id, doc_id of a recipe's own negatives; None where its rows have no negatives."""
    if name == IN_BATCH:
        return None
    if name == RANDOM:
        return _EMPTY
    try:
        return negatives(context, parts.relevant)
    except InputError as error:
        raise InputError(f"The recipe {name}: {error}") from error


def _minable(context: Context, parts: Split) -> pl.Series:
    """Return the doc_ids that may be negatives (see `negatives`)."""
    documents = context.corpus.doc_ids()
    return documents.filter(~documents.is_in(parts.relevant["doc_id"].to_list()))


def _note_conflicts(context: Context, made: Sequence[Recipe], batch: int) -> None:
    """Note where batches hold so many known positives as negatives that a recipe may suffer from it."""
    worst = max(made, key=lambda recipe: recipe.conflicts)
    if worst.conflicts > MANY_CONFLICTS:
        context.progress.note(
            f"In a batch of {batch} rows, a query meets {worst.conflicts:.1f} of its other known positives as "
            f"negatives of other rows ({worst.name}): the corpus is small, or queries have many positives. The "
            "loss takes them for negatives. Try a smaller --train-batch-size."
        )


_EMPTY = pl.DataFrame(schema={"query_id": pl.String, "doc_id": pl.String})


def _note_labels(context: Context, name: str) -> None:
    """Note what a recipe reads that was made with the labels of all queries."""
    rules = context.config.filter
    if rules.max_leak is not None:
        context.progress.note(
            f"{name}: what --max-leak chose rests on the labels of all queries, the tested ones too."
        )
    if registry.judge(context.config) is not None:
        context.progress.note(
            f"{name}: which candidates the judge was asked about rests on the labels of all queries."
        )
