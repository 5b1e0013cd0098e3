"""What a trial reads must be there: indexes, candidates, scores. What negatives are made from."""

from __future__ import annotations

from collections.abc import Collection

from negmine.config.sampling import settings_of_negatives
from negmine.data.identity import identity_of
from negmine.engine.context import Context
from negmine.engine.status import FRESH, State, require_fresh, survey
from negmine.scorers import registry
from negmine.stages.plan import make_plan
from negmine.storage.layout import CONTAMINATED, LIMITS, VERDICTS


def require_scores(context: Context) -> bool:
    """Raise MissingArtifact unless all that a trial reads is there.

    Returns whether the limits on disk are those of these settings: whether --max-leak has chosen.
    """
    states = survey(context, make_plan(context))
    scorers = registry.scorers(context.config)
    evidence = {scorers[name] for name in context.config.evidence if name in scorers}
    before = {
        s.artifact.name for s in states if s.artifact.stage in ("index", "retrieve", "generate")
    }
    require_fresh(context, states, before | evidence | {CONTAMINATED})
    return any(s.artifact.name == LIMITS and s.state == FRESH for s in states)


def made_from(context: Context, states: Collection[State]) -> str:
    """Return the identity of what the settings in force write as negatives: of verdicts and selection.

    states: of all artifacts.
    """
    verdicts = next(state.identity for state in states if state.artifact.name == VERDICTS)
    write = context.config.write
    chosen = write.model_dump(mode="json", include=set(settings_of_negatives(write)))
    return identity_of([verdicts, chosen])
