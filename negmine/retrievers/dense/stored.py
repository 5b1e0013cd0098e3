"""The vectors of a finished index, by document and query id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.models.norms import UnitRows
from negmine.retrievers.dense.int8 import open_documents
from negmine.retrievers.dense.vectors import IDS
from negmine.retrievers.scope import POSITIONS
from negmine.storage.parquet import read_part

SHAPING = (
    *("model", "query_model", "dtype", "max_length", "query_prompt", "document_prompt"),
    "dimensions",
)


class StoredVectors:
    """Unit vectors of documents and queries, memory-mapped."""

    def __init__(self, folder: Path, doc_ids: pl.Series, is_unit: bool) -> None:
        """Open an index folder.

        doc_ids: the doc_id of every document of the corpus, by position. is_unit: its vectors have length 1, as
        its manifest says (`normalised`); others are made so when they are read.
        """
        rows = folder / POSITIONS  # where only some documents are encoded
        encoded = doc_ids.gather(np.load(rows)) if rows.exists() else doc_ids
        queries = read_part(folder / IDS)["query_id"]
        self._rows = {
            what: ids.alias("id").to_frame().with_row_index("vector")
            for what, ids in (("document", encoded), ("query", queries))
        }
        mapped = {
            "document": open_documents(folder, None, is_unit),
            "query": np.load(folder / "queries.npy", mmap_mode="r"),
        }
        self._vectors: dict[str, Any] = {
            what: array if is_unit else UnitRows(array) for what, array in mapped.items()
        }

    def of(self, what: str, ids: pl.Series) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the places of the ids that have a vector, int64, and the vectors, float32 [places, dims].

        what: `document` or `query`.
        """
        wanted = ids.alias("id").to_frame().with_row_index("place")
        rows = wanted.join(self._rows[what], on="id", how="inner", maintain_order="left")
        vectors = np.asarray(self._vectors[what][rows["vector"].to_numpy()], np.float32)
        return rows["place"].cast(pl.Int64).to_numpy(), vectors


def same_encoder(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Tell whether two indexes' settings (see vectors.identity) name one model, with the same prompts."""
    return "model" in one and all(one.get(name) == other.get(name) for name in SHAPING)
