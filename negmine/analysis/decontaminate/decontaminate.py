"""`decontaminate`: what a run trains on, against evaluation sets. Changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from negmine.analysis.decontaminate.examples import examples
from negmine.analysis.decontaminate.training import ROLES, Training, read_training
from negmine.config.addresses import place_of
from negmine.engine.context import Context
from negmine.engine.status import STALE, survey
from negmine.errors import SettingsError
from negmine.stages.filter.contamination.block import BY_VECTORS, TESTS
from negmine.stages.filter.contamination.dropped import QUERIES, ROWS
from negmine.stages.filter.contamination.evaluation import DOCUMENT, QUERY, open_sets
from negmine.stages.filter.contamination.measure import Measurement
from negmine.stages.filter.contamination.tasks import set_counts
from negmine.stages.plan import make_plan
from negmine.storage.layout import training as files_of


def decontaminate(context: Context, against: Sequence[Path], limit: int) -> dict[str, Any]:
    """Return, for each evaluation set, which training texts are contaminated, and by which test.

    limit: examples of each set. Raises MissingArtifact before `write` has run, SettingsError without a set,
    InputError for one that cannot be read.
    """
    if not against:
        raise SettingsError("Against what? Give --against FOLDER, once for each evaluation set.")
    rules = context.config.filter
    places = [place_of(path, "--against") for path in against]
    sets = open_sets(places, rules, context.config.index, context.work.remote)
    training = read_training(context)
    _note_stale(context)
    context.progress.begin("decontaminate")
    context.progress.total(sum(len(ids) for ids in training.ids.values()), "texts")
    measured = Measurement(context, sets)
    matches = pl.concat([_NO_MATCHES, *measured.matches(training.texts)])
    queries, rows = training.contaminated(*_ids(matches))
    by_role = _by_role(matches, training)
    named = [
        {
            **counts,
            "path": str(one.path),
            "contaminated": _counts(of_set, training, _run(measured, one.name)),
            "ids": {role: _distinct(of_set, role) for role in ROLES},
            "examples": examples(context, of_set, one, limit),
        }
        for one, counts in zip(sets, set_counts(measured), strict=True)
        for of_set in [by_role.filter(pl.col("set") == one.name)]
    ]
    return {
        "work": context.work.name,
        "format": context.config.write.main_format,
        "training": {
            **{role: len(ids) for role, ids in training.ids.items()},
            "rows": training.rows,
        },
        "contaminated": {"queries": queries, "rows": rows},
        "counted": ROWS if rules.drop_contaminated == ROWS else QUERIES,
        "documents": rules.eval_documents,
        "tests": _tests(measured),
        "sets": named,
    }


def _note_stale(context: Context) -> None:
    """Say where the training files are older than the verdicts or settings in force."""
    files = set(map(files_of, context.config.write.format))
    states = survey(context, make_plan(context))
    stale = [
        one.artifact.name for one in states if one.artifact.name in files and one.state == STALE
    ]
    if stale:
        context.progress.note(
            f"{', '.join(stale)}: stale, and is what was compared. To bring it up to date: "
            f"negmine write {context.work.name}"
        )


_NO_MATCHES = pl.DataFrame(
    schema={
        **dict.fromkeys(("what", "id", "set", "test"), pl.String),
        "value": pl.Float32,
        **dict.fromkeys(("eval_what", "eval_id"), pl.String),
        **dict.fromkeys(("token_match", "ngram_match"), pl.Float32),
        **dict.fromkeys(("span_start", "span_words"), pl.Int64),
    }
)


def _tests(measured: Measurement) -> dict[str, float | None]:
    """Return the tests that are on, with the share or cosine from which each fires."""
    how = measured.how
    limits = dict(zip(TESTS, (None, how.ngrams, how.span, how.similarity), strict=True))
    return {test: limit for test, limit in limits.items() if test in how.tests}


def _ids(matches: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    queries, documents = (
        matches.filter(pl.col("what") == what)["id"].unique() for what in (QUERY, DOCUMENT)
    )
    return queries, documents


def _by_role(matches: pl.DataFrame, training: Training) -> pl.DataFrame:
    """Return the matches with the role of the training text; a document may be positive and negative."""
    pieces = []
    for role, ids in training.ids.items():
        what = QUERY if role == "queries" else DOCUMENT
        rows = matches.filter(pl.col("what") == what).join(ids.to_frame(), on="id", how="semi")
        pieces.append(rows.with_columns(role=pl.lit(role)))
    return pl.concat(pieces)


def _run(measured: Measurement, name: str) -> frozenset[str]:
    """Return the tests that a set was put to."""
    return measured.how.tests - (set() if name in measured.with_vectors else {BY_VECTORS})


def _counts(
    matches: pl.DataFrame, training: Training, run: frozenset[str]
) -> dict[str, dict[str, int | None]]:
    """Return by role how many texts there are, how many are contaminated, and how many by each test.

    run: the tests that were made; null for others.
    """
    counts: dict[str, dict[str, int | None]] = {}
    for role, ids in training.ids.items():
        rows = matches.filter(pl.col("role") == role)
        by_test = dict(rows.group_by("test").agg(pl.col("id").n_unique()).iter_rows())
        tests = {test: by_test.get(test, 0) if test in run else None for test in TESTS}
        counts[role] = {"texts": len(ids), "contaminated": rows["id"].n_unique(), **tests}
    return counts


def _distinct(matches: pl.DataFrame, role: str) -> list[str]:
    return matches.filter(pl.col("role") == role)["id"].unique().sort().to_list()
