"""Functions that measure a run, or a training file: how much leaks, what trains better, what has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from negmine.config.keywords import LintKeywords, ProveKeywords, SettingsKeywords
from negmine.engine.context import Context
from negmine.engine.progress import Progress, Silent
from negmine.errors import SettingsError
from negmine.stages.opening import open_existing

if TYPE_CHECKING:
    import polars as pl

    from negmine.analysis.prove.settings import ProveSettings


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

    grid: setting name to values, as {"relative_margin": [None, 0.05], "max_risk": [0.1]}; None: rule is off.
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
