"""`prove`: train the student on every recipe, test it on queries kept out, and say which recipe is best."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from negmine.analysis.prove.plan import Split, recipes, split
from negmine.analysis.prove.rate import rated
from negmine.analysis.prove.recipes import Flags
from negmine.analysis.prove.result import compared
from negmine.analysis.prove.runs import Outcome, Run, Runs, all_runs
from negmine.analysis.prove.settings import ProveSettings
from negmine.analysis.prove.student import Training, training
from negmine.data.sources.swapped import D2Q
from negmine.engine.context import Context
from negmine.engine.status import survey
from negmine.errors import SettingsError
from negmine.models.locate import model_fingerprint, resolve_model
from negmine.stages.plan import make_plan
from negmine.stages.readiness import made_from, require_scores
from negmine.storage.proofs import write_result


def prove(
    context: Context, own: Mapping[str, Flags], settings: ProveSettings, config: Path | None = None
) -> dict[str, Any]:
    """Return the result (docs/reference/json-output.md, `prove`); trainings and result are kept in WORK.

    context: of the work directory; its `force` trains again what was trained before. own: the user's recipes,
    name to settings of filter and write, laid over those of `context`. config: the file that those are from, if
    any. Raises SettingsError, MissingArtifact, InputError, MissingDependency.
    """
    start = time.monotonic()
    if context.config.index.direction == D2Q:
        raise SettingsError(
            "prove tests how well queries find documents. This run has negative queries for documents: mine "
            "with --direction q2d, in a work directory of its own."
        )
    require_scores(context)
    folder = resolve_model(str(settings.student), context.work.digest, "--student")
    how = training(settings, folder)
    parts = split(context, settings)
    chosen = recipes(context, own, settings, parts, how.batch, config)
    fingerprint = model_fingerprint(folder, context.work.digest)

    def runs_of(parts: Split, how: Training) -> Runs:
        return Runs(context, parts, how, fingerprint)

    how, by_rate = (
        rated(context, parts, how, runs_of, settings.split_seed) if how.rates else (how, {})
    )
    runs = runs_of(parts, how)
    outcomes, left_out = _all(context, runs, all_runs(chosen), settings.max_minutes, start)
    result = {
        "student": settings.student,
        "made_from": made_from(context, survey(context, make_plan(context))),
        "against": settings.against,
        "queries": _counts(parts),
        "training": {
            **how.shaping(),
            "seeds": settings.seeds,
            "device": how.spec.device,
            "steps": max(one.steps for one in outcomes),
            "rates": [{"learning_rate": rate, "ndcg@10": value} for rate, value in by_rate.items()],
        },
        **compared(chosen, own, outcomes, runs.groups, settings.against),
        "left_out": [{"recipe": run.recipe, "seed": run.seed} for run in left_out],
    }
    write_result(context.work, result)
    return result


def _all(
    context: Context, runs: Runs, wanted: Sequence[Run], minutes: float | None, start: float
) -> tuple[list[Outcome], list[Run]]:
    """Return what came of the runs, and those for which the time was too short."""
    progress = context.progress
    progress.begin("training")
    progress.total(len(wanted), "trainings")
    outcomes: list[Outcome] = []
    left_out: list[Run] = []
    by_identity: dict[str, Outcome] = {}
    for run in wanted:
        identity = runs.identity(run)
        kept = by_identity.get(identity) or (None if context.force else runs.kept(run))
        if kept is None and _too_late(run, outcomes, minutes, start):
            left_out.append(run)
            continue
        done = runs.done(run) if kept is None else kept
        by_identity[identity] = done
        outcomes.append(replace(done, run=run))
        progress.advance(1)
    return outcomes, left_out


def _too_late(run: Run, outcomes: Sequence[Outcome], minutes: float | None, start: float) -> bool:
    """Tell whether a run would end after the time; the first training of all is always done."""
    trainings = [one for one in outcomes if one.run.seed is not None]
    if minutes is None or not trainings:
        return False
    alike = [one.seconds for one in trainings if one.run.recipe == run.recipe]
    expected = max(alike or [one.seconds for one in trainings])
    return time.monotonic() - start + expected > 60 * minutes


def _counts(parts: Split) -> dict[str, int]:
    return {
        "tested": len(parts.tested),
        "groups": parts.groups["group"].n_unique(),
        "trained": parts.pairs["query_id"].n_unique(),
        "pairs": parts.pairs.height,
    }
