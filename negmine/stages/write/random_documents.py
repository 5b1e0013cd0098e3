"""`--random-negatives`: random documents as further negatives, never a known positive or a copy of one.

Source: knowledge graphs with entity anchors share random negatives in a batch; here consecutive queries may
share them (`random_shared`).

The documents of a group of queries come in an order of their own: places start, start + stride, start + 2
stride ... modulo the number of documents, with a stride that has no divisor in common with it, so that the
order visits each document once. Start and stride are drawn by seed and group alone. A query takes the first
ones that it may have.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.data.hashing import GOLDEN, name_hashes, splitmix64

_SLACK = 16  # places that are looked at beyond those that a query surely needs
_KEYS = ("text_key", "body_key")


def random_documents(
    groups: pl.DataFrame,
    excluded: pl.DataFrame,
    positives: pl.DataFrame,
    corpus_keys: pl.DataFrame,
    doc_ids: pl.Series,
    count: int,
    seed: int,
) -> pl.DataFrame:
    """Return query_id, negative_id: `count` random documents of every query, or all that it may have.

    groups: query_id, group (int64): queries of one group share their documents as far as they may have them.
    excluded: query_id, doc_id that a query may not have. positives: query_id, doc_id; no document with the text
    of one is taken, with its title or without. corpus_keys: doc_id, text_key, body_key of all documents.
    doc_ids: those to draw from, by position.
    """
    taken, waiting = [], groups
    depth = count + _SLACK
    while waiting.height:
        offered = _offered(waiting, doc_ids, min(depth, len(doc_ids)), seed)
        allowed = _allowed(offered, excluded, positives, corpus_keys)
        first = allowed.filter(pl.int_range(pl.len()).over("query_id") < count)
        full = first.group_by("query_id").len().filter(pl.col("len") == count)
        done = waiting if depth >= len(doc_ids) else waiting.join(full, on="query_id", how="semi")
        taken.append(first.join(done, on="query_id", how="semi", maintain_order="left"))
        waiting = waiting.join(done, on="query_id", how="anti", maintain_order="left")
        depth *= 4
    order = groups.select("query_id").with_row_index("_row")
    rows = pl.concat([offer.select("query_id", "doc_id") for offer in taken] or [_nothing()])
    return (
        rows.join(order, on="query_id", how="inner", maintain_order="left")
        .sort("_row", maintain_order=True)
        .select("query_id", negative_id="doc_id")
    )


def _nothing() -> pl.DataFrame:
    return pl.DataFrame(schema={"query_id": pl.String, "doc_id": pl.String})


def _offered(groups: pl.DataFrame, doc_ids: pl.Series, depth: int, seed: int) -> pl.DataFrame:
    """Return query_id, doc_id: the first `depth` documents of each query's own order."""
    documents = len(doc_ids)
    if not documents:
        return _nothing()
    start, stride = _walks(groups["group"].cast(pl.String), documents, seed)
    steps = np.arange(depth, dtype=np.uint64)
    places = (start[:, None] + stride[:, None] * steps[None, :]) % np.uint64(documents)
    rows = np.repeat(np.arange(groups.height), depth)
    return pl.DataFrame(
        {
            "query_id": groups["query_id"].gather(rows),
            "doc_id": doc_ids.gather(places.ravel().astype(np.int64)),
        }
    )


def _walks(
    names: pl.Series, documents: int, seed: int
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return start and stride of each group's walk over the documents, uint64 [names]."""
    hashes = name_hashes(names, seed).to_numpy()
    size = np.uint64(documents)
    start: NDArray[np.uint64] = splitmix64(hashes + GOLDEN) % size
    stride: NDArray[np.uint64] = splitmix64(hashes + GOLDEN + GOLDEN) % size
    while (divides := np.gcd(stride, size) != 1).any():  # gcd(0, 1) is 1: one document, one place
        stride = np.where(divides, (stride + np.uint64(1)) % size, stride)
    return start, stride


def _allowed(
    offered: pl.DataFrame,
    excluded: pl.DataFrame,
    positives: pl.DataFrame,
    corpus_keys: pl.DataFrame,
) -> pl.DataFrame:
    """Return the offers that are neither excluded nor have the text of a positive of the query."""
    pair = ["query_id", "doc_id"]
    rows = offered.join(excluded, on=pair, how="anti", maintain_order="left")
    rows = rows.join(corpus_keys, on="doc_id", how="left", maintain_order="left")
    known = positives.join(corpus_keys, on="doc_id", how="left")
    for key in _KEYS:
        rows = rows.join(known, on=["query_id", key], how="anti", maintain_order="left")
    return rows.select(pair)
