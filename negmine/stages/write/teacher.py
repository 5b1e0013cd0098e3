"""Whose scores `--teacher` writes, what is missing for it, and which formats have no place for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import polars as pl

from negmine.config.naming import flag, is_plugin, nearest
from negmine.config.resolved import ResolvedConfig
from negmine.config.runs import run_file
from negmine.config.settings import WriteSettings
from negmine.errors import InputError, SettingsError
from negmine.scorers.registry import JUDGE, RERANK, RISK_SCORER, scorer_type
from negmine.stages.write.formats.base import OutputFormat
from negmine.stages.write.formats.registry import FORMATS
from negmine.stages.write.planned import Planned, planned

_MAKES_THEM = {"rerank": "--rerank-model MODEL", "guide": "--guide-model MODEL"}
_NAMED = 3  # documents in a message
# Settings that not every format has a place for.
_PLACES: dict[str, Callable[[OutputFormat | Planned], bool]] = {
    "teacher": lambda one: one.teacher != "none",
    "instruction": lambda one: one.instruction != "no",
    "instruction_column": lambda one: one.instruction == "each",
}


def check(config: ResolvedConfig, look: Callable[[str], OutputFormat | Planned] = planned) -> None:
    """Refuse a teacher or an instruction that nobody gives or reads. Raises SettingsError.

    look: returns a format. `planned` imports no plug-in, and takes it for one that may read all of it.
    """
    write = config.write
    outputs = {name: look(name) for name in write.format}
    if write.teacher is not None and any(one.teacher != "none" for one in outputs.values()):
        _check_teacher(config, write.teacher)
    for name in _PLACES:
        _require_place(name, config, outputs.values())
    for name, output in outputs.items():
        if look is not planned or not is_plugin(name):
            _check_format(config, name, output)


def _check_format(config: ResolvedConfig, name: str, output: OutputFormat | Planned) -> None:
    """Refuse a format that lacks what it needs, or is asked to hold what it cannot. Raises SettingsError."""
    write = config.write
    if output.teacher == "required" and write.teacher is None:
        raise SettingsError(
            f"--format {name} has scores of a teacher. Give --teacher NAME, one of: "
            f"{', '.join(_teachers(config))}. Better ones come from a cross-encoder: --rerank-model MODEL."
        )
    most = output.most_negatives
    if most is not None and write.negatives_written > most:
        raise SettingsError(
            f"--format {name} has a place for {most} negatives, not for "
            f"{write.negatives_written}. Lower --num-negatives or --random-negatives."
        )
    if write.random_negatives and write.teacher is not None and output.teacher != "none":
        raise SettingsError(
            f"--format {name} has scores of a teacher, and random documents have none. Leave out "
            "--random-negatives (--random-negatives 0)."
        )


def check_plugins(config: ResolvedConfig) -> None:
    """Import the plug-ins among the formats and check the same again. Raises SettingsError, FormatError."""
    plugins = [name for name in config.write.format if is_plugin(name)]
    for name in plugins:
        FORMATS[name].schema(config.write)
    if plugins:
        check(config, FORMATS.__getitem__)


def _teachers(config: ResolvedConfig) -> list[str]:
    return [name for name in config.score_names if name != RISK_SCORER.name]


def _check_teacher(config: ResolvedConfig, teacher: str) -> None:
    if teacher in _teachers(config):
        return
    made_by = _MAKES_THEM.get(teacher.partition("_")[0])
    how = f" Make them with {made_by}." if made_by else ""
    raise SettingsError(
        f"--teacher {teacher}: no such scores here.{nearest(teacher, _teachers(config))}{how} "
        f"There are: {', '.join(_teachers(config))}."
    )


def _require_place(
    name: str, config: ResolvedConfig, outputs: Iterable[OutputFormat | Planned]
) -> None:
    """Refuse a setting of this command that none of its formats has a place for: it would do nothing.

    One that is remembered from an earlier command waits for a format that has.
    """
    fit = [one.name for one in FORMATS.values() if _PLACES[name](one)]
    is_given = getattr(config.write, name) is not None and config.origins.get(name) != "remembered"
    if not is_given or any(map(_PLACES[name], outputs)):
        return
    raise SettingsError(
        f"{flag(name)}: --format {', '.join(config.write.format)} has no place for it. Leave it out "
        f"({flag(name)} none), or add one of: {', '.join(fit)}."
    )


def without_place(write: WriteSettings) -> Iterator[str]:
    """Yield a sentence for each setting that some of the formats have no place for, while others have."""
    for name, has_place in _PLACES.items():
        lacking = [one for one in write.format if not has_place(FORMATS[one])]
        if getattr(write, name) is not None and 0 < len(lacking) < len(write.format):
            yield (
                f"{flag(name)} is not in {', '.join(lacking)}: "
                f"{'this format has' if len(lacking) == 1 else 'these formats have'} no place for it"
            )


def require_scores(
    lacking: pl.DataFrame, teacher: str, format_name: str, work: str, config: ResolvedConfig
) -> None:
    """Raise InputError where written documents lack a score of the teacher.

    lacking: query_id, doc_id. The message names the command, or the file, that such scores come from.
    """
    if lacking.is_empty():
        return
    first = "; ".join(
        f"query {q!r}, document {d!r}"
        for q, d in lacking.head(_NAMED).select("query_id", "doc_id").rows()
    )
    raise InputError(
        f"--format {format_name} --teacher {teacher}: {lacking.height:,} documents of a part of the queries "
        f"have no such score ({first}). {_how(teacher, work, config)}"
    )


def _how(teacher: str, work: str, config: ResolvedConfig) -> str:
    kind, depth = scorer_type(teacher), config.rerank.rerank_depth
    if kind is JUDGE:
        return (
            "The judge need not score every document that is written. Run: negmine filter "
            f"{work} --judge-method logprob --judge-scope all, or name another --teacher."
        )
    if kind is RERANK and depth is not None:
        return (
            f"The model has read the first {depth:,} of each query (--rerank-depth). Run: negmine rerank "
            f"{work} --rerank-depth none && negmine filter {work}, or name another --teacher."
        )
    for run in map(run_file, config.index.run):
        if run.name == teacher:
            anew = f"negmine retrieve {work} && negmine filter {work}"
            return f"Add them to {run.path}, and run: {anew}. Or name another --teacher."
    stage = "retrieve" if kind is None else "rerank" if kind is RERANK else "filter"
    return f"Run: negmine {stage} {work} --force, or name another --teacher."
