"""Examples: the texts of the rows that were found, read from the files again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from negmine.analysis.lint.findings import ROWS, Findings
from negmine.analysis.lint.read.batches import File, batches
from negmine.analysis.lint.rules import RULES
from negmine.analysis.lint.settings import Options
from negmine.data.sources.problems import Problems

PER_RULE = 3
MOST_CHARACTERS = 500
_TEXTS = ("query", "positives", "negatives", "loose")


def place(row: int, files: list[File]) -> dict[str, Any]:
    """Return file and row (line of a text file, row of a Parquet file, from 1)."""
    return {"file": str(files[row // ROWS].path), "row": row % ROWS}


def examples(
    findings: Findings, files: list[File], options: Options
) -> dict[str, list[dict[str, Any]]]:
    """Return up to three examples a rule: file, row, texts, and the other row where there is one."""
    firsts = {rule: findings.first(rule).head(PER_RULE) for rule in RULES}
    wanted = pl.concat([pl.concat([rows["row"], rows["other"]]) for rows in firsts.values()])
    texts = _texts(wanted.drop_nulls().unique(), files, options)
    return {
        rule: [_example(found, texts, files) for found in rows.iter_rows(named=True)]
        for rule, rows in firsts.items()
    }


def _texts(rows: pl.Series, files: list[File], options: Options) -> dict[int, dict[str, Any]]:
    """Return the texts of rows; a file is read no further than its last row that is wanted."""
    found: dict[int, dict[str, Any]] = {}
    for file in files:
        left = {row for row in rows.to_list() if row // ROWS == file.number}
        again = File(file.path, file.number)
        for batch in batches(again, options.columns, options.label_threshold, Problems(skip=True)):
            if not left:
                break
            here = batch.filter(pl.col("row").is_in(list(left))).select("row", *_TEXTS)
            for row in here.iter_rows(named=True):
                found[row["row"]] = row
            left -= set(here["row"].to_list())
    return found


def _example(
    found: dict[str, Any], texts: dict[int, dict[str, Any]], files: list[File]
) -> dict[str, Any]:
    row = texts.get(found["row"], {})
    bare = (
        [] if row.get("loose") else [None]
    )  # a labeled pair has one document, another row lacks one
    negatives = row.get("negatives") or bare
    example = place(found["row"], files) | {
        "query": _cut(row.get("query")),
        "positives": _cut_all((row.get("positives") or bare)[:PER_RULE]),
    }
    if found["slot"] is None:
        example["negatives"] = _cut_all(negatives[:PER_RULE])
    else:
        example |= {
            "slot": found["slot"],
            "negative": _cut(negatives[found["slot"] - 1]),
        }
    if found["other"] is not None:
        other = texts.get(found["other"], {})
        example["other"] = place(found["other"], files) | {
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
