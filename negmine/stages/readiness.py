"""What a trial reads must be there: indexes, candidates, scores."""

from __future__ import annotations

from negmine.engine.context import Context
from negmine.engine.status import FRESH, require_fresh, survey
from negmine.scorers import registry
from negmine.stages.plan import make_plan
from negmine.storage.layout import LIMITS


def require_scores(context: Context) -> bool:
    """Raise MissingArtifact unless all that a trial reads is there.

    Returns whether the limits on disk are those of these settings: whether --max-leak has chosen.
    """
    states = survey(context, make_plan(context))
    scorers = registry.scorers(context.config)
    evidence = {scorers[name] for name in context.config.evidence if name in scorers}
    before = {s.artifact.name for s in states if s.artifact.stage in ("index", "retrieve")}
    require_fresh(context, states, before | evidence)
    return any(s.artifact.name == LIMITS and s.state == FRESH for s in states)
