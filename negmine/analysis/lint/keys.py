"""Texts become keys: equal normalised texts, equal keys.

A key is two polars hashes of the normalised text with different seeds, 128 bits: among 100 million texts
the chance that any two share one by accident is below 1e-22 (birthday bound n^2 / 2^129). Polars keeps its
hashes the same within a version only, so keys are never stored beyond one run.
"""

from __future__ import annotations

import polars as pl

from negmine.data.texts import normalise
from negmine.data.tokens import Tokenizer

SEEDS = (0x6E65676D, 0x696E6521)
# Printable ASCII with single blanks inside is normal once it is in lower case.
_UNTIDY = r"[^ -~]|  |^ | $"
_IGNORABLE = r"[\p{Default_Ignorable_Code_Point}--\x{200B}]+"
_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\x{30FC}\x{3006}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_BETWEEN_WORDS = r"(?:^|[^\p{L}\p{M}\p{N}_])[^\p{L}\p{N}_]*"


def normal(texts: pl.Series) -> pl.Series:
    """Return `texts.normalise` of every text: in Rust where it is only lower case, else in Python."""
    untidy = texts.str.contains(_UNTIDY)
    return _replaced(texts.str.to_lowercase(), untidy, texts, normalise)


def keys(normalised: pl.Series) -> pl.DataFrame:
    """Return the keys of normalised texts: a, b (uint64)."""
    return pl.DataFrame(
        {name: normalised.hash(seed) for name, seed in zip("ab", SEEDS, strict=True)}
    )


def words(normalised: pl.Series) -> pl.Series:
    """Return texts whose runs of [a-z0-9_] and of non-ASCII characters are BM25's tokens, in order."""
    wide = normalised.str.len_bytes() != normalised.str.len_chars()
    if not wide.any():
        return normalised
    bare = normalised.filter(wide).str.replace_all(_IGNORABLE, "").str.normalize("NFC")
    spaced = bare.str.replace_all(_BETWEEN_WORDS, " ")
    tokens = Tokenizer().tokens
    found = _replaced(
        spaced, bare.str.contains(_UNSPACED), bare, lambda text: " ".join(tokens(text))
    )
    return _merged(normalised.filter(~wide), found, wide)


def _replaced(quick: pl.Series, where: pl.Series, texts: pl.Series, slow: object) -> pl.Series:
    """Return `quick`, but slow(text) of those texts that are marked."""
    if not where.any():
        return quick
    assert callable(slow)
    found = pl.Series([slow(text) for text in texts.filter(where)], dtype=pl.String)
    return _merged(quick.filter(~where), found, where)


def _merged(others: pl.Series, marked: pl.Series, where: pl.Series) -> pl.Series:
    """Put two parts of a series together again: `marked` stood where `where` is true."""
    order = pl.concat([(~where).arg_true(), where.arg_true()]).arg_sort()
    return pl.concat([others.alias("text"), marked.alias("text")]).gather(order)
