"""`label --suggest`: the written negatives that are most probably relevant, as a file of questions."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import polars as pl

from negmine.data.hashing import name_hashes
from negmine.data.schemas import UNLABELED
from negmine.data.steering import plain
from negmine.engine.context import Context
from negmine.errors import InputError, SettingsError
from negmine.retrievers.registry import open_vectors
from negmine.stages.filter.neighbours import PAIR, Neighbours
from negmine.stages.filter.risk.hiding import SEED
from negmine.stages.filter.suspects.references import of_verdicts
from negmine.storage.files import write_out
from negmine.storage.labels import labelled_pairs
from negmine.storage.layout import PROVENANCE, QUERIES

COLUMNS = ("query_id", "doc_id", "relevance", "risk", "neighbours", "query", "document")
NEAREST = 1  # pairs of a kind that a written negative is compared with: one near positive pair is reason to ask
MOST = 20_000  # written negatives that are compared; of more, those of queries drawn by their ids


def suggest(context: Context, count: int, out: Path) -> dict[str, Any]:
    """Write the `count` written negatives that most deserve a look into a tsv file, the most doubtful first.

    Two orders count. By the learned risk: a probability p says least where p (1 - p) is largest (Lewis and Gale
    1994); written negatives have a low risk, so these are the ones with the highest. By neighbours, with stored
    vectors: how much nearer the pair's nearest positive pairs are than its nearest negative pairs
    (data/pair_neighbours.py), which the risk does not see. Pairs are asked about by the product of their two
    places; ties by query_id, doc_id. Nobody is asked twice: pairs with a label are left out, and so is what
    qrels judge. Returns `file` and `questions`.

    Raises SettingsError where there is neither a learned risk nor a retriever with vectors, or the file cannot
    be written or is there already; MissingArtifact before `write` has run.
    """
    if "risk" not in context.config.scorers and context.config.vector_retriever is None:
        raise SettingsError(
            "--suggest goes by the learned risk and by stored vectors, and there are neither. Run: "
            f"negmine filter {context.work.name} --max-risk 0.05, then negmine write {context.work.name}"
        )
    if out.exists():
        raise SettingsError(f"{out} is there already, perhaps with answers. Name another --out.")
    rows = _most_doubtful(context, count)
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


def _most_doubtful(context: Context, count: int) -> pl.DataFrame:
    """Return query_id, doc_id, risk, neighbours of the pairs to ask about; null where one is not there."""
    rows = _with_neighbours(context, _unanswered(context))
    places = [
        value.rank("min", descending=True).fill_null(pl.len())
        for value in (pl.col("risk") * (1 - pl.col("risk")), pl.col("neighbours"))
    ]
    doubt = places[0].cast(pl.Float64) * places[1].cast(pl.Float64)
    return rows.sort(doubt, *PAIR).head(count)


def _unanswered(context: Context) -> pl.DataFrame:
    """Return query_id, doc_id, risk of the written negatives of which nobody has said anything."""
    columns = {"doc_id": "negative_id", "label": "negative_label"}
    if "risk" in context.config.scorers:
        columns["risk"] = "risk_score"
    rows = context.work.scan(PROVENANCE).select(
        "query_id", **{name: pl.col(column) for name, column in columns.items()}
    )
    if rows.collect_schema()["doc_id"] == pl.List:
        rows = rows.explode(*columns)
    if "risk" not in columns:
        rows = rows.with_columns(risk=pl.lit(None, pl.Float32))
    return (
        rows.filter(pl.col("label") == UNLABELED)
        .unique(PAIR)
        .join(labelled_pairs(context.work).lazy(), on=PAIR, how="anti")
        .select(*PAIR, "risk")
        .sort(PAIR)
        .collect()
    )


def _with_neighbours(context: Context, rows: pl.DataFrame) -> pl.DataFrame:
    """Add `neighbours`; of very many rows, only those of queries drawn by their ids are returned."""
    if context.config.vector_retriever is None or rows.is_empty():
        return rows.with_columns(neighbours=pl.lit(None, pl.Float32))
    drawn = rows.with_columns(draw=name_hashes(rows["query_id"], SEED)).sort("draw", *PAIR)
    compared = drawn.head(MOST).drop("draw")
    pairs = of_verdicts(context, judged=False)
    near = Neighbours(context, open_vectors(context), pairs, NEAREST)
    return compared.with_columns(near.margins(compared))


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
    numbers = pl.col("risk", "neighbours").cast(pl.Float64).round(4)
    return shown.with_columns(*one_line, relevance, numbers).select(COLUMNS)
