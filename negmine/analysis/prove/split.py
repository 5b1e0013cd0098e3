"""Which queries a student is tested on: whole groups, so that no tested document is a known positive."""

from __future__ import annotations

import numpy as np
import polars as pl

from negmine.data.hashing import name_hashes
from negmine.errors import InputError


def grouped(positives: pl.DataFrame) -> pl.DataFrame:
    """Return query_id and `group` of every query: queries that share a positive are in one group.

    positives: query_id, doc_id. A group is named after the smallest query_id in it.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    queries = positives["query_id"].unique().sort()
    documents = positives["doc_id"].unique().sort()
    numbered = positives.join(
        queries.to_frame("query_id").with_row_index("query"), on="query_id"
    ).join(documents.to_frame("doc_id").with_row_index("document"), on="doc_id")
    first = numbered["query"].to_numpy().astype(np.int64)
    second = numbered["document"].to_numpy().astype(np.int64) + len(queries)
    size = len(queries) + len(documents)
    edges = coo_array((np.ones(len(first)), (first, second)), (size, size))
    _, group = connected_components(edges, directed=False)
    named = pl.DataFrame({"query_id": queries, "number": group[: len(queries)]})
    return named.select("query_id", group=pl.col("query_id").min().over("number"))


def held_out(groups: pl.DataFrame, share: float, seed: int) -> pl.Series:
    """Return the query_ids to test on: groups in a random order, as long as they fit into the share.

    groups: see `grouped`. A group's place in the order depends on the seed and its name alone. Raises
    InputError where not one group fits, because nearly all queries share positives.
    """
    sizes = groups.group_by("group").len()
    order = sizes.with_columns(hash=name_hashes(sizes["group"], seed)).sort("hash", "group")
    wanted, taken, chosen = round(share * groups.height), 0, []
    for name, size in order.select("group", "len").iter_rows():
        if taken + size <= wanted:
            chosen.append(name)
            taken += size
    if not chosen:
        smallest = min(sizes["len"])
        raise InputError(
            f"No query can be kept out of training: {share} of {groups.height:,} queries are {wanted}, and "
            f"the smallest group of queries that share positives has {smallest}. Raise --holdout."
        )
    kept = groups.filter(pl.col("group").is_in(chosen))
    return kept["query_id"].sort()
