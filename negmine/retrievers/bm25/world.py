"""What BM25 takes from the whole corpus: document frequencies, how many documents there are, and tokens.

A shard has a file of its own words, with the number of its documents that have each. The world's file adds them
up. Both are looked into for the tokens of queries alone, so memory holds no vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from negmine.retrievers.bm25.formula import Formula
from negmine.storage.arrays import damaged
from negmine.storage.files import atomic_write
from negmine.storage.parquet import write_table

WORLD = "words.parquet"
AT_ONCE = 131_072  # words that are read together
WORDS = {"token": pl.String, "documents": pl.Int64}


class World(NamedTuple):
    """Numbers of the whole corpus. documents, tokens: how many. words: the file of document frequencies."""

    documents: int
    tokens: int
    words: Path

    @property
    def mean_length(self) -> float:
        """How many tokens a document has on average."""
        return self.tokens / max(self.documents, 1)

    def idf(self, formula: Formula, tokens: Sequence[str]) -> NDArray[np.float32]:
        """Return the inverse document frequency of each token, float32; 0 for those that no document has.

        Raises CorruptArtifact for frequencies that cannot be.
        """
        rows = looked_up(self.words, tokens)
        frequencies = rows["documents"].to_numpy()
        if len(frequencies) and not 0 < frequencies.min() <= frequencies.max() <= self.documents:
            raise damaged(
                self.words, f"a word is in {frequencies.max():,} of {self.documents:,} documents"
            )
        idf = np.zeros(len(tokens), np.float32)
        idf[rows["place"].to_numpy()] = formula.idf(frequencies, self.documents)
        return idf


def looked_up(path: Path, tokens: Sequence[str]) -> pl.DataFrame:
    """Return place (in `tokens`), number (row of the file), documents of the tokens that a file has.

    Raises CorruptArtifact for a file that `write_words` or `write_world` did not write.
    """
    wanted = pl.DataFrame({"token": pl.Series(tokens, dtype=pl.String)}).with_row_index("place")
    pieces, first = [wanted.clear().select("place", number="place", documents="place")], 0
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        for batch in file.iter_batches(AT_ONCE, columns=list(WORDS)):
            batch.validate(full=True)
            columns = dict(zip(WORDS, map(pl.Series, batch.columns), strict=True))
            words = pl.DataFrame(columns, WORDS).with_row_index("number", first)
            rows = words.join(wanted, on="token", how="inner")
            pieces.append(rows.select("place", "number", pl.col("documents").cast(pl.UInt32)))
            first += batch.num_rows
    except (OSError, ValueError, KeyError, pa.ArrowException, pl.exceptions.PolarsError) as error:
        raise damaged(path, str(error).splitlines()[0]) from error
    return pl.concat(pieces).cast(pl.Int64)


def count_words(path: Path) -> int:
    """Return how many words a file has. Raises CorruptArtifact as `looked_up` does."""
    try:
        return int(pq.read_metadata(path).num_rows)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise damaged(path, str(error).splitlines()[0]) from error


def write_words(path: Path, tokens: Iterable[str], documents: NDArray[np.int64]) -> None:
    """Write the words of a shard: row i is token i, with the number of documents that have it."""
    _write(path, pl.DataFrame({"token": list(tokens), "documents": documents}, WORDS))


def write_world(folder: Path, shards: Sequence[Path]) -> int:
    """Add up the words of all shards, by token; return how many there are."""
    rows = pl.concat(
        [pl.LazyFrame(schema=WORDS), *(pl.scan_parquet(path, glob=False) for path in shards)]
    )
    summed = rows.group_by("token").agg(pl.col("documents").sum()).sort("token")
    frame = summed.collect(engine="streaming")
    _write(folder / WORLD, frame)
    return frame.height


def _write(path: Path, words: pl.DataFrame) -> None:
    with atomic_write(path) as stream:
        write_table(words.to_arrow(compat_level=pl.CompatLevel.oldest()), stream)
