"""How a text is written, compared and told apart."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable

import polars as pl
import pyarrow as pa

from negmine.data.frames import array
from negmine.data.schemas import TEXT_KEY


def normalise(text: str) -> str:
    """Unicode NFKC, case-folded, white space collapsed: what "the same text" means everywhere.

    NFKC runs again after folding, which can undo it (Unicode 15, section 3.13, toNFKC_Casefold).
    """
    if text.isascii():
        return " ".join(text.lower().split())
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def text_key(text: str) -> bytes:
    """Return 16 bytes (blake2b) that are equal exactly when two normalised texts are."""
    return hashlib.blake2b(
        normalise(text).encode("utf-8", "surrogatepass"), digest_size=16
    ).digest()


def text_keys(texts: Iterable[str]) -> pa.Array:
    """Return the `text_key` of every text, as one Arrow column."""
    return array([text_key(text) for text in texts], TEXT_KEY)


def rendered(title: bool, separator: str) -> pl.Expr:
    """A document's text as it is indexed, compared and written: title, separator, text."""
    text = pl.col("text")
    if not title:
        return text
    heading = pl.col("title").fill_null("")
    joined = pl.concat_str([heading, pl.lit(separator), text])
    return (
        pl.when(heading.str.strip_chars() == "")
        .then(text)
        .when(text.str.strip_chars() == "")
        .then(heading)
        .otherwise(joined)
        .alias("text")
    )
