"""The library twin: `negmine.mine(...)` and one function per room, doing what the commands do.

Every keyword is a settings field (`relative_margin=0.1` is `--relative-margin 0.1`); see
`negmine.config.settings`. `mine` starts from the defaults, a room goes on with what the work directory
remembers; keywords win over both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from negmine.analysis.explain.explain import explain as explanation
from negmine.config import memory as sizes
from negmine.config.effective import opinions
from negmine.config.keywords import SettingsKeywords
from negmine.config.resolve import resolve
from negmine.config.settings import ROOMS
from negmine.engine.run import run
from negmine.engine.status import FRESH, State, require_fresh, survey
from negmine.errors import MissingArtifact, SettingsError
from negmine.progress import Progress, Silent
from negmine.stages.context import LIMITS, VERDICTS, House
from negmine.stages.filter.leak.sweep import check_grid
from negmine.stages.filter.risk.hiding import read_hide
from negmine.stages.summary import Result, result
from negmine.storage.clone import check_old, start_from
from negmine.storage.remembered import recall_settings
from negmine.storage.workdir import Workdir

if TYPE_CHECKING:
    import polars as pl

    from negmine.analysis.lint.keywords import LintKeywords
    from negmine.analysis.report.schema import Leak, Report


def open_house(
    work: str | Path,
    flags: Mapping[str, Any],
    config: Path | None = None,
    progress: Progress | None = None,
) -> House:
    """Return the house of a work directory: the given settings over what it remembers."""
    workdir = Workdir(work)
    return House(workdir, resolve(flags, config, recall_settings(workdir)), progress)


def run_rooms(house: House, rooms: list[str], force: bool = False) -> Result:
    """Bring these rooms up to date and return what was done."""
    if rooms == ["rerank"] and house.settings.rerank.rerank_model is None:
        raise SettingsError("Which cross-encoder? Give --rerank-model FOLDER or NAME.")
    from negmine.stages.filter.limits.tasks import check_gates

    before, held = [room for room in rooms if room != "write"], sizes.peak()
    outcomes = run(house, before, force) if before else []
    if before != rooms or "filter" in rooms:
        check_gates(house)
    if before != rooms:
        outcomes += run(house, ["write"], force)
    if "write" in rooms:
        note_nothing_written(house)
    note_peak(house, held)
    return result(house, outcomes, rooms)


def note_nothing_written(house: House) -> None:
    """Say so if the training file has no row: `datasets` cannot even open it."""
    write = house.settings.write
    if house.work.require(f"5-write/{write.format}").rows:
        return
    if write.format == "n-tuple":
        why = (
            f"It takes only queries with {write.num_negatives} negatives, and none has so many: lower "
            "--num-negatives, or say --format triplet"
        )
    else:
        why = f"No query has a negative that the rules keep: see negmine report {house.work.root}"
    house.progress.note(f"nothing to train on: 5-write/{write.format} has no row. {why}")


def note_peak(house: House, before: int) -> None:
    """Say so if this command went over --memory; before: the peak that the process had already."""
    held = sizes.peak()
    if before < held > house.memory:
        house.progress.note(
            f"the peak memory was {sizes.told(held)}, over --memory {house.settings.index.memory}. Programs "
            "and a model take about 1 GB by themselves; beyond that, lower --k or --batch-size, or say "
            "--vector-dtype float16"
        )


def mine(
    work: str | Path,
    *,
    config: Path | None = None,
    since: str | Path | None = None,
    force: bool = False,
    progress: Progress | None = None,
    **settings: Unpack[SettingsKeywords],
) -> Result:
    """Walk the whole house: index, retrieve, filter, write.

    Without any setting or `config` it goes on with what the work directory remembers. since: another work
    directory that a new one starts from. Raises a NegmineError for anything the user can mend:
    SettingsError, InputError, ...
    """
    house = house_to_mine(work, settings, config, progress, since)
    return run_rooms(house, list(ROOMS), force)


def house_to_mine(
    work: str | Path,
    flags: Mapping[str, Any],
    config: Path | None,
    progress: Progress | None,
    since: str | Path | None,
) -> House:
    """Return the house of `mine`: under what it is told, or, told nothing, under what is remembered."""
    told = bool(flags) or config is not None
    if since is not None:
        check_old(Path(since), Workdir(work))
    remembered = None if told else recall_settings(Workdir(work))
    if (
        remembered is None and since is not None and not told
    ):  # a first command left none, or failed
        remembered = recall_settings(Workdir(since))
    house = House(Workdir(work), resolve(flags, config, remembered), progress)
    if since is not None:
        start_from(Path(since), house.work, house.progress)
    return house


def index(work: str | Path, *, force: bool = False, **settings: Unpack[SettingsKeywords]) -> Result:
    """Room 1: read corpus, queries and qrels, and index them for every retriever."""
    return run_rooms(open_house(work, settings), ["index"], force)


def retrieve(
    work: str | Path, *, force: bool = False, **settings: Unpack[SettingsKeywords]
) -> Result:
    """Room 2: search with every retriever and bring the runs together as candidates."""
    return run_rooms(open_existing(work, settings), ["retrieve"], force)


def rerank(
    work: str | Path, *, force: bool = False, **settings: Unpack[SettingsKeywords]
) -> Result:
    """Room 3: let a cross-encoder score candidates and positives. Needs `rerank_model`."""
    return run_rooms(open_existing(work, settings), ["rerank"], force)


def filter(
    work: str | Path, *, force: bool = False, **settings: Unpack[SettingsKeywords]
) -> Result:
    """Room 4: give every candidate a verdict."""
    return run_rooms(open_existing(work, settings), ["filter"], force)


def write(work: str | Path, *, force: bool = False, **settings: Unpack[SettingsKeywords]) -> Result:
    """Room 5: write training files and their provenance."""
    return run_rooms(open_existing(work, settings), ["write"], force)


def judge_check(
    work: str | Path, *, force: bool = False, **settings: Unpack[SettingsKeywords]
) -> dict[str, Any]:
    """Try the LLM judge on known positives: sensitivity, specificity, abstentions, agreement, bias.

    Raises SettingsError without a judge; JudgeError where it does not answer.
    """
    return check_judge(open_existing(work, settings), force)


def check_judge(house: House, force: bool = False) -> dict[str, Any]:
    """Make the examination of the house's judge, and return its numbers."""
    name = house.judge_check
    if name is None:
        raise SettingsError(
            "Which judge? Give --judge-url and --judge-model (and no --judge-check 0)."
        )
    from negmine.stages.filter.judge.check import note_weakness

    run(house, ["filter"], force, lambda artifact: artifact == name)
    note_weakness(house)
    return house.work.require(name).stats


