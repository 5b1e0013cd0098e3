"""What `write` warns of: training files without rows, queries without a negative, negatives that are easy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from negmine.config.naming import flag
from negmine.config.settings import WriteSettings
from negmine.engine.context import Context
from negmine.scorers import registry
from negmine.stages.filter.contamination.dropped import dropped_queries
from negmine.stages.filter.rules import RULES
from negmine.stages.filter.suspects.tasks import queries_dropped
from negmine.stages.write.depth import too_easy
from negmine.stages.write.formats.base import OutputFormat
from negmine.stages.write.formats.registry import FORMATS
from negmine.stages.write.teacher import without_place
from negmine.storage.layout import PROVENANCE, QRELS, SHORT, VERDICTS, training

MOST = 0.5  # share of the queries without a row or a negative above which there is a warning
_NAMED = 2  # reasons that are named
# Reasons that explain no shortage: of positives themselves, and of what nobody wants to train on.
_NO_SHORTAGE = ("is_positive", "contaminated")


@dataclass(frozen=True)
class Counts:
    """What the manifests of a finished `write` count.

    rows: of the training file. queries: with a positive. contaminated: queries that are left out for it, which
    are in no other count. suspected: the same of queries all of whose positives are suspected. short: queries
    with fewer than `num_negatives` negatives. without: queries with none. removed: reason to candidates.
    unfinished: what the judge has left to do, in its own words, or nothing. negatives, deep: see depth.py.
    narrow: the setting of the selection that leaves out kept candidates, if there is one. random_short: queries
    with fewer random negatives than asked.
    """

    rows: int
    num_negatives: int
    queries: int
    short: int
    without: int
    removed: Mapping[str, int]
    unfinished: str = ""
    negatives: int = 0
    deep: int = 0
    narrow: str = ""
    random_short: int = 0
    contaminated: int = 0
    suspected: int = 0


def warnings(counts: Counts, output: OutputFormat, work: str) -> Iterator[str]:
    """Yield a sentence for each thing that should be looked at before training; nothing if all is well.

    work: the work directory, as the user names it.
    """
    yield from _contaminated(counts, work)
    yield from _suspected(counts, work)
    yield from _easy(counts, work)
    yield from _random_short(counts)
    if not counts.queries and (counts.contaminated or counts.suspected):
        return
    few_negatives = counts.without > MOST * counts.queries
    left_out = output.only_full_queries and counts.short > MOST * counts.queries
    if not (few_negatives or left_out or counts.rows == 0):
        return
    if counts.rows == 0:
        subject = f"nothing to train on: 5-write/{output.name} has no row"
    elif left_out:
        subject = (
            f"{counts.short:,} of {counts.queries:,} queries have fewer than {counts.num_negatives} "
            f"negatives, and so no row in 5-write/{output.name}"
        )
    else:
        subject = f"{counts.without:,} of {counts.queries:,} queries have no negative"
    remedies = [_fewer(counts)] if output.only_full_queries else []
    remedies += [_why(counts, work)] if few_negatives or not remedies else []
    yield ". ".join([subject, *remedies])


def _contaminated(counts: Counts, work: str) -> Iterator[str]:
    if not counts.contaminated:
        return
    count = f"{counts.contaminated:,} of {counts.contaminated + counts.queries:,} queries"
    if counts.queries:
        yield f"{count} stand in evaluation sets, or have a positive that does, and are not written"
    else:
        yield (
            f"nothing to train on: {count} stand in evaluation sets, or have a positive that does. negmine "
            f"decontaminate {work} --against PATH shows them; --eval-documents none looks at queries alone"
        )


def _suspected(counts: Counts, work: str) -> Iterator[str]:
    if not counts.suspected:
        return
    count = f"{counts.suspected:,} of {counts.suspected + counts.queries:,} queries"
    if counts.queries:
        yield f"all positives of {count} are suspected, and these queries are not written"
    else:
        yield (
            f"nothing to train on: all positives of {count} are suspected. negmine report {work} shows them; "
            "--drop-positives none writes them"
        )


def _easy(counts: Counts, work: str) -> Iterator[str]:
    easy = too_easy(counts.negatives, counts.deep)
    if easy is not None:
        yield (
            f"{easy} Most candidates were removed as {_most(counts.removed)}. negmine sweep {work} shows what "
            "milder rules would leak"
        )


def _random_short(counts: Counts) -> Iterator[str]:
    if counts.random_short:
        yield (
            f"{counts.random_short:,} queries have fewer random documents than --random-negatives: there are "
            "no more that are neither candidates nor copies of positives. Lower --random-negatives, or --k"
        )


def _most(removed: Mapping[str, int]) -> str:
    """Return the reasons that removed most, with counts and flags, or `nothing`."""
    reasons = {name: n for name, n in removed.items() if name not in _NO_SHORTAGE}
    most = sorted(reasons.items(), key=lambda one: (-one[1], one[0]))[:_NAMED]
    return " and ".join(f"{name} ({n:,}{_flags(name)})" for name, n in most) or "nothing"


def _fewer(counts: Counts) -> str:
    return (
        f"It takes only queries with {counts.num_negatives} negatives: lower --num-negatives, or give "
        "--format triplet"
    )


def _why(counts: Counts, work: str) -> str:
    """Say why there are so few negatives, and which flag changes that."""
    if counts.unfinished:
        return (
            f"The judge is not done ({counts.unfinished}): raise --judge-budget, or run negmine filter "
            f"{work} again"
        )
    if counts.narrow:
        return f"{counts.narrow} leaves out kept candidates: widen it"
    if not counts.removed.keys() - set(_NO_SHORTAGE):
        return "The retrievers found too few documents that are no positives: raise --k"
    return (
        f"Most candidates were removed as {_most(counts.removed)}: loosen these rules, or raise --k. "
        f"negmine report {work} shows which queries"
    )


def _flags(reason: str) -> str:
    """Return the flags that shape a rule, as a list to follow its count; nothing where there is none."""
    settings = next((rule.settings for rule in RULES if rule.name == reason), ())
    return "".join(f", {flag(name)}" for name in settings if not name.startswith("no_"))


def _narrow(write: WriteSettings) -> str:
    """Return the setting of the selection that leaves out kept candidates, as a flag with its value."""
    if write.sampling == "band":
        return f"--band {write.band}"
    return "" if write.max_reuse is None else f"--max-reuse {write.max_reuse}"


def note_warnings(context: Context) -> None:
    """Note the warnings of the files that were just written."""
    write, work = context.config.write, context.work
    short, verdicts = work.require(SHORT).stats, work.require(VERDICTS).stats
    judge = registry.judge(context.config)
    judged = None if judge is None else work.manifest(judge)
    depth, contaminated = work.require(PROVENANCE).stats, len(dropped_queries(context))
    mined, suspected = work.require(QRELS).stats["queries_mined"], queries_dropped(context)
    counts = Counts(
        rows=0,
        num_negatives=write.num_negatives,
        queries=max(mined - contaminated - suspected, 0),
        short=short["queries_short"],
        without=short["queries_without_negatives"],
        removed=verdicts["removed"],
        negatives=depth.get("negatives", 0),
        deep=depth.get("deep", 0),
        unfinished=str(judged.stats.get("unfinished", "")) if judged else "",
        narrow=_narrow(write),
        random_short=depth.get("random_short", 0),
        contaminated=contaminated,
        suspected=suspected,
    )
    notes = dict.fromkeys(without_place(write))
    for name in write.format:
        of_format = replace(counts, rows=work.require(training(name)).rows)
        notes |= dict.fromkeys(warnings(of_format, FORMATS[name], work.name))
    for note in notes:
        context.progress.note(note)
