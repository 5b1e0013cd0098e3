"""`label --suggest`: the written negatives about which the risk is least sure, as a file of questions."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import polars as pl

from negmine.data.schemas import UNLABELED
from negmine.data.steering import plain
from negmine.engine.context import Context
from negmine.errors import InputError, SettingsError
from negmine.storage.files import write_out
from negmine.storage.labels import read_labels
from negmine.storage.layout import PROVENANCE, QUERIES

PAIR = ["query_id", "doc_id"]
COLUMNS = ("query_id", "doc_id", "relevance", "risk", "query", "document")


def suggest(context: Context, count: int, out: Path) -> dict[str, Any]:
    """Write the `count` written negatives that most deserve a look into a tsv file, worst first.

    Uncertainty sampling: a probability p says least where p (1 - p) is largest (Lewis and Gale 1994). Written
    negatives have a low risk, so these are the ones with the highest. Nobody is asked twice: pairs with a label
    are left out, and so is what qrels judge. Ties by query_id, doc_id. Returns `file` and `questions`.

    Raises SettingsError where no risk was learned, or the file cannot be written or is there already;
    MissingArtifact before `write` has run.
    """
    if "risk" not in context.config.scorers:
        raise SettingsError(
            "--suggest asks where the learned risk is least sure, and there is none. Run: "
            f"negmine filter {context.work.name} --max-risk 0.05, then negmine write {context.work.name}"
        )
    if out.exists():
        raise SettingsError(f"{out} is there already, perhaps with answers. Name another --out.")
    rows = _least_sure(context, count)
    if rows.is_empty():
        raise InputError("There is no written negative without a label: there is nothing to ask.")
    asked = _with_texts(context, rows)
    try:
        write_out(out, _as_tsv(asked))
    except OSError as error:
        raise SettingsError(f"{out} cannot be written: {error.strerror}.") from error
    return {"work": context.work.name, "file": str(out), "questions": rows.height}


def _as_tsv(rows: pl.DataFrame) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    writer.writerow(rows.columns)
    writer.writerows(rows.iter_rows())
    return text.getvalue()


def _least_sure(context: Context, count: int) -> pl.DataFrame:
    """Return query_id, doc_id, risk of the pairs to ask about."""
    columns = {"doc_id": "negative_id", "label": "negative_label", "risk": "risk_score"}
    rows = context.work.scan(PROVENANCE).select(
        "query_id", **{name: pl.col(column) for name, column in columns.items()}
    )
    if rows.collect_schema()["doc_id"] == pl.List:
        rows = rows.explode(*columns)
    answered = read_labels(context.work).lazy()
    uncertainty = pl.col("risk") * (1 - pl.col("risk"))
    return (
        rows.filter(pl.col("label") == UNLABELED, pl.col("risk").is_not_null())
        .unique(PAIR)
        .join(answered, on=PAIR, how="anti")
        .sort(uncertainty, "query_id", "doc_id", descending=[True, False, False])
        .head(count)
        .select(*PAIR, "risk")
        .collect()
    )


def _with_texts(context: Context, rows: pl.DataFrame) -> pl.DataFrame:
    queries = context.work.scan(QUERIES).select("query_id", query="text").collect()
    texts = context.corpus.texts(rows["doc_id"].unique()).rename({"text": "document"})
    shown = rows.join(queries, on="query_id", how="left", maintain_order="left").join(
        texts, on="doc_id", how="left", maintain_order="left"
    )
    one_line = [
        pl.col(name).map_elements(plain, pl.String).str.replace_all(r"\s+", " ")
        for name in ("query", "document")
    ]
    relevance = pl.lit(None, pl.String).alias("relevance")
    return shown.with_columns(
        *one_line, relevance, pl.col("risk").cast(pl.Float64).round(4)
    ).select(COLUMNS)
