"""The BM25 retriever: what is indexed, where it lies on disk, and how queries reach an engine.

An index folder holds `params.json`, `vocabulary.json` (token i is entry i) and the engine's plain
.npy arrays. The engines are `bm25s` (search.py) and `rank-bm25` (reference.py).

A score is the sum over the query's tokens, as often as each occurs, of idf x tf component, for the
tokens that the document has. So a document that shares no token scores 0 and is never offered, and
neither is one whose only shared tokens are worth nothing (`okapi` and `robertson`: those in half of
the documents or more; `atire`: those in all).

For `bm25l` and `bm25+` that is the sum of their authors (Lv and Zhai 2011, over the tokens in both
texts). bm25s adds what an absent token would score, which in bm25+ takes all effect from delta.
"""

from __future__ import annotations

import json
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel, TypeAdapter

from negmine.config.settings import IndexSettings
from negmine.engine.progress import Progress
from negmine.errors import SettingsError
from negmine.retrievers.base import Hits
from negmine.retrievers.bm25.analyzer import NONE, Analyzer, analyzer_of, unstemmed_note
from negmine.retrievers.bm25.formula import Formula
from negmine.retrievers.bm25.index import TokenLists, write_index
from negmine.retrievers.bm25.reference import ReferenceEngine, write_token_lists
from negmine.retrievers.bm25.search import PostingsEngine
from negmine.storage.arrays import damaged
from negmine.storage.files import write_text
from negmine.storage.small_json import read_json

BM25_FIELDS: tuple[str, ...] = (
    "bm25_engine",
    "bm25_variant",
    "bm25_k1",
    "bm25_b",
    "bm25_delta",
    "fold_accents",
    "stemmer",
    "analyzer",
    "language_column",
)
_LATER = {"fold_accents": False, "analyzer": "words", "language_column": None}  # settings, when off
PARAMS, VOCABULARY = "params.json", "vocabulary.json"
MOST_JSON = 1 << 32  # bytes: the words of any corpus

T = TypeVar("T")


class _Params(BaseModel):
    """What `params.json` has to say; indexes from before they existed have no settings of _LATER."""

    engine: Literal["bm25s", "rank-bm25"]
    variant: str
    k1: float
    b: float
    delta: float
    stemmer: str | None
    fold_accents: bool = False
    analyzer: Literal["words", "none"] = "words"
    language_column: str | None = None


