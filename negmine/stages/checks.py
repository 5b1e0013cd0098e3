"""Checks that need the retrievers: names of scores and signals, and each retriever's own settings."""

from __future__ import annotations

from negmine.config.entry_points import registered
from negmine.config.formats import check_formats
from negmine.config.naming import nearest
from negmine.config.pairs_formats import GIVEN
from negmine.config.resolved import ResolvedConfig, RetrieverInfo
from negmine.config.runs import is_run
from negmine.data.schemas import POSITIVE_TEACHER, VERDICTS
from negmine.data.sources.swapped import D2Q
from negmine.errors import SettingsError
from negmine.retrievers.registry import RETRIEVERS, types
from negmine.scorers.registry import scorer_type
from negmine.stages.filter.risk import signals
from negmine.stages.filter.risk.signals import Evidence
from negmine.stages.write import teacher
from negmine.stages.write.formats.registry import FORMATS

_FOLDERS = (
    "vectors",
    "faiss",
    "binary",
    "searched",
    "recall",
)  # what folders of a dense retriever begin with
_WORDS = (
    "auto", "fused", "none", "corpus", "queries", "qrels", "shingles", "candidates", "positive", "teacher",
)  # fmt: skip
SWAPPABLE = ("bm25", "dense")  # retrievers that --direction d2q can turn around


def check(config: ResolvedConfig) -> None:
    """Raise SettingsError for settings that no retriever, scorer or output format can follow."""
    kinds = {kind.name: kind for kind in (*RETRIEVERS.values(), *types(config))}
    for kind in kinds.values():
        kind.check(config)
    _check_formats(config)
    _check_direction(config)
    _check_signals(config)
    _check_scores(config)


def _check_formats(config: ResolvedConfig) -> None:
    check_formats(config.write.format, list(FORMATS), registered("format"))
    teacher.check(config)


def _check_direction(config: ResolvedConfig) -> None:
    """Refuse what reads a query and its documents in a way that --direction d2q would turn around."""
    if config.index.direction != D2Q:
        return
    for one in config.retrievers:
        if one.spec not in (*SWAPPABLE, GIVEN) and not one.is_own:
            raise SettingsError(
                f"--direction d2q: {one.name} cannot search the other way round. Give --retriever "
                f"{' or '.join(SWAPPABLE)}, or a plug-in of your own."
            )
    if config.filter.judge is not None:
        raise SettingsError(
            "--direction d2q: a judge is asked about the documents of one query, not about the queries of one "
            "document. Leave the judge out, or mine with --direction q2d."
        )
    if config.write.instruction is not None or config.write.instruction_column is not None:
        raise SettingsError(
            "--direction d2q: --instruction says what a query asks for, and the first text of a row is a "
            "document. Leave --instruction and --instruction-column out."
        )


def _check_signals(config: ResolvedConfig) -> None:
    limits = config.filter.max_signal
    names = signals.limited(signals.evidence_of(config)) if limits else []
    for limit in limits:
        name, _, number = limit.partition("=")
        if name not in names:
            raise SettingsError(
                f"--max-signal {limit}: no such signal.{nearest(name, names)} "
                f"There are: {', '.join(names)}."
            )
        try:
            float(number)
        except ValueError as error:
            raise SettingsError(f"--max-signal {limit}: give NAME=NUMBER.") from error


def _is_taken(one: RetrieverInfo) -> bool:
    """Tell whether a retriever has the name of a scorer, of another retriever of negmine's, or of a folder."""
    name = one.name.lower()
    other = name in RETRIEVERS and name != one.spec
    first = name.partition("_")[0]
    return other or scorer_type(name) is not None or name in _WORDS or first in _FOLDERS


def _flag(one: RetrieverInfo) -> str:
    """Return the flag that named a retriever."""
    if is_run(one.spec):
        return f"--run {one.spec}"
    return f"--retriever {one.spec}" if one.is_own else f"--model {one.name}=..."


def _check_columns(config: ResolvedConfig) -> None:
    """Refuse names of retrievers that would be read as another's, or give a column that there is already."""
    for one in config.retrievers:
        if _is_taken(one):
            raise SettingsError(
                f"{_flag(one)}: negmine uses the name {one.name} itself. Choose another one, as in "
                "--model my_name=MODEL."
            )
    fixed = [*signals.limited(Evidence((), True)), *VERDICTS.names, POSITIVE_TEACHER]
    columns = dict.fromkeys(fixed, "every run")
    for name in config.score_names:
        for column in (f"{name}{end}".lower() for end in ("_rank", "_score", *signals.ENDS)):
            other = columns.setdefault(column, name)
            if other != name:
                raise SettingsError(
                    f"--model or --retriever: {name} would have a column {column}, and so has {other}. Choose "
                    "another name, as in --model my_name=MODEL."
                )


def _check_scores(config: ResolvedConfig) -> None:
    """Refuse names of scores that nobody gives, or that two would give."""
    rules, names = config.given.filter, config.score_names
    for flag, name, choices in (
        ("--score", rules.score, names),
        ("--order", config.write.order, ["fused", *names]),
    ):
        if name is not None and name not in choices:
            raise SettingsError(
                f"{flag} {name}: no such score here.{nearest(name, choices)} "
                f"There are: {', '.join(choices)}."
            )
    if len(set(names)) != len(names):
        raise SettingsError(
            f"--retriever: a name is taken. The scores would be: {', '.join(names)}."
        )
    _check_columns(config)
    if len(set(rules.guide_model)) != len(rules.guide_model):
        raise SettingsError(
            f"--guide-model: name each once. Given: {', '.join(rules.guide_model)}."
        )
    if rules.score in ("judge", "risk"):
        raise SettingsError(
            f"--score {rules.score}: it has its own rule, tried after thresholds. Name another score."
        )
    if rules.owner_query is not None and config.vector_retriever is None:
        raise SettingsError("--owner-query compares query vectors. Add --retriever dense.")
    if rules.near_positives is not None and config.vector_retriever is None:
        raise SettingsError("--near-positives compares stored vectors. Add --retriever dense.")
