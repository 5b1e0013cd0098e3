"""Writing the BM25 index, shard after shard; memory holds the words of one shard.

The folder holds `params.json` and the world's `words.parquet` (world.py). Every shard has words of its own,
`order` and `by_order` (its doc_ids sorted), and arrays of its engine; its number ends the names of its files.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
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
from negmine.retrievers.bm25.analyzer import add_unstemmed, analyzer_of, unstemmed_note
from negmine.retrievers.bm25.counts import Counted, count, counted
from negmine.retrievers.bm25.index import BY_ORDER, ORDER, WORDS, Batch, write_counts
from negmine.retrievers.bm25.reference import write_token_lists
from negmine.retrievers.bm25.settings import PARAMS, cutting, formula
from negmine.storage.files import write_array, write_text

Writer = Callable[[Iterable[Batch], Path, int], NDArray[np.int64]]

_WRITERS: dict[str, Writer] = {
    "bm25s": write_counts,
    "rank-bm25": write_token_lists,
}


def build(
    documents: Iterable[pa.Table],
    folder: Path,
    settings: IndexSettings,
    progress: Progress,
    documents_of_all: int,
    wanted: int = 1,
) -> dict[str, Any]:
    """Index `documents` into the existing, empty `folder` and return statistics for the manifest.

    documents: tables with doc_id, `text` (as it is to be indexed) and --language-column, in position order,
    streamed once; each is a part of the corpus, and is reported to `progress`. The rest is as of `fill`.
    """
    analyzer, engine = analyzer_of(settings), settings.bm25_engine

    def rows() -> Iterator[pl.DataFrame]:
        for table in documents:
            yield pl.DataFrame(count(analyzer, table, engine))
            progress.advance(table.num_rows)

    return fill(rows(), folder, settings, progress, documents_of_all, wanted)


def fill(
    parts: Iterable[pl.DataFrame],
    folder: Path,
    settings: IndexSettings,
    progress: Progress,
    documents_of_all: int,
    wanted: int = 1,
) -> dict[str, Any]:
    """Write the index into the existing, empty `folder` and return statistics for the manifest.

    parts: what counts.count has made of each part of the corpus, in order, read once. documents_of_all: how
    many the corpus has. wanted: shards; rank-bm25 always has one. progress: hears of documents that are not
    stemmed. Raises SettingsError as settings.check does.
    """
    how, is_sharded = formula(settings), settings.bm25_engine == "bm25s"
    made, unstemmed = [], Counter[str]()
    every = map(counted, parts)
    runs = shards.cut(
        every, documents_of_all, wanted if is_sharded else 1, lambda one: len(one.lengths)
    )
    for number, run in enumerate(runs):
        one = _Shard(folder, number, unstemmed)
        made.append(one.write(run, _WRITERS[settings.bm25_engine]))
    words = [folder / WORDS.format(number) for number in range(len(made))]
    sizes = {
        name: sum(one[name] for one in made)
        for name in ("documents", "documents_without_tokens", "tokens")
    }
    params = {"engine": settings.bm25_engine, **how._asdict(), **cutting(settings)}
    stats = {**sizes, "vocabulary": world.write_world(folder, words), "shards": len(made), **params}
    if unstemmed:
        stats["unstemmed"] = dict(unstemmed)
        progress.note(unstemmed_note(unstemmed))
    spans = [{"documents": one["documents"], "parts": one["parts"]} for one in made]
    _write_json(folder / PARAMS, {**stats, "shards": spans})
    return stats


class _Shard:
    """A shard that is being written. unstemmed: what parts have of it is added."""

    def __init__(self, folder: Path, number: int, unstemmed: Counter[str]) -> None:
        self._folder, self._number, self._unstemmed = folder, number, unstemmed
        self._vocabulary: dict[str, int] = {}
        self._ids = [pl.Series("doc_id", dtype=pl.String)]
        self._sizes = {"documents": 0, "documents_without_tokens": 0, "tokens": 0, "parts": 0}

    def write(self, parts: Iterable[Counted], writer: Writer) -> dict[str, int]:
        """Write its files; return how many documents, documents_without_tokens, tokens and parts it has."""
        frequencies = writer(self._batches(parts), self._folder, self._number)
        words = self._folder / WORDS.format(self._number)
        world.write_words(words, self._vocabulary, frequencies)
        by_order = pl.concat(self._ids).arg_sort().cast(pl.Int32).to_numpy()
        order = np.empty_like(by_order)
        order[by_order] = np.arange(len(order), dtype=np.int32)
        write_array(self._folder / ORDER.format(self._number), order)
        write_array(self._folder / BY_ORDER.format(self._number), by_order)
        return self._sizes

    def _batches(self, parts: Iterable[Counted]) -> Iterator[Batch]:
        for part in parts:
            lengths, first = part.lengths, self._sizes["documents"]
            self._sizes["parts"] += 1
            self._sizes["documents"] += len(lengths)
            self._sizes["documents_without_tokens"] += int(np.count_nonzero(lengths == 0))
            self._sizes["tokens"] += int(lengths.sum())
            self._ids.append(part.doc_ids.cast(pl.String))
            add_unstemmed(self._unstemmed, part.unstemmed)
            postings = part.postings
            if len(postings):
                postings["token"] = self._numbers(part.words)[postings["token"]]
                postings["document"] += first
            yield Batch(lengths, postings)

    def _numbers(self, words: list[str]) -> NDArray[np.int32]:
        """Return the number of each word; new words get the next ones."""
        vocabulary = self._vocabulary
        return np.array([vocabulary.setdefault(word, len(vocabulary)) for word in words], np.int32)


def _write_json(path: Path, value: Any) -> None:
    write_text(path, json.dumps(value, ensure_ascii=False))
