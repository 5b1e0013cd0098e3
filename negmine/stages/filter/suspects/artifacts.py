"""The artifacts of suspected positives: the tests' answers, the judge's, and what comes of both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from negmine.data import schemas
from negmine.engine.artifact import Artifact
from negmine.engine.context import Context
from negmine.scorers import registry
from negmine.stages.filter.judge.tasks import count_judgments
from negmine.stages.filter.suspects import judged, tasks
from negmine.stages.filter.suspects.compute import count_suspects
from negmine.storage.layout import CORPUS, QUERIES, SUSPECTS, TESTED, VERDICTS


def artifacts(
    context: Context, vectors: Sequence[str], revision: int, uses: tuple[str, ...]
) -> Iterable[Artifact]:
    """Yield what is made where positives are tested.

    vectors: the artifacts that stored vectors are in. revision, uses: of what a judge answers.
    """
    if not tasks.wanted(context):
        return
    rules, judge = context.config.filter, registry.judge_suspects(context.config)
    near = vectors if rules.suspect_neighbours is not None else ()
    tests = (schemas.SUSPECTS, (VERDICTS, *near), lambda: tasks.shaping(context), tasks.tested)
    if judge is None:
        yield Artifact(SUSPECTS, *tests, count_suspects)
        return
    check = registry.judge_check(context.config)
    examined = () if check is None else (check,)
    yield Artifact(TESTED, *tests)
    yield Artifact(
        judge, schemas.JUDGMENTS, (TESTED, *examined, CORPUS, QUERIES),
        lambda: judged.shaping(context), judged.judgments, count_judgments,
        revision=revision, uses=uses,
    )  # fmt: skip
    yield Artifact(SUSPECTS, schemas.SUSPECTS, (TESTED, judge), dict, tasks.cleared, count_suspects)
