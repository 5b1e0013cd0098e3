"""Vectors with ids, from files in any order, into the rows of an array.

The array is made in its full size on disk and mapped. Each batch of a file is joined with the wanted ids, and
its vectors go to their rows. So memory holds the ids and a batch, never the vectors.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.config.settings import IndexSettings
from negmine.data.arrays import Ints
from negmine.data.sources.places import LOCAL, Places
from negmine.data.sources.problems import SHOWN
from negmine.data.sources.vector_files import VectorRows, columns_in, read_vectors, vector_files
from negmine.engine.progress import Progress
from negmine.errors import InputError, cut
from negmine.models.encoder import Kind
from negmine.models.norms import Norms
from negmine.retrievers.dense.narrow import narrowed
from negmine.storage.files import new_mapped

_LONGEST = 60  # characters of an id in a message


class ById:
    """Files of vectors with ids. kind: whose ids they are. places: brings those at addresses here."""

    def __init__(
        self,
        kind: Kind,
        path: Path,
        settings: IndexSettings,
        norms: Norms,
        places: Places = LOCAL,
    ) -> None:
        self._flag, self._places = f"--{kind}-vectors {path}", places
        self._norms, self._files = norms, vector_files(path, places)
        self._columns = columns_in(
            self._files, kind, settings.vector_id_column, settings.vector_column, places
        )
        self._kind = kind
        self._dtype = "float16" if settings.vector_dtype == "float16" else "float32"
        self._example = ""

    def write(self, path: Path, ids: pl.Series, dims: int, progress: Progress) -> dict[str, int]:
        """Write the vectors of `ids`, in their order, into a .npy file; return counts for the manifest.

        dims: dimensions that every vector must have. Counts: files, rows, extra (ids that are not among `ids`),
        repeated (rows of an id that came before, with the same vector). Raises InputError for ids without a
        vector, and for an id with two different ones.
        """
        target = new_mapped(path, self._dtype, (len(ids), dims))
        is_there = np.zeros(len(ids), bool)
        wanted = ids.alias("id").to_frame().with_row_index("place")
        counts = {"files": len(self._files), "rows": 0, "extra": 0, "repeated": 0}
        for file in self._files:
            for rows in read_vectors(file, self._columns, self._places):
                if not len(rows.ids):
                    continue
                self._check_width(rows, dims)
                here, places = self._joined(rows, wanted)
                repeated = self._put(rows, here, places, target, is_there)
                counts["rows"] += len(rows.ids)
                counts["extra"] += len(rows.ids) - len(here)
                counts["repeated"] += repeated
                progress.advance(len(here) - repeated)
        self._refuse_missing(ids, is_there)
        target.flush()
        self._tell(counts, progress)
        return counts

    def _check_width(self, rows: VectorRows, dims: int) -> None:
        if rows.vectors.shape[1] != dims:
            raise InputError(
                f"{self._flag}: {rows.file}, row {rows.first:,} has {rows.vectors.shape[1]} dimensions, others "
                f"have {dims}. Bring vectors of one model."
            )

    def _joined(self, rows: VectorRows, wanted: pl.DataFrame) -> tuple[Ints, Ints]:
        """Return which rows of a batch are wanted, and their places in the array."""
        ids = pl.Series("id", rows.ids)
        self._example = self._example or str(ids[0])
        joined = ids.to_frame().with_row_index("row").join(wanted, on="id", maintain_order="left")
        return (joined[name].cast(pl.Int64).to_numpy() for name in ("row", "place"))  # type: ignore[return-value]

    def _put(
        self,
        rows: VectorRows,
        here: Ints,
        places: Ints,
        target: NDArray[Any],
        is_there: NDArray[np.bool_],
    ) -> int:
        """Put the rows `here` of a batch to their places; return how many were there before, and equal."""

        def place_of(row: int) -> str:
            return f"{self._flag}: {rows.file}, row {rows.first + int(here[row]):,}"

        vectors = narrowed(self._norms(rows.vectors[here], place_of), self._dtype, place_of)
        _, first = np.unique(places, return_index=True)
        is_new = np.zeros(len(places), bool)
        is_new[first] = ~is_there[places[first]]
        target[places[is_new]] = vectors[is_new]
        is_there[places[is_new]] = True
        again = np.flatnonzero(~is_new)
        differs = again[(target[places[again]] != vectors[again]).any(axis=1)]
        if len(differs):
            row = int(differs[0])
            name = cut(str(rows.ids[int(here[row])]), _LONGEST)
            raise InputError(
                f"{place_of(row)}: the id {name!r} was there before with another vector ({len(differs):,} such "
                "rows so far). Keep one row for each id."
            )
        return len(again)

    def _refuse_missing(self, ids: pl.Series, is_there: NDArray[np.bool_]) -> None:
        missing = ids.filter(pl.Series(~is_there))
        if missing.is_empty():
            return
        shown = ", ".join(repr(cut(one, _LONGEST)) for one in missing.head(SHOWN))
        more = f" and {len(missing) - SHOWN:,} more" if len(missing) > SHOWN else ""
        example = f" Its ids are such as {cut(self._example, _LONGEST)!r}." if self._example else ""
        raise InputError(
            f"{self._flag} has no vector for {len(missing):,} of {len(ids):,} ids: {shown}{more}.{example} Add "
            f"their vectors, or name the column of the {self._kind}s' ids: --vector-id-column."
        )

    def _tell(self, counts: dict[str, int], progress: Progress) -> None:
        """Say how many rows were not used."""
        if counts["extra"]:
            progress.note(
                f"{self._flag}: {counts['extra']:,} of {counts['rows']:,} vectors are not used; no "
                f"{self._kind} that is mined has their id"
            )
        if counts["repeated"]:
            progress.note(
                f"{self._flag}: {counts['repeated']:,} rows repeat an id, with the same vector"
            )
