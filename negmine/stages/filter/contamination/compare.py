"""Compare a batch of training texts with a block of evaluation texts, by every test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import polars as pl

from negmine.data.shingles.grams import Ints
from negmine.data.shingles.ngrams import words_of
from negmine.stages.filter.contamination.block import (
    BY_VECTORS,
    EXACT,
    NGRAMS,
    SPAN,
    Block,
    Floats,
    How,
    same_text_keys,
)
from negmine.stages.filter.contamination.overlap import Nearest

MATCH = {
    "row": pl.Int64, "set": pl.Int64, "test": pl.String, "value": pl.Float32, "evaluation": pl.Int64,
    "token_match": pl.Float32, "ngram_match": pl.Float32, "span_start": pl.Int64, "span_words": pl.Int64,
}  # fmt: skip
"""Columns of a match; what a test does not tell is null."""
_AT_ONCE = 4_096  # evaluation texts whose vectors are multiplied at once

Vectors = Callable[[str, pl.Series], tuple[Ints, Floats]]


def compare(
    block: Block, batch: pl.DataFrame, sets: int, how: How, vectors: Vectors | None
) -> pl.DataFrame:
    """Return MATCH: for each training text, set and test that fires, the evaluation text that is most alike.

    batch: what, id, text; of one `what`. row, evaluation: places in the batch and the block. vectors(what,
    ids): which of these training texts have a vector, and the vectors.
    """
    pieces = [pl.DataFrame(schema=MATCH)]
    if EXACT in how.tests:
        pieces.append(_exact(block, batch))
    if {NGRAMS, SPAN} & how.tests:
        pieces += _by_grams(block, batch, sets, how)
    if vectors is not None and BY_VECTORS in how.tests:
        pieces += _by_vectors(block, batch, how.similarity, vectors)
    filled = (
        piece.with_columns(pl.col(c).cast(MATCH[c]) for c in piece.columns) for piece in pieces
    )
    return pl.concat(filled, how="diagonal")


def _exact(block: Block, batch: pl.DataFrame) -> pl.DataFrame:
    keys = same_text_keys(batch["text"]).to_frame().with_row_index("row")
    matches = keys.join(block.first, on="key", how="inner", maintain_order="left")
    block.affected |= block.rows["key"].is_in(matches["key"].unique().implode()).to_numpy()
    return matches.select("row", "set", "evaluation", test=pl.lit(EXACT), value=pl.lit(1.0))


def _by_grams(block: Block, batch: pl.DataFrame, sets: int, how: How) -> Iterator[pl.DataFrame]:
    nearest = Nearest.empty(batch.height, sets)
    words, offsets = words_of(batch["text"])
    block.short.compare(words, offsets, nearest)
    block.long.compare(words, offsets, nearest)
    least, least_span = how.limits
    rows, numbers = np.nonzero(nearest.contained >= least)
    at = rows, numbers
    yield pl.DataFrame(
        {
            "row": rows,
            "set": numbers,
            "value": nearest.contained[at],
            "evaluation": nearest.contained_in[at],
        }
    ).with_columns(test=pl.lit(NGRAMS))
    rows, numbers = np.nonzero(nearest.longest_match >= least_span)
    at = rows, numbers
    yield pl.DataFrame(
        {
            "row": rows,
            "set": numbers,
            "value": nearest.longest_match[at],
            "evaluation": nearest.longest_in[at],
            "token_match": nearest.token_match[at],
            "ngram_match": nearest.ngram_match[at],
            "span_start": nearest.span_start[at],
            "span_words": nearest.span_words[at],
        }
    ).with_columns(test=pl.lit(SPAN))


def _by_vectors(
    block: Block, batch: pl.DataFrame, least: float, vectors: Vectors
) -> Iterator[pl.DataFrame]:
    """Yield the evaluation text of the same kind with the largest cosine of each set."""
    if batch.is_empty() or batch["what"][0] not in block.vectors:
        return
    what = batch["what"][0]
    rows, ours = vectors(what, batch["id"])
    places, theirs = block.vectors[what]
    set_of = block.rows["set"].to_numpy()
    for start in range(0, len(places), _AT_ONCE):
        some = places[start : start + _AT_ONCE]
        cosines = ours @ theirs[start : start + _AT_ONCE].T
        training, evaluation = np.nonzero(cosines >= np.float32(least))
        block.affected[some[evaluation]] = True
        pairs = pl.DataFrame(
            {
                "row": rows[training],
                "set": set_of[some[evaluation]],
                "value": cosines[training, evaluation],
                "evaluation": some[evaluation],
            }
        )
        best = pairs.sort(-pl.col("value"), "evaluation").unique(["row", "set"], keep="first")
        yield best.with_columns(test=pl.lit(BY_VECTORS))
