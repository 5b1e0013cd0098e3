"""The library: `negmine.mine(...)` and one function for each command, doing what the commands do.

Every keyword is a settings field (`relative_margin=0.1` is `--relative-margin 0.1`); see
`negmine.config.settings`. `mine` starts from the defaults, a stage goes on with what the work directory
remembers; keywords win over both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from negmine.analysis.status.status import states
from negmine.config.keywords import BatchKeywords, LintKeywords, ProveKeywords, SettingsKeywords
from negmine.config.settings import STAGES
from negmine.engine.context import Context
from negmine.engine.progress import Progress, Silent
from negmine.engine.run import run
from negmine.engine.status import FRESH, State, survey
from negmine.errors import SettingsError
from negmine.scorers import registry
from negmine.stages.making import run_stages
from negmine.stages.opening import context_to_mine, open_context, open_existing
from negmine.stages.plan import make_plan
from negmine.stages.summary import Result
from negmine.storage.layout import VERDICTS

if TYPE_CHECKING:
    import polars as pl

    from negmine.analysis.prove.settings import ProveSettings
    from negmine.analysis.report.schema import Report
    from negmine.stages.batch.settings import BatchSettings


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
    from negmine.stages.batch.settings import batch_settings

    chosen = batch_settings(settings)
    return compose_batches(open_existing(work, {}, None, progress, force), chosen)


def compose_batches(context: Context, settings: BatchSettings) -> dict[str, Any]:
    """Compose batches, reporting progress (see `batch`)."""
    from negmine.stages.batch.making import run_batch

    return run_batch(context, settings)


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
    run(context, make_plan(context), ["filter"], lambda artifact: artifact == name)
    note_weakness(context)
    return dict(context.work.require(name).stats)


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


def leak(
    work: str | Path,
    *,
    hide: float | str = 0.5,
    hide_seed: int = 13,
    **settings: Unpack[SettingsKeywords],
) -> dict[str, Any]:
    """Hide known positives, decide as the rules would, and count those that are written as negatives.

    hide: the share of every query's positives, or `all-but-one`. Changes nothing. Raises InputError where
    no query has two positives.
    """
    return measure_leak(open_existing(work, settings), hide, hide_seed)


def measure_leak(context: Context, hide: float | str, seed: int) -> dict[str, Any]:
    """Measure the leak of the rules in force (see `leak`)."""
    from negmine.analysis.leak.leak import leak as measured

    return measured(context, hide, seed)


def decontaminate(
    work: str | Path,
    against: str | Path | Sequence[str | Path],
    *,
    limit: int = 5,
    **settings: Unpack[SettingsKeywords],
) -> dict[str, Any]:
    """Find training queries, positives and negatives of a finished run that also stand in evaluation sets.

    against: BEIR folders, work directories, or files of queries or documents. limit: examples of each set.
    settings: those of the group Decontamination, as `eval_span=0.3`. Returns the `data` of
    `negmine decontaminate --json`. Changes nothing. Raises MissingArtifact before `write` has run, InputError
    for a set that cannot be read.
    """
    paths = [against] if isinstance(against, str | Path) else against
    return measure_contamination(open_existing(work, settings), [*map(Path, paths)], limit)


def measure_contamination(context: Context, against: Sequence[Path], limit: int) -> dict[str, Any]:
    """Compare with evaluation sets, reporting progress (see `decontaminate`)."""
    from negmine.analysis.decontaminate.decontaminate import decontaminate as measured

    return measured(context, against, limit)


def sweep(
    work: str | Path,
    grid: Mapping[str, Sequence[float | None]],
    *,
    hide: float | str = 0.5,
    hide_seed: int = 13,
    **settings: Unpack[SettingsKeywords],
) -> pl.DataFrame:
    """Measure leak, yield and hardness of every cell of a grid of thresholds: a row for each cell.

    grid: setting name to values, as {"relative_margin": [None, 0.05], "max_risk": [0.05, 0.1]}; None: the rule
    is off.
    """
    from negmine.stages.filter.leak.grid import check_grid, first_numbers

    check_grid(grid)
    flags = settings | first_numbers(grid)
    return measure_sweep(open_existing(work, flags), grid, hide, hide_seed)


def measure_sweep(
    context: Context, grid: Mapping[str, Sequence[float | None]], hide: float | str, seed: int
) -> pl.DataFrame:
    """Measure a grid over the other rules in force (see `sweep`); the settings must have its fields."""
    from negmine.analysis.sweep.sweep import sweep as measured

    return measured(context, grid, hide, seed)


def prove(
    work: str | Path,
    recipes: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    config: Path | None = None,
    force: bool = False,
    progress: Progress | None = None,
    **settings: Unpack[ProveKeywords],
) -> dict[str, Any]:
    """Train a student on each recipe's negatives, and test it on queries kept out.

    Returns the `data` of `negmine prove --json`. recipes: name to settings of filter and write, as
    {"mild": {"max_risk": 0.2}}. Settings are the command's flags; `student` is needed. Keeps the metrics of
    each training in WORK/prove, and changes no artifact. Raises SettingsError, InputError, MissingArtifact if
    a stage has to run first, MissingDependency without negmine[prove].
    """
    from negmine.analysis.prove.settings import prove_settings

    chosen = prove_settings(settings)
    context = open_existing(work, {}, config, progress, force)
    return prove_recipes(context, recipes or {}, chosen, config)


def prove_recipes(
    context: Context,
    recipes: Mapping[str, Mapping[str, Any]],
    settings: ProveSettings,
    config: Path | None,
) -> dict[str, Any]:
    """Train and compare, reporting progress (see `prove`)."""
    from negmine.analysis.prove.prove import prove as measured

    return measured(context, recipes, settings, config)


def diff(work_a: str | Path, work_b: str | Path, *, limit: int = 10) -> dict[str, Any]:
    """Compare two runs: how they were made, and what came of it (docs/reference/diff.md).

    limit: how many of the queries that changed most are listed. Changes nothing. Raises MissingArtifact
    where a run has no finished verdicts.
    """
    return measure_diff(work_a, work_b, limit)


def measure_diff(
    work_a: str | Path, work_b: str | Path, limit: int, progress: Progress | None = None
) -> dict[str, Any]:
    """Compare two runs, reporting progress (see `diff`)."""
    from negmine.analysis.diff.diff import diff as compare

    if limit < 0:
        raise SettingsError(f"limit {limit}: give how many queries to list, from 0.")
    return compare(open_existing(work_a, {}, None, progress), open_existing(work_b, {}), limit)


def lint(
    files: str | Path | Sequence[str | Path],
    *,
    progress: Progress | None = None,
    **settings: Unpack[LintKeywords],
) -> dict[str, Any]:
    """Audit files of training data; the report is the `data` of `negmine lint --json` (docs/reference/lint.md).

    Settings are the command's flags. Changes nothing. Raises InputError for files that cannot be read,
    SettingsError for settings that cannot work, GateNotMet where `fail_on` (as ["fault=0"]) is exceeded.
    """
    from negmine.analysis.lint.gates import check_gates, read_gates
    from negmine.analysis.lint.run import audit
    from negmine.analysis.lint.settings import lint_settings

    chosen = lint_settings(settings)
    gates = read_gates(chosen.fail_on)
    paths = [files] if isinstance(files, str | Path) else files
    report = audit([Path(path) for path in paths], chosen, progress or Silent())
    check_gates(report["rules"], gates)
    return report


def report(
    work: str | Path,
    *,
    html: str | Path | None = None,
    json: str | Path | None = None,
    sample: int = 40,
    sample_seed: int = 13,
    recall_floor: float = 0.5,
    leak: bool = True,
) -> Report:
    """Return the report of a finished run (negmine/analysis/report/schema.py), and write its files.

    html: the page. json: its numbers. sample: random queries to show. leak: whether it is measured, which takes
    longest. Changes nothing in WORK. Raises MissingArtifact where the run is not finished, SettingsError
    for a file that cannot be written.
    """
    from negmine.analysis.report import files

    page, numbers = (None if path is None else Path(path) for path in (html, json))
    context = open_existing(work, {})
    files.check(context.work.root, page, numbers)
    made = make_report(context, sample, sample_seed, recall_floor, leak)
    files.write(made, page, numbers)
    return made


def make_report(context: Context, sample: int, seed: int, floor: float, leak: bool) -> Report:
    """Return the report of a finished run (see `report`)."""
    from negmine.analysis.report import report as reports

    return reports.report(context, reports.Asked(sample, seed, floor, leak))


def status(work: str | Path, **settings: Unpack[SettingsKeywords]) -> list[State]:
    """Compare every artifact with the disk: fresh, stale (why), partial, missing.

    With verify="all", every file is read; an artifact with one that is damaged is partial.
    """
    return states(open_existing(work, settings), settings.get("verify") == "all")


def trust(work: str | Path, *, forget: bool = False) -> dict[str, Any]:
    """Trust what a work directory names outside of itself: plug-ins, models, files, endpoints.

    forget: trust nothing of it any more. Returns `work`, `record` (a file), and `trusted`: setting,
    kind and value of each. Raises MissingArtifact where there is no work directory, WorkdirError where the
    record cannot be written.
    """
    from negmine.stages.trusting import trust as record

    return record(work, forget)


def label(
    work: str | Path, labels: str | Path | None, *, who: str = "", forget: bool = False
) -> dict[str, Any]:
    """Add judgements of people to a work directory: they win over its qrels. `mine` then makes all anew.

    labels: a file of query_id, doc_id, relevance, in any form of qrels; rows without a relevance say nothing.
    who: the name kept with them. forget: remove all labels instead. Returns the `data` of
    `negmine label --json`. Raises InputError for rows that cannot be used, MissingArtifact before `index`
    has run.
    """
    from negmine.analysis.label import record

    context = open_existing(work, {})
    if forget:
        return record.forget(context)
    assert labels is not None
    return record.record(context, Path(labels), who)


def suggest_labels(work: str | Path, count: int, out: str | Path) -> dict[str, Any]:
    """Write the `count` written negatives about which the risk is least sure into a tsv file `out`.

    Somebody fills in its column relevance; then see `label`. Returns `file`, `questions`. Raises SettingsError
    without a risk, or where `out` is there; MissingArtifact before `write` has run.
    """
    from negmine.analysis.label.suggest import suggest

    return suggest(open_existing(work, {}), count, Path(out))


def explain(work: str | Path, query: str) -> dict[str, Any]:
    """Return one query's text and candidates, with ranks, scores, kept and reason.

    query: a query_id, or words of the query. Raises InputError where it names no query, or several.
    """
    from negmine.analysis.explain.explain import explain as explained

    return explained(open_existing(work, {}), query)


def show(
    work: str | Path, query: str | None = None, *, queries: int = 3, seed: int = 13
) -> dict[str, Any]:
    """Return a few examples of the training file: query, positives, negatives with scores, all with texts.

    query: a query_id, or words of the query. queries: without one, how many are drawn at random, by `seed`.
    Changes nothing. Raises MissingArtifact before `write` has run, InputError where there is nothing to show.
    """
    from negmine.analysis.show.show import show as examples

    return examples(open_existing(work, {}), queries, query, seed)
