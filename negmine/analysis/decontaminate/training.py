"""The texts that a run trains on: the queries, positives and negatives in its training files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from negmine.engine.context import Context
from negmine.stages.filter.contamination.evaluation import DOCUMENT, QUERY
from negmine.storage.layout import PROVENANCE

ROLES = {"queries": "query_id", "positives": "positive_id", "negatives": "negative_id"}
"""Role of a text in a training file, to its column in `provenance`."""


@dataclass(frozen=True)
class Training:
    """The ids of a run's training texts by role, each once, and how many rows its training file has."""

    context: Context
    ids: dict[str, pl.Series]
    rows: int

    def texts(self) -> Iterator[pl.DataFrame]:
        """Yield what, id, text of all of them, in pieces of one `what` each."""
        context = self.context
        for part in range(context.queries.parts()):
            rows = context.queries.mined(part).select(
                pl.lit(QUERY).alias("what"), "text", id="query_id"
            )
            yield rows.join(self.ids["queries"].to_frame("id"), on="id", how="semi").select(COLUMNS)
        documents = pl.concat([self.ids["positives"], self.ids["negatives"]]).unique()
        positions = np.sort(context.corpus.positions(documents))
        for table in context.corpus.documents(positions):
            rows = pl.DataFrame(pl.from_arrow(table))
            yield rows.select(pl.lit(DOCUMENT).alias("what"), pl.col("doc_id").alias("id"), "text")

    def contaminated(self, queries: pl.Series, documents: pl.Series) -> tuple[int, int]:
        """Return how many queries are contaminated or have a contaminated positive, and how many rows are.

        queries, documents: the ids of contaminated texts. A row is contaminated by its query, its positive or a
        negative.
        """
        of_query = pl.col("query_id").is_in(queries.implode())
        of_positive = pl.col("positive_id").is_in(documents.implode()).fill_null(False)
        is_bad = documents.implode()
        dropped, rows = [pl.Series("query_id", [], pl.String)], 0
        for part in self.context.work.parts(PROVENANCE, list(ROLES.values())):
            negative = pl.col("negative_id")
            if isinstance(part.schema["negative_id"], pl.List):
                of_negative = negative.list.eval(pl.element().is_in(documents.to_list())).list.any()
            else:
                of_negative = negative.is_in(is_bad)
            rows += part.filter(of_query | of_positive | of_negative.fill_null(False)).height
            dropped.append(part.filter(of_query | of_positive)["query_id"].unique())
        return pl.concat(dropped).n_unique(), rows


COLUMNS = ("what", "id", "text")


def read_training(context: Context) -> Training:
    """Read who is in the training files. Raises MissingArtifact before `write` has run."""
    manifest = context.work.require(PROVENANCE)
    ids: dict[str, list[pl.Series]] = {role: [] for role in ROLES}
    for part in context.work.parts(PROVENANCE, list(ROLES.values())):
        for role, column in ROLES.items():
            values = part[column]
            flat = values.explode() if isinstance(values.dtype, pl.List) else values
            ids[role].append(flat.drop_nulls().unique(maintain_order=True).alias("id"))
    nobody = pl.Series("id", [], pl.String)
    distinct = {
        role: pl.concat([nobody, *some]).unique(maintain_order=True) for role, some in ids.items()
    }
    return Training(context, distinct, manifest.rows)
