"""Reading `corpus`: documents in order, their positions, their texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.config.settings import IndexSettings
from negmine.data.texts import rendered
from negmine.storage.contents import Verify
from negmine.storage.layout import CORPUS, GENERATED
from negmine.storage.open import open_workdir
from negmine.storage.workdir import Workdir

READ = ("doc_id", "title", "text", "same_as", "source_row")
PER_PART = "documents_per_part"  # of the manifest's stats
FEW_IDS = 1_000_000  # documents whose ids may stay in memory


class Corpus:
    """The indexed documents: rows of `corpus` that are no copies, in its order.

    A document's position is its place among them, from 0. title: whether titles stand before texts. generated:
    `texts` also knows the documents that a language model wrote; they have no positions.
    """

    def __init__(
        self, work: Workdir, title: bool, title_separator: str, generated: bool = False
    ) -> None:
        self._work, self._generated = work, generated
        self._text = rendered(title, title_separator)
        self._doc_ids = cache(self._read_doc_ids)
        self._part_documents = cache(self._count_parts)
        self._ids_of_parts = lru_cache(maxsize=1)(self._read_ids_of_parts)
        self._doc_order = cache(self._make_doc_order)
        self._numbered = cache(lambda: self.doc_ids().to_frame("doc_id").with_row_index("position"))

    def __len__(self) -> int:
        """Return the number of documents that have positions."""
        return sum(self.part_documents())

    def documents(
        self, positions: NDArray[np.int64] | None = None, columns: Sequence[str] = ()
    ) -> Iterator[pa.Table]:
        """Yield doc_id, text (with its title), source_row, in order.

        positions: int64, ascending, of the documents that are wanted; all without. columns: the source's own
        columns that are wanted, too.
        """
        start = 0
        for part in self._work.parts(CORPUS, [*READ, *columns]):
            rows = part.filter(pl.col("same_as").is_null())
            stop = start + rows.height
            if positions is not None:
                first, last = np.searchsorted(positions, [start, stop])
                rows = rows[positions[first:last] - start]
            start = stop
            yield rows.select("doc_id", self._text, "source_row", *columns).to_arrow()

    def documents_of_part(self, part: int, columns: Sequence[str] = ()) -> pa.Table:
        """Return what `documents` yields of one part."""
        rows = self._work.read(CORPUS, part, [*READ, *columns]).filter(pl.col("same_as").is_null())
        return rows.select("doc_id", self._text, "source_row", *columns).to_arrow()

    def texts_of_part(self, part: int, positions: NDArray[np.int64] | None = None) -> list[str]:
        """Return the texts (with titles) of a part's documents; of those at these positions, as `documents`."""
        rows = self._work.read(CORPUS, part, ["title", "text", "same_as"])
        rows = rows.filter(pl.col("same_as").is_null())
        if positions is not None:
            start = sum(self.part_documents()[:part])
            first, last = np.searchsorted(positions, [start, start + rows.height])
            rows = rows[positions[first:last] - start]
        return rows.select(self._text).to_series().to_list()

    def doc_ids(self) -> pl.Series:
        """Return the doc_id of every document, by position; read once."""
        return self._doc_ids()

    def part_documents(self) -> list[int]:
        """Return how many documents each part has; read once."""
        return self._part_documents()

    def ids_of_parts(self, first: int, last: int) -> pl.Series:
        """Return the doc_id of every document in these parts, by position; the parts asked for last are kept.

        last: the part behind the last one.
        """
        is_all = (first, last) == (0, len(self.part_documents()))
        return self.doc_ids() if is_all else self._ids_of_parts(first, last)

    def doc_order(self) -> NDArray[np.int64]:
        """Return for every position the place of its doc_id among all sorted ones, int64: it breaks ties."""
        return self._doc_order()

    def positions(self, doc_ids: pl.Series) -> NDArray[np.int64]:
        """Return the positions of documents, int64 [doc_ids].

        The ids of a large corpus are read anew, and not kept.
        """
        asked = doc_ids.to_frame("doc_id")
        numbered = (
            self._numbered().lazy() if self._has_few() else self._ids().with_row_index("position")
        )
        found = numbered.join(asked.unique().lazy(), on="doc_id", how="semi").collect(
            engine="streaming"
        )
        rows = asked.join(found, on="doc_id", how="left", maintain_order="left")
        return rows["position"].cast(pl.Int64).to_numpy()

    def texts(self, doc_ids: pl.Series) -> pl.DataFrame:
        """Return doc_id, text (with its title) of these documents, written ones too, each once."""
        indexed = self.indexed_texts(doc_ids)
        if not self._generated:
            return indexed
        wanted = doc_ids.unique().to_frame("doc_id").lazy()
        written = self._work.scan(GENERATED).select("doc_id", "text").drop_nulls("doc_id")
        more = written.join(wanted, on="doc_id", how="semi").collect(engine="streaming")
        return pl.concat([indexed, more])

    def indexed_texts(self, doc_ids: pl.Series) -> pl.DataFrame:
        """Return what `texts` does, of the user's documents alone: those of a model are not looked at."""
        return (
            self._work.scan(CORPUS)
            .select("doc_id", "title", "text")
            .join(doc_ids.unique().to_frame("doc_id").lazy(), on="doc_id", how="semi")
            .select("doc_id", self._text)
            .collect(engine="streaming")
        )

    def _read_doc_ids(self) -> pl.Series:
        return self._ids().collect()["doc_id"]

    def _ids(self) -> pl.LazyFrame:
        return self._work.scan(CORPUS).filter(pl.col("same_as").is_null()).select("doc_id")

    def _has_few(self) -> bool:
        return len(self) <= FEW_IDS

    def _read_ids_of_parts(self, first: int, last: int) -> pl.Series:
        parts = [
            self._work.read(CORPUS, part, ["doc_id", "same_as"]) for part in range(first, last)
        ]
        return pl.concat([part.filter(pl.col("same_as").is_null())["doc_id"] for part in parts])

    def _count_parts(self) -> list[int]:
        """Return how many documents parts have, as the manifest says; an older one does not."""
        manifest = self._work.require(CORPUS)
        counts, rows = manifest.stats.get(PER_PART), [part["rows"] for part in manifest.parts]
        if isinstance(counts, list) and len(counts) == len(rows):
            pairs = zip(counts, rows, strict=True)
            if all(type(count) is int and 0 <= count <= most for count, most in pairs):
                return list(counts)
        return [part["same_as"].null_count() for part in self._work.parts(CORPUS, ["same_as"])]

    def _make_doc_order(self) -> NDArray[np.int64]:
        order = np.empty(len(self.doc_ids()), np.int64)
        order[self.doc_ids().arg_sort().to_numpy()] = np.arange(len(order))
        return order


def open_corpus(work: Workdir, settings: IndexSettings, generates: bool = False) -> Corpus:
    """Open the corpus as it is on disk now; a process keeps the one that it opened last.

    generates: texts of documents that a language model wrote can be read, too, once they are there.
    """
    identity = work.require(CORPUS).identity
    written = generates and work.manifest(GENERATED) is not None
    title = (settings.title, settings.title_separator)
    return _open(work.name, work.verify, identity, *title, written)


@lru_cache(maxsize=1)
def _open(
    name: str, verify: Verify, identity: str, title: bool, title_separator: str, written: bool
) -> Corpus:
    work = open_workdir(name)
    work.verify = verify
    return Corpus(work, title, title_separator, written)
