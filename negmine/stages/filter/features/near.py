"""The pairs that candidates are compared with: known positives, and negatives of the same queries."""

from __future__ import annotations

import polars as pl

from negmine.data.hashing import name_hashes
from negmine.data.schemas import JUDGED_NEGATIVE, POSITIVE, UNLABELED
from negmine.engine.context import Context
from negmine.stages.filter.neighbours import PAIR
from negmine.stages.filter.risk.hiding import SEED
from negmine.storage.labels import labelled_pairs
from negmine.storage.layout import CANDIDATES


def intrinsic(rows: pl.DataFrame) -> pl.DataFrame:
    """Return query_id, doc_id, positive of a part's reference pairs when the labels at hand count as right.

    All known positives; and of each query as many other candidates as it has positives: judged negatives first,
    then unlabeled ones, drawn by their ids. No rule has run yet, so the best-ranked are no better than others.

    rows: query_id, doc_id, label.
    """
    is_positive = pl.col("label") == POSITIVE
    pairs = rows.select(pl.concat_str(*PAIR, separator="\0")).to_series()
    rows = rows.with_columns(
        _draw=name_hashes(pairs, SEED), _count=is_positive.sum().over("query_id")
    )
    negative = pl.col("label").is_in([UNLABELED, JUDGED_NEGATIVE])
    rows = rows.filter(is_positive | negative)
    place = pl.struct(pl.col("label") != JUDGED_NEGATIVE, "_draw", "doc_id")
    order = place.rank("ordinal").over("query_id", is_positive)
    return rows.filter(is_positive | (order <= pl.col("_count"))).select(
        *PAIR, positive=is_positive
    )


def extrinsic(rows: pl.DataFrame, labelled: pl.DataFrame) -> pl.DataFrame:
    """Return the same of pairs that people have looked at: positives of `labelled`, and judged negatives.

    labelled: query_id, doc_id of what `negmine label` named. The judge is asked after features are made.
    """
    marked = labelled.select(PAIR).with_columns(_labelled=True)
    rows = rows.join(marked, on=PAIR, how="left", maintain_order="left")
    is_positive = (pl.col("label") == POSITIVE) & pl.col("_labelled").fill_null(False)
    rows = rows.filter(is_positive | (pl.col("label") == JUDGED_NEGATIVE))
    return rows.select(*PAIR, positive=pl.col("label") == POSITIVE)


def references(context: Context, judged: bool, hidden: pl.DataFrame | None) -> pl.DataFrame:
    """Return query_id, doc_id, positive of all reference pairs.

    judged: of pairs that people have looked at alone. hidden: query_id, doc_id of positives that count as
    unlabeled; one that no retriever found would be no candidate, and is left out.
    """
    labelled = labelled_pairs(context.work) if judged else None
    ranks = [f"{name}_rank" for name in context.config.retriever_names]
    unknown = None if hidden is None else hidden.select(PAIR).with_columns(_hidden=True)
    parts = []
    for rows in context.work.parts(CANDIDATES, [*PAIR, "label", *ranks]):
        if unknown is not None:
            rows = _as_if_hidden(rows, unknown, ranks)
        rows = rows.select(*PAIR, "label")
        parts.append(intrinsic(rows) if labelled is None else extrinsic(rows, labelled))
    return pl.concat(parts)


def _as_if_hidden(rows: pl.DataFrame, unknown: pl.DataFrame, ranks: list[str]) -> pl.DataFrame:
    rows = rows.join(unknown, on=PAIR, how="left", maintain_order="left")
    is_hidden = pl.col("_hidden").fill_null(False)
    found = pl.any_horizontal(pl.col(name).is_not_null() for name in ranks)
    label = pl.when(is_hidden).then(pl.lit(UNLABELED)).otherwise("label").alias("label")
    return rows.filter(~is_hidden | found).with_columns(label)
