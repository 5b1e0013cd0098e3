"""Examples: the texts of the first findings of each rule, read from the files again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from negmine.analysis.lint.findings import Findings
from negmine.analysis.lint.places import ROWS
from negmine.analysis.lint.read.batches import TrainingFile, batches
from negmine.analysis.lint.rules import RULES
from negmine.analysis.lint.settings import LintSettings
from negmine.data.sources.problems import Problems

PER_RULE = 3
MOST_CHARACTERS = 500

Example = dict[str, Any]


def located(row: int, files: Sequence[TrainingFile]) -> dict[str, Any]:
    """Return the file of a row, and its number there: line of a text file, row of a Parquet file."""
    return {"file": files[row // ROWS].name, "row": row % ROWS}


def examples(
    findings: Findings, files: Sequence[TrainingFile], settings: LintSettings
) -> dict[str, list[Example]]:
    """Return up to three examples a rule: file, row, texts, and the row that explains it, if there is one."""
    first = {rule: findings.first(rule).head(PER_RULE) for rule in RULES}
    numbers = pl.concat([rows[column] for rows in first.values() for column in ("row", "other")])
    texts = _texts(numbers.drop_nulls().unique(), files, settings)
    return {
        rule: [_example(finding, texts, files) for finding in rows.iter_rows(named=True)]
        for rule, rows in first.items()
    }


def _texts(
    rows: pl.Series, files: Sequence[TrainingFile], settings: LintSettings
) -> dict[int, dict[str, Any]]:
    """Return the texts of rows; a file is read no further than its last row that is wanted."""
    texts: dict[int, dict[str, Any]] = {}
    for file in files:
        wanted = {row for row in rows.to_list() if row // ROWS == file.number}
        again = TrainingFile(file.path, file.number)
        for batch in batches(again, settings, Problems(skip=True)):
            if not wanted:
                break
            here = batch.filter(pl.col("row").is_in(list(wanted)))
            columns = here.select("row", "query", "positives", "negatives", "is_pair")
            texts |= {row["row"]: row for row in columns.iter_rows(named=True)}
            wanted -= set(here["row"].to_list())
    return texts


def _example(
    finding: dict[str, Any], texts: dict[int, dict[str, Any]], files: Sequence[TrainingFile]
) -> Example:
    row = texts.get(finding["row"], {})
    # A labeled pair has one document; in another row a missing one is a null text.
    missing = [] if row.get("is_pair") else [None]
    positives, negatives = row.get("positives") or missing, row.get("negatives") or missing
    example = located(finding["row"], files) | {
        "query": _cut(row.get("query")),
        "positives": _cut_all(positives[:PER_RULE]),
    }
    if finding["slot"] is None:
        example["negatives"] = _cut_all(negatives[:PER_RULE])
    else:
        example |= {"slot": finding["slot"], "negative": _cut(negatives[finding["slot"] - 1])}
    if finding["other"] is not None:
        other = texts.get(finding["other"], {})
        example["other"] = located(finding["other"], files) | {
            "query": _cut(other.get("query")),
            "positives": _cut_all((other.get("positives") or [])[:PER_RULE]),
        }
    return example


def _cut_all(texts: Iterable[str | None]) -> list[str | None]:
    return [_cut(text) for text in texts]


def _cut(text: str | None) -> str | None:
    if text is None or len(text) <= MOST_CHARACTERS:
        return text
    return text[: MOST_CHARACTERS - 1] + "…"
