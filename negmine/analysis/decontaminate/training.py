"""The texts that a run trains on: the queries, positives and negatives in its training files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from negmine.engine.context import Context
from negmine.stages.filter.contamination.evaluation import DOCUMENT, QUERY
from negmine.storage.layout import PROVENANCE, provenance

ROLES = {"queries": "query_id", "positives": "positive_id", "negatives": "negative_id"}
"""Role of a text in a training file, to its column in `provenance`."""


@dataclass(frozen=True)
class Training:
    """The ids of a run's training texts by role, each once, and how many rows its main training file has."""

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
        positions = np.sort(context.documents.positions(documents))
        for table in context.documents.documents(positions):
            rows = pl.DataFrame(pl.from_arrow(table))
            yield rows.select(pl.lit(DOCUMENT).alias("what"), pl.col("doc_id").alias("id"), "text")

    def contaminated(self, queries: pl.Series, documents: pl.Series) -> tuple[int, int]:
        """Return how many queries are contaminated or have a contaminated positive, and how many rows are.

        queries, documents: the ids of contaminated texts. A row is contaminated by its query, its positive or a
        negative. Rows are those of the format named first; queries, of all.
        """
        dropped, rows = [pl.Series("query_id", [], pl.String)], 0
        for name in files_beside(self.context):
            for part in self.context.work.parts(name, list(ROLES.values())):
                whole = part["query_id"].is_in(queries.implode()) | _any_in(
                    part["positive_id"], documents
                )
                dropped.append(part.filter(whole)["query_id"].unique())
                if name == PROVENANCE:
                    rows += part.filter(whole | _any_in(part["negative_id"], documents)).height
        return pl.concat(dropped).n_unique(), rows


def _any_in(values: pl.Series, ids: pl.Series) -> pl.Series:
    """Tell for each row whether its id, or one of its list of ids, is among `ids`; no id is not."""
    rows = pl.DataFrame({"id": values}).with_row_index("row")
    long = rows.explode("id") if isinstance(values.dtype, pl.List) else rows
    hit = long.join(ids.alias("id").to_frame(), on="id", how="semi")["row"].unique()
    return rows["row"].is_in(hit.implode())


COLUMNS = ("what", "id", "text")


def files_beside(context: Context) -> list[str]:
    """Return the artifacts of provenance of all formats of this run: each may have rows that others lack."""
    write = context.config.write
    names = [provenance(name, write.main_format) for name in write.format]
    return [name for name in names if context.work.manifest(name) is not None]


def read_training(context: Context) -> Training:
    """Read who is in the training files, of every format. Raises MissingArtifact before `write` has run."""
    manifest = context.work.require(PROVENANCE)
    ids: dict[str, list[pl.Series]] = {role: [] for role in ROLES}
    parts = (
        part
        for name in files_beside(context)
        for part in context.work.parts(name, list(ROLES.values()))
    )
    for part in parts:
        for role, column in ROLES.items():
            values = part[column]
            flat = values.explode() if isinstance(values.dtype, pl.List) else values
            ids[role].append(flat.drop_nulls().unique(maintain_order=True).alias("id"))
    nobody = pl.Series("id", [], pl.String)
    distinct = {
        role: pl.concat([nobody, *some]).unique(maintain_order=True) for role, some in ids.items()
    }
    return Training(context, distinct, manifest.rows)
