"""Functions that make something: the stages, batches, a push; the examination of the judge."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Unpack

from negmine.config.keywords import BatchKeywords, QueryKeywords, SettingsKeywords
from negmine.config.settings import STAGES
from negmine.engine.context import Context
from negmine.engine.progress import Progress
from negmine.engine.run import run
from negmine.engine.status import FRESH, require_fresh, survey
from negmine.errors import SettingsError
from negmine.scorers import registry
from negmine.stages.making import run_stages
from negmine.stages.opening import context_to_mine, open_context, open_existing
from negmine.stages.plan import make_plan
from negmine.stages.summary import Result
from negmine.storage.layout import CORPUS, QRELS, QUERIES, VERDICTS


def mine(
    work: str | Path,
    *,
    config: Path | None = None,
    since: str | Path | None = None,
    force: bool = False,
    progress: Progress | None = None,
    **settings: Unpack[SettingsKeywords],
) -> Result:
    """Run all stages: index, retrieve, rerank (if there is a model), filter, write.

    Without any setting or `config` it goes on with what the work directory remembers. since: another work
    directory that a new one starts from. Raises a NegmineError for anything the user can mend:
    SettingsError, InputError, ...
    """
    context = context_to_mine(work, settings, config, progress, since, force)
    return run_stages(context, list(STAGES))


def estimate_mine(
    work: str | Path,
    flags: Mapping[str, Any],
    config: Path | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Return what `mine` would make, about how long it takes, and how much space; makes nothing."""
    from negmine.stages.estimate import estimate, free_megabytes

    context = context_to_mine(work, flags, config, progress, None).making(list(STAGES))
    return {**estimate(context), "free_megabytes": free_megabytes(context.work.root)}


def index(work: str | Path, *, force: bool = False, **settings: Unpack[SettingsKeywords]) -> Result:
    """Stage 1: read corpus, queries and qrels, and index them for every retriever."""
    return run_stages(open_context(work, settings, force=force), ["index"])


def retrieve(
    work: str | Path, *, force: bool = False, **settings: Unpack[SettingsKeywords]
) -> Result:
    """Stage 2: search with every retriever and bring the runs together as candidates."""
    return run_stages(open_existing(work, settings, force=force), ["retrieve"])


def generate(
    work: str | Path, *, force: bool = False, **settings: Unpack[SettingsKeywords]
) -> Result:
    """Have a language model write documents as further candidates. Needs `generate_kind` and a model."""
    return run_stages(open_existing(work, settings, force=force), ["generate"])


def rerank(
    work: str | Path, *, force: bool = False, **settings: Unpack[SettingsKeywords]
) -> Result:
    """Stage 3: score candidates and positives with a cross-encoder. Needs `rerank_model`."""
    return run_stages(open_existing(work, settings, force=force), ["rerank"])


def filter(
    work: str | Path, *, force: bool = False, **settings: Unpack[SettingsKeywords]
) -> Result:
    """Stage 4: give every candidate a verdict: kept, or the reason why not."""
    return run_stages(open_existing(work, settings, force=force), ["filter"])


def write(work: str | Path, *, force: bool = False, **settings: Unpack[SettingsKeywords]) -> Result:
    """Stage 5: write training files, their provenance and the data card."""
    return run_stages(open_existing(work, settings, force=force), ["write"])


def batch(
    work: str | Path,
    *,
    force: bool = False,
    progress: Progress | None = None,
    **settings: Unpack[BatchKeywords],
) -> dict[str, Any]:
    """Put the training file that was written last in the order of composed batches, in WORK/6-batch.

    Returns the `data` of `negmine batch --json`. Settings are the command's flags. Raises SettingsError,
    InputError, MissingArtifact if a stage has to run first.
    """
    from negmine.stages.batch.making import run_batch
    from negmine.stages.batch.settings import batch_settings

    chosen = batch_settings(settings)
    return run_batch(open_existing(work, {}, None, progress, force), chosen)


