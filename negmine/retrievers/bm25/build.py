"""Writing the BM25 index, shard after shard; memory holds the words of one shard.

The folder holds `params.json` and the world's `words.parquet` (world.py). Every shard has words of its own,
`order` and `by_order` (its doc_ids sorted), and arrays of its engine; its number ends the names of its files.
"""

from __future__ import annotations

import json
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import count as numbers
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from negmine.config.settings import IndexSettings
from negmine.engine.progress import Progress
from negmine.retrievers import shards
from negmine.retrievers.bm25 import world
from negmine.retrievers.bm25.analyzer import Analyzer, analyzer_of, unstemmed_note
from negmine.retrievers.bm25.index import BY_ORDER, ORDER, WORDS, TokenLists, write_counts
from negmine.retrievers.bm25.reference import write_token_lists
from negmine.retrievers.bm25.settings import PARAMS, cutting, formula
from negmine.storage.files import write_array, write_text

Writer = Callable[[Iterable[TokenLists], Path, int], NDArray[np.int64]]

_WRITERS: dict[str, Writer] = {
    "bm25s": write_counts,
    "rank-bm25": write_token_lists,
}


def build(
    documents: Iterable[pa.Table],
    folder: Path,
    settings: IndexSettings,
    progress: Progress,
    count: int,
    wanted: int = 1,
) -> dict[str, Any]:
    """Index `documents` into the existing, empty `folder` and return statistics for the manifest.

    documents: tables with doc_id, `text` (as it is to be indexed) and --language-column, in position order,
    streamed once; each is a part of the corpus, and is reported to `progress` as so many rows. count: how many
    there are. wanted: shards; rank-bm25 always has one. Raises SettingsError as settings.check does.
    """
    how, analyzer = formula(settings), analyzer_of(settings)
    wanted = wanted if settings.bm25_engine == "bm25s" else 1
    made = []
    for number, tables in enumerate(shards.cut(documents, count, wanted)):
        one = _Shard(folder, number, analyzer, progress)
        made.append(one.write(tables, _WRITERS[settings.bm25_engine]))
    words = [folder / WORDS.format(number) for number in range(len(made))]
    sizes = {
        name: sum(one[name] for one in made)
        for name in ("documents", "documents_without_tokens", "tokens")
    }
    params = {"engine": settings.bm25_engine, **how._asdict(), **cutting(settings)}
    stats = {**sizes, "vocabulary": world.write_world(folder, words), "shards": len(made), **params}
    if analyzer.unstemmed:
        stats["unstemmed"] = dict(analyzer.unstemmed)
        progress.note(unstemmed_note(analyzer.unstemmed))
    spans = [{"documents": one["documents"], "parts": one["parts"]} for one in made]
    _write_json(folder / PARAMS, {**stats, "shards": spans})
    return stats


class _Shard:
    """A shard that is being written."""

    def __init__(self, folder: Path, number: int, analyzer: Analyzer, progress: Progress) -> None:
        self._folder, self._number = folder, number
        self._analyzer, self._progress = analyzer, progress
        # a vocabulary that counted itself would be a cycle, and stay until the garbage collector comes
        self._vocabulary: defaultdict[str, int] = defaultdict(numbers().__next__)
        self._ids = [pl.Series("doc_id", dtype=pl.String)]
        self._sizes = {"documents": 0, "documents_without_tokens": 0, "tokens": 0, "parts": 0}

    def write(self, tables: Iterable[pa.Table], writer: Writer) -> dict[str, int]:
        """Write its files; return how many documents, documents_without_tokens, tokens and parts it has."""
        frequencies = writer(self._batches(tables), self._folder, self._number)
        words = self._folder / WORDS.format(self._number)
        world.write_words(words, self._vocabulary, frequencies)
        by_order = pl.concat(self._ids).arg_sort().cast(pl.Int32).to_numpy()
        order = np.empty_like(by_order)
        order[by_order] = np.arange(len(order), dtype=np.int32)
        write_array(self._folder / ORDER.format(self._number), order)
        write_array(self._folder / BY_ORDER.format(self._number), by_order)
        return self._sizes

    def _batches(self, tables: Iterable[pa.Table]) -> Iterator[TokenLists]:
        for table in tables:
            batch = self._encoded(table)
            self._sizes["parts"] += 1
            self._sizes["documents"] += len(batch.lengths)
            self._sizes["documents_without_tokens"] += int(np.count_nonzero(batch.lengths == 0))
            self._sizes["tokens"] += len(batch.ids)
            self._ids.append(pl.Series(table["doc_id"]).cast(pl.String))
            yield batch
            self._progress.advance(table.num_rows)

    def _encoded(self, table: pa.Table) -> TokenLists:
        """Return the tokens of a table's texts as numbers; new words get the next ones."""
        ids = array("i")
        lengths = []
        for tokens in self._analyzer.lists(table):
            ids.extend(map(self._vocabulary.__getitem__, tokens))
            lengths.append(len(tokens))
        return TokenLists(np.array(ids, dtype=np.int32), np.array(lengths, dtype=np.int64))


def _write_json(path: Path, value: Any) -> None:
    write_text(path, json.dumps(value, ensure_ascii=False))