class Engine(Protocol):
    """Scores lists of token ids; both methods follow `Retriever`."""

    def search(self, queries: TokenLists, k: int) -> Hits:
        """Return the best k documents of every query that score above 0."""
        ...

    def score_pairs(
        self, queries: TokenLists, rows: NDArray[np.int64], docs: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Score document docs[j] for query rows[j]."""
        ...


_WRITERS: dict[str, Callable[[Iterable[TokenLists], Path, Formula], None]] = {
    "bm25s": write_index,
    "rank-bm25": write_token_lists,
}
_ENGINES: dict[str, Callable[[Path, Formula, NDArray[np.int64], int], Engine]] = {
    "bm25s": PostingsEngine,
    "rank-bm25": ReferenceEngine,
}


def formula(settings: IndexSettings) -> Formula:
    """Return the formula that the settings ask for.

    Without `bm25_variant` it is lucene, or okapi for the engine rank-bm25. Raises SettingsError if
    the engine does not have the variant.
    """
    reference = settings.bm25_engine == "rank-bm25"
    variant = settings.bm25_variant or ("okapi" if reference else "lucene")
    if reference and variant != "okapi":
        raise SettingsError(
            f"--bm25-engine rank-bm25 has no variant {variant!r}. "
            "Use --bm25-variant okapi, or --bm25-engine bm25s."
        )
    return Formula(variant, settings.bm25_k1, settings.bm25_b, settings.bm25_delta)


def shaping(settings: IndexSettings) -> dict[str, Any]:
    """Return the settings that shape the index, with the variant that the default stands for."""
    values = settings.model_dump(mode="json", include=set(BM25_FIELDS))
    if settings.analyzer == NONE:
        values["fold_accents"] = False
    for name, off in _LATER.items():
        if values[name] == off:  # as in versions without this setting: their indexes stay valid
            del values[name]
    return {**values, "bm25_variant": formula(settings).variant}


def check(settings: IndexSettings) -> None:
    """Raise SettingsError now for what `build` would refuse, before any document is read."""
    formula(settings)
    analyzer_of(settings)


def build(
    documents: Iterable[pa.Table], folder: Path, settings: IndexSettings, progress: Progress
) -> dict[str, Any]:
    """Index `documents` into the existing, empty `folder` and return statistics for the manifest.

    documents: tables with `text` (as it is to be indexed) and --language-column, in position order, streamed
    once; every table is reported to `progress` as so many rows. Raises SettingsError as `check` does.
    """
    how = formula(settings)
    analyzer = analyzer_of(settings)
    vocabulary: defaultdict[str, int] = defaultdict()
    vocabulary.default_factory = vocabulary.__len__
    sizes = {"documents": 0, "documents_without_tokens": 0, "tokens": 0}

    def batches() -> Iterator[TokenLists]:
        for table in documents:
            batch = _encode(table, analyzer, vocabulary.__getitem__)
            sizes["documents"] += len(batch.lengths)
            sizes["documents_without_tokens"] += int(np.count_nonzero(batch.lengths == 0))
            sizes["tokens"] += len(batch.ids)
            yield batch
            progress.advance(table.num_rows)

    _WRITERS[settings.bm25_engine](batches(), folder, how)
    params = {"engine": settings.bm25_engine, **how._asdict(), **_cut(settings)}
    stats = {**sizes, "vocabulary": len(vocabulary), **params}
    if analyzer.unstemmed:
        stats["unstemmed"] = dict(analyzer.unstemmed)
        progress.note(unstemmed_note(analyzer.unstemmed))
    _write_json(folder / VOCABULARY, list(vocabulary))
    _write_json(folder / PARAMS, stats)
    return stats


def _cut(settings: IndexSettings) -> dict[str, Any]:
    """Return how texts are cut into tokens, as `params.json` has it: later settings where they are on."""
    later = {name: value for name, value in shaping(settings).items() if name in _LATER}
    folds = later.pop("fold_accents", False)
    return {"fold_accents": folds, "stemmer": settings.stemmer, **later}


def open_index(folder: Path, doc_order: NDArray[np.int64]) -> BM25:
    """Open what `build` wrote; arrays are memory-mapped. Raises CorruptArtifact for what it did not write.

    doc_order: int64 [documents]; doc_order[position] is the rank of that document's doc_id among
    all doc_ids. It decides between documents of exactly the same score.
    """
    params = _read(folder / PARAMS, TypeAdapter(_Params))
    how = Formula(params.variant, params.k1, params.b, params.delta)
    words = _read(folder / VOCABULARY, TypeAdapter(list[str]))
    order = np.asarray(doc_order, dtype=np.int64)
    engine = _ENGINES[params.engine](folder, how, order, len(words))
    vocabulary = {token: number for number, token in enumerate(words)}
    analyzer = Analyzer(
        params.analyzer, params.stemmer, params.fold_accents, params.language_column
    )
    return BM25(engine, analyzer, vocabulary)


class BM25:
    """Finds documents by the words they share with a query. Implements `Retriever`."""

    name = "bm25"

    def __init__(self, engine: Engine, analyzer: Analyzer, vocabulary: dict[str, int]) -> None:
        self._engine = engine
        self._analyzer = analyzer
        self._vocabulary = vocabulary

    def search(self, queries: pa.Table, k: int) -> Hits:
        """Return the best k documents of every query that score above 0, by (-score, doc_id).

        docs int64 [queries, k], scores float32 [queries, k]; -1 and -inf pad a short list. A row
        depends on its query alone, not on the batch it came in or the number of threads.
        """
        return self._engine.search(self._known(queries), k)

    def score_pairs(
        self, queries: pa.Table, rows: NDArray[np.int64], docs: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Score document docs[j] for query rows[j], to the bit as `search` does; float32 [pairs].

        0.0 where query and document share nothing.
        """
        return self._engine.score_pairs(
            self._known(queries), np.asarray(rows, np.int64), np.asarray(docs, np.int64)
        )

    def _known(self, queries: pa.Table) -> TokenLists:
        """Return the queries' tokens that some document has."""
        return _encode(queries, self._analyzer, self._vocabulary.get)


def _encode(
    table: pa.Table, analyzer: Analyzer, number_of: Callable[[str], int | None]
) -> TokenLists:
    """Tokenise the texts of a table; tokens without a number are left out."""
    ids = array("i")
    lengths = []
    for tokens in analyzer.lists(table):
        before = len(ids)
        ids.extend(i for i in map(number_of, tokens) if i is not None)
        lengths.append(len(ids) - before)
    return TokenLists(np.array(ids, dtype=np.int32), np.array(lengths, dtype=np.int64))


def _write_json(path: Path, value: Any) -> None:
    write_text(path, json.dumps(value, ensure_ascii=False))


def _read(path: Path, kind: TypeAdapter[T]) -> T:
    """Return what a JSON file of the index holds. Raises CorruptArtifact for anything else."""
    try:
        return kind.validate_python(read_json(path, MOST_JSON), strict=True)
    except ValueError as error:
        raise damaged(path, "it is not what was written") from error