def generate_queries(
    work: str | Path,
    out: str | Path,
    *,
    force: bool = False,
    progress: Progress | None = None,
    **settings: Unpack[QueryKeywords],
) -> dict[str, Any]:
    """Have a language model write queries for documents that have none; keep those that find their document.

    out: a folder for `queries.jsonl` and `qrels.tsv`, which are for `mine(queries=..., qrels=...)`. Returns the
    `data` of `negmine generate-queries --json`. Settings are the command's flags. force: ask again for what
    could not be read. Raises SettingsError, InputError, GeneratorError, MissingArtifact before `index` has run.
    """
    from negmine.analysis.queries.generate import generate_queries as generated
    from negmine.analysis.queries.settings import query_settings

    chosen = query_settings(settings)
    return generated(open_existing(work, {}, None, progress, force), chosen, Path(out))


def estimate_queries(context: Context, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `generate_queries` would cost; asks no model, and remembers nothing."""
    from negmine.analysis.queries.generate import estimate
    from negmine.analysis.queries.settings import query_settings

    return dict(estimate(context, query_settings(settings)))


def push(
    work: str | Path,
    repo: str,
    *,
    private: bool = False,
    dry_run: bool = False,
    replace_card: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Send training files, provenance and card to the dataset repository `repo` of the Hugging Face hub.

    Returns the `data` of `negmine push --json`. private: a new repository is. dry_run: ask nobody.
    Raises MissingArtifact for stale files, SettingsError, HubError (see `--replace-card`).
    """
    from negmine.analysis.push.push import push as send

    context = open_existing(work, {}, None, progress)
    return send(context, repo, private=private, dry_run=dry_run, replace_card=replace_card)


def judge_check(
    work: str | Path, *, force: bool = False, **settings: Unpack[SettingsKeywords]
) -> dict[str, Any]:
    """Try the LLM judge on known positives: sensitivity, specificity, abstentions, agreement, bias.

    Raises SettingsError without a judge; JudgeError where it does not answer.
    """
    return check_judge(open_existing(work, settings, force=force))


def check_judge(context: Context) -> dict[str, Any]:
    """Make the judge's examination, and return its numbers (see `judge_check`)."""
    from negmine.stages.filter.judge.check import note_weakness

    name = registry.judge_check(context.config)
    if name is None:
        raise SettingsError(
            "Which judge? Give --judge-url and --judge-model (and no --judge-check 0)."
        )
    run(context, make_plan(context), ["filter"], lambda artifact: artifact == name, remembers=False)
    note_weakness(context)
    return dict(context.work.require(name).stats)


def estimate_generate(context: Context) -> dict[str, Any]:
    """Return what having a language model write would cost; asks none, and remembers nothing.

    Raises SettingsError without `generate_kind`, MissingArtifact where the corpus is not indexed.
    """
    from negmine.stages.generate.cost import estimate
    from negmine.stages.generate.short import require_short

    if not context.config.generates:
        raise SettingsError("What shall a language model write? Give --generate-kind.")
    states = survey(context, make_plan(context))
    require_fresh(context, states, (CORPUS, QUERIES, QRELS))
    require_short(context)
    return estimate(context)


def estimate_judge(context: Context) -> dict[str, Any]:
    """Bring everything before the judge up to date, and return what judging would cost."""
    from negmine.stages.filter.judge.cost import estimate

    judge, check = registry.judge(context.config), registry.judge_check(context.config)
    if judge is None:
        raise SettingsError("--dry-run is about the judge. Give --judge-url and --judge-model.")
    plan, after = make_plan(context), (judge, check, VERDICTS)
    run(context, plan, ["filter"], only=lambda artifact: artifact not in after, remembers=False)
    fresh = {one.artifact.name for one in survey(context, plan) if one.state == FRESH}
    return dict(estimate(context, is_examined=check is None or check in fresh))
