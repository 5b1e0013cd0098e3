"""The words of many texts at once: what `Tokenizer().tokens` finds, by expressions over a whole column.

Most texts are cut by Polars alone. Those with letters that are written without spaces are cut by the
tokenizer, one by one. A test holds the words equal to the tokenizer's.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from negmine.data.texts import normalise
from negmine.data.tokens import Tokenizer

# Printable ASCII without outer or repeated blanks is normalised once it is in lower case.
_NOT_PLAIN = r"[^ -~]|  |^ | $"
_IGNORABLE = r"[\p{Default_Ignorable_Code_Point}--\x{200B}]+"
_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\x{30FC}\x{3006}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_BETWEEN_WORDS = r"(?:^|[^\p{L}\p{M}\p{N}_])[^\p{L}\p{N}_]*"


def normalise_all(texts: pl.Series) -> pl.Series:
    """Return `normalise` of every text."""
    return _map_some(normalise, texts, texts.str.contains(_NOT_PLAIN), texts.str.to_lowercase())


def separate_words(normalised: pl.Series) -> pl.Series:
    """Return normalised texts in which whatever is no part of a word is an ASCII character.

    The runs of [a-z0-9_] and of non-ASCII characters are then the words, in their order.
    """
    is_ascii = normalised.str.len_bytes() == normalised.str.len_chars()
    if is_ascii.all():
        return normalised
    others = normalised.filter(~is_ascii).str.replace_all(_IGNORABLE, "").str.normalize("NFC")
    spaced = others.str.replace_all(_BETWEEN_WORDS, " ")
    tokenizer = Tokenizer()
    separated = _map_some(
        lambda text: " ".join(tokenizer.tokens(text)),
        others,
        others.str.contains(_UNSPACED),
        spaced,
    )
    return _merge(normalised.filter(is_ascii), separated, ~is_ascii)


def _map_some(
    function: Callable[[str], str], texts: pl.Series, selected: pl.Series, otherwise: pl.Series
) -> pl.Series:
    """Return function(text) of the selected texts, and `otherwise` in place of the rest."""
    if not selected.any():
        return otherwise
    mapped = pl.Series([function(text) for text in texts.filter(selected)], dtype=pl.String)
    return _merge(otherwise.filter(~selected), mapped, selected)


def _merge(rest: pl.Series, chosen: pl.Series, selected: pl.Series) -> pl.Series:
    """Return one series again: the chosen values where `selected` is true, the rest elsewhere."""
    order = pl.concat([(~selected).arg_true(), selected.arg_true()]).arg_sort()
    return pl.concat([rest.alias("text"), chosen.alias("text")]).gather(order)
