"""Formats of several files: the rows, and beside them the queries and documents that the rows name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.config.settings import WriteSettings
from negmine.data.frames import frame
from negmine.stages.write import compute
from negmine.stages.write.formats.base import FormatFile, OutputFormat
from negmine.storage.corpus import Corpus
from negmine.storage.growing import GrowingFile

Part = Callable[[int], pl.DataFrame]


class Bundle:
    """Writes all files of a format, a part at a time: memory holds one part, and a bit for every document.

    provenance(part), queries(part): of each of `parts` parts; the queries as `compute.sought` returns them.
    """

    def __init__(
        self,
        output: OutputFormat,
        settings: WriteSettings,
        corpus: Corpus,
        parts: int,
        provenance: Part,
        queries: Part,
    ) -> None:
        self._output, self._settings, self._corpus = output, settings, corpus
        self._parts, self._provenance, self._queries = parts, provenance, queries
        self._files = [one for one in output.files if one.wanted(settings)]

    def write(self, folder: Path) -> int:
        """Write the files into an empty folder; return the rows of the main one."""
        numbers = self._number_documents()
        settings, output = self._settings, self._output
        around = (output.head, output.tail) if output.main.endswith(".json") else ("", "")
        count = 0
        with ExitStack() as stack:
            schema = output.schema(settings)
            main = GrowingFile(folder / output.main, schema, output.texts, around=around)
            stack.enter_context(main)
            files = {one: stack.enter_context(_opened(folder, one)) for one in self._files}
            add = partial(_add, files, settings)
            add("settings", pl.DataFrame({"": [0]}))
            for rows, queries in self._pieces(output):
                documents = self._documents(rows, numbers)
                made = compute.training_table(rows, queries, documents, settings, output)
                main.write(frame(made))
                add("rows", compute.complete(rows, queries, settings, output))
                add("queries", queries)
                count += made.num_rows
            for piece in self._written_documents(numbers):
                add("documents", piece)
        return count

    def _pieces(self, output: OutputFormat) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        """Yield provenance and the written queries of every part, with their query_number."""
        start = 0
        for part in range(self._parts):
            rows = self._provenance(part)
            ids = rows.select(pl.col("query_id").unique(maintain_order=True))
            numbered = ids.with_columns(
                query_number=pl.int_range(start, start + pl.len(), dtype=pl.Int64)
            )
            start += ids.height
            queries = numbered.join(
                self._queries(part), on="query_id", how="left", maintain_order="left"
            )
            yield rows, queries

    def _number_documents(self) -> NDArray[np.int64]:
        """Return for every position in the corpus its number among the written documents, else -1."""
        is_written = np.zeros(len(self._corpus), bool)
        for part in range(self._parts):
            is_written[self._corpus.positions(compute.document_ids(self._provenance(part)))] = True
        numbers = np.cumsum(is_written, dtype=np.int64) - 1
        numbers[~is_written] = -1
        return numbers

    def _documents(self, rows: pl.DataFrame, numbers: NDArray[np.int64]) -> pl.DataFrame:
        """Return doc_id, text, number of the documents in these rows."""
        texts = self._corpus.texts(compute.document_ids(rows))
        number = numbers[self._corpus.positions(texts["doc_id"])]
        return texts.with_columns(number=pl.Series(number, dtype=pl.Int64))

    def _written_documents(self, numbers: NDArray[np.int64]) -> Iterator[pl.DataFrame]:
        """Yield doc_id, text, number of every written document, in the order of their numbers."""
        if not any(one.source == "documents" for one in self._files):
            return
        start = 0
        for piece in self._corpus.documents(np.flatnonzero(numbers >= 0)):
            rows = frame(piece).select("doc_id", "text")
            yield rows.with_columns(number=pl.int_range(start, start + pl.len(), dtype=pl.Int64))
            start += rows.height


def _opened(folder: Path, file: FormatFile) -> GrowingFile:
    return GrowingFile(folder / file.name, file.schema, file.texts, file.header)


def _add(
    files: dict[FormatFile, GrowingFile], settings: WriteSettings, source: str, piece: pl.DataFrame
) -> None:
    """Write a piece of a source to every file that is made from it."""
    for one, file in files.items():
        if one.source == source:
            file.write(one.rows(piece, settings))