def estimate_judge(house: House) -> dict[str, Any]:
    """Bring everything before the judge up to date, and return what judging would cost."""
    from negmine.stages.filter.judge.cost import estimate

    if house.judge is None:
        raise SettingsError("--dry-run is about the judge. Give --judge-url and --judge-model.")
    after = (house.judge, house.judge_check, VERDICTS)
    run(house, ["filter"], only=lambda artifact: artifact not in after, remembers=False)
    return estimate(house)


def leak(
    work: str | Path,
    *,
    hide: float | str = 0.5,
    hide_seed: int = 13,
    **settings: Unpack[SettingsKeywords],
) -> dict[str, Any]:
    """Hide known positives, decide as the rules would, and count what is sold as a negative.

    hide: the share of every query's positives, or `all-but-one`. Changes nothing. Raises InputError where
    no query has two positives.
    """
    return measure_leak(open_existing(work, settings), hide, hide_seed)


def measure_leak(house: House, hide: float | str, seed: int) -> dict[str, Any]:
    """Measure the leak of a house's rules (see `leak`)."""
    from negmine.stages.filter.leak import measure as doors

    _require_scores(house)
    return doors.leak(house, read_hide(str(hide)), seed)


def sweep(
    work: str | Path,
    grid: Mapping[str, Sequence[float]],
    *,
    hide: float | str = 0.5,
    hide_seed: int = 13,
    **settings: Unpack[SettingsKeywords],
) -> pl.DataFrame:
    """Measure leak, yield and hardness of every cell of a grid of thresholds: a row per cell.

    grid: setting name to values, as {"relative_margin": [0.0, 0.05], "max_risk": [0.05, 0.1]}.
    """
    check_grid(grid)
    flags = settings | {name: values[0] for name, values in grid.items()}
    return measure_sweep(open_existing(work, flags), grid, hide, hide_seed)


def measure_sweep(
    house: House, grid: Mapping[str, Sequence[float]], hide: float | str, seed: int
) -> pl.DataFrame:
    """Measure a grid over a house's other rules (see `sweep`); the settings must name its fields."""
    from negmine.stages.filter.leak import measure as doors

    house.forget_budget()
    _require_scores(house)
    return doors.sweep_of(house, grid, read_hide(str(hide)), seed)


