"""`label`: judgements of people are added to a work directory, and win over its qrels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from negmine.data.schemas import LABELS
from negmine.data.sources.problems import Problems
from negmine.data.sources.qrels import checked_relevance, has_ids, judgement_rows
from negmine.data.sources.records import as_id, quoted
from negmine.engine.context import Context
from negmine.errors import InputError
from negmine.storage.labels import forget_labels, keep_labels, read_labels
from negmine.storage.layout import CORPUS, QRELS, QUERIES
from negmine.storage.manifest import now

PAIR = ["query_id", "doc_id"]
_TYPES = (pl.String, pl.String, pl.Int32, pl.Int64)


@dataclass
class Answers:
    """The rows of a file of labels. unanswered: rows without a relevance, which say nothing."""

    rows: pl.DataFrame
    unanswered: int


def record(context: Context, file: Path, who: str) -> dict[str, Any]:
    """Add the labels of a file; of a pair that has one already, the new one counts.

    Returns `work`, `labels` (kept in all), and of this file: new, changed, unchanged, unanswered, relevant,
    not_relevant, against_qrels (other than the qrels said). Raises InputError for rows that cannot be read,
    or that name a query or document that is not indexed; MissingArtifact before `index` has run.
    """
    work = context.work
    for name in (CORPUS, QUERIES, QRELS):
        work.require(name)
    answers = _read(context, file)
    with work.hold():
        before = read_labels(work)
        rows = answers.rows.with_columns(who=pl.lit(who), when=pl.lit(now())).select(LABELS.names)
        same = rows.join(before, on=[*PAIR, "relevance"], how="semi")
        fresh = rows.join(same, on=PAIR, how="anti", maintain_order="left")
        changed = fresh.join(before, on=PAIR, how="semi").height
        kept = before.join(fresh, on=PAIR, how="anti", maintain_order="left")
        labels = pl.concat([kept, fresh]).sort(PAIR)
        if (
            not fresh.is_empty()
        ):  # a file of labels that says nothing new would make the qrels stale
            keep_labels(work, labels)
    is_relevant = rows["relevance"] >= context.config.index.min_relevance
    return {
        "work": work.name,
        "labels": labels.height,
        "new": fresh.height - changed,
        "changed": changed,
        "unchanged": same.height,
        "unanswered": answers.unanswered,
        "relevant": int(is_relevant.sum()),
        "not_relevant": int((~is_relevant).sum()),
        "against_qrels": _against(context, rows),
    }


def forget(context: Context) -> dict[str, Any]:
    """Remove all labels. Returns `work`, `labels` (0), and how many were `forgotten`."""
    with context.work.hold():
        count = read_labels(context.work).height
        forget_labels(context.work)
    return {"work": context.work.name, "labels": 0, "forgotten": count}


def _read(context: Context, file: Path) -> Answers:
    """Return the answered rows of a file, each pair once. Raises InputError with all its faults."""
    problems = Problems(skip=False, offers_skip=False)
    rows: list[tuple[str, str, int, int]] = []
    unanswered = 0
    for row in judgement_rows(file, problems):
        if not str(_or_blank(row.values["relevance"])).strip():
            unanswered += 1
            continue
        relevance = checked_relevance(row, file, problems)
        if relevance is not None and has_ids(row, file, problems):
            ids = as_id(row.values["query_id"]), as_id(row.values["doc_id"])
            rows.append((*ids, relevance, row.number))
    schema = dict(zip((*PAIR, "relevance", "line"), _TYPES, strict=True))
    given = pl.DataFrame(rows, schema=schema, orient="row")
    if given.is_empty() and not unanswered:
        problems.raise_if_any()
        raise InputError(
            f"{file} has no rows: nothing was labelled. Give query_id, doc_id and relevance in each row."
        )
    _check_indexed(context, given, file, problems)
    _check_agreement(given, file, problems)
    problems.raise_if_any()
    return Answers(given.unique(PAIR, keep="first", maintain_order=True).drop("line"), unanswered)


def _or_blank(value: Any) -> Any:
    return "" if value is None else value


def _check_indexed(context: Context, given: pl.DataFrame, file: Path, problems: Problems) -> None:
    """Report rows that name a query or document that is not indexed."""
    for table, column, what in ((QUERIES, "query_id", "query"), (CORPUS, "doc_id", "document")):
        ids = context.work.scan(table).select(column)
        lost = given.lazy().join(ids, on=column, how="anti", maintain_order="left").collect()
        for name, line in lost.select(column, "line").iter_rows():
            problems.add(
                f"no such {what}",
                file=file,
                row=line,
                message=f"{what} {quoted(name)} is not indexed",
                remedy="Name it as it stands in the source, or remove the row.",
            )


def _check_agreement(given: pl.DataFrame, file: Path, problems: Problems) -> None:
    """Report rows that give a pair another relevance than an earlier row."""
    first = pl.col("relevance", "line").first().over(PAIR).name.prefix("first_")
    apart = given.with_columns(first).filter(pl.col("relevance") != pl.col("first_relevance"))
    for row in apart.iter_rows(named=True):
        problems.add(
            "contradicting labels",
            file=file,
            row=row["line"],
            message=f"query {quoted(row['query_id'])}, document {quoted(row['doc_id'])}: relevance "
            f"{row['relevance']}, but {row['first_relevance']} in line {row['first_line']}",
            remedy="Keep one of the two rows.",
        )


def _against(context: Context, rows: pl.DataFrame) -> int:
    """Return how many labels say other than the source's qrels, as far as these judged the pair."""
    least = context.config.index.min_relevance
    made = context.work.scan(QRELS).rename({"relevance": "before"})
    both = made.join(rows.lazy(), on=PAIR, how="inner")
    apart = both.filter((pl.col("relevance") >= least) != (pl.col("before") >= least))
    return int(apart.select(pl.len()).collect(engine="streaming").item())
