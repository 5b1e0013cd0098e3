"""Functions that show a run, and what a person says after looking at it: trust, labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from negmine.analysis.status.status import states
from negmine.config.keywords import SettingsKeywords
from negmine.engine.context import Context
from negmine.engine.status import State
from negmine.stages.opening import open_existing

if TYPE_CHECKING:
    from negmine.analysis.report.schema import Report


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

    forget: trust nothing of it any more. Returns `work`, `record` (a file), and `trusted`: setting, kind and
    value of each. Raises MissingArtifact, or WorkdirError where the record cannot be written.
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
    """Write the `count` written negatives that are most doubtful into a tsv file `out`.

    Somebody fills in its column relevance; then see `label`. Returns `file`, `questions`. Raises SettingsError
    without a risk and without vectors, or where `out` is there; MissingArtifact before `write` has run.
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