def diff(work_a: str | Path, work_b: str | Path, *, limit: int = 10) -> dict[str, Any]:
    """Compare two runs: how they were made, and what came of it (docs/reference/diff.md).

    limit: how many of the queries that changed most are told. Changes nothing. Raises MissingArtifact where
    a run has no finished verdicts.
    """
    return measure_diff(work_a, work_b, limit)


def measure_diff(
    work_a: str | Path, work_b: str | Path, limit: int, progress: Progress | None = None
) -> dict[str, Any]:
    """Compare two runs, telling progress (see `diff`)."""
    from negmine.analysis.diff.diff import diff as compare

    if limit < 0:
        raise SettingsError(f"limit {limit}: say how many queries to tell, from 0.")
    return compare(open_existing(work_a, {}, None, progress), open_existing(work_b, {}), limit)


def lint(
    files: str | Path | Sequence[str | Path],
    *,
    fail_on: Sequence[str] = (),
    progress: Progress | None = None,
    **options: Unpack[LintKeywords],
) -> dict[str, Any]:
    """Audit files of triplets, whoever made them; the report is what `negmine lint --json` gives as data.

    Options are the command's flags. Changes nothing. Raises InputError for files that cannot be read,
    SettingsError for options that cannot work, GateNotMet where `fail_on` (as ["fault=0"]) is exceeded.
    """
    from negmine.analysis.lint.keywords import lint as audited

    return audited(files, fail_on, progress or Silent(), options)


def _require_scores(house: House) -> None:
    """Raise MissingArtifact unless all that a trial reads is there: indexes, candidates, scores."""
    states = survey(house)
    scorers = {house.scorers[name] for name in opinions(house.settings) if name in house.scorers}
    before = {s.artifact.name for s in states if s.artifact.room in ("index", "retrieve")}
    require_fresh(house, states, before | scorers)
    house.limits_chosen = _chosen(states)


def _chosen(states: Sequence[State]) -> bool:
    return any(s.artifact.name == LIMITS and s.state == FRESH for s in states)


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
    """Return the report of a finished run (negmine/reporting/schema.py), and write it where told.

    html: the page. json: its numbers. sample: random queries to show. leak: whether it is measured, which takes
    longest. Changes nothing in WORK. Raises MissingArtifact where the run is not finished, SettingsError
    for a file that cannot be written.
    """
    from negmine.analysis.report import files

    page, numbers = (None if path is None else Path(path) for path in (html, json))
    files.check(Path(work), page, numbers)
    house = open_existing(work, {})
    found = make_report(house, sample, sample_seed, recall_floor, leak)
    files.write(found, page, numbers)
    return found


def make_report(house: House, sample: int, seed: int, floor: float, leak: bool) -> Report:
    """Return the report of a house whose run is finished (see `report`)."""
    from negmine.analysis.report import report as doors

    states = survey(house)
    written = {s.artifact.name for s in states if s.artifact.room == "write"}
    require_fresh(house, states, {VERDICTS} | written)
    leaked: tuple[Leak | None, str | None] = (None, "--no-leak was said.")
    if leak:
        house.limits_chosen = _chosen(states)
        leaked = doors.measured(house, seed)
    return doors.report(house, states, doors.Asked(sample, seed, floor), leaked)


def status(work: str | Path, **settings: Unpack[SettingsKeywords]) -> list[State]:
    """Compare every artifact with the disk: fresh, stale (why), partial, missing."""
    return survey(open_existing(work, settings), all_formats=True)


def explain(work: str | Path, query: str) -> dict[str, Any]:
    """Return one query's text and candidates, with ranks, scores, kept and reason.

    query: a query_id, or words of the query. Raises InputError where it names no query, or several.
    """
    return explanation(open_existing(work, {}), query)


def open_existing(
    work: str | Path,
    flags: Mapping[str, Any],
    config: Path | None = None,
    progress: Progress | None = None,
) -> House:
    """Return the house of a work directory that must be there already; raise MissingArtifact."""
    if not Workdir(work).exists():
        raise MissingArtifact(
            f"{work} is no work directory. Run: negmine mine {work} --data FOLDER, "
            f"or room by room, from negmine index {work} --data FOLDER"
        )
    return open_house(work, flags, config, progress)
