"""Texts that are hard to cut into words, and the shingles of a text from plain Python."""

from hypothesis import strategies as st

from negmine.data.tokens import tokenize

PIECES = [
    "a", "B", "tea", "Tea", "  ", "\n", "\t", "\x1c", "x_1", "don't", "ß", "ﬁ", "É", "e\u0301", "茶", "緑茶",
    "ชา", "\u00ad", "\u200b", "\u200d", "\u0301", "İ", "Ａ", "٣", "-", "!", "\u00a0", "漢字x", "ǅ", "ᾳ",
]  # fmt: skip
# Characters of the newest Unicode are letters to one library and unassigned to another.
known = st.characters(exclude_categories=["Cs", "Cn"])
hard_texts = st.lists(
    st.lists(st.sampled_from([*PIECES, " "]), max_size=9).map("".join) | st.text(known, max_size=9),
    min_size=1,
    max_size=9,
)
# Few words, so that texts share 3-grams; many texts of no, one or two words.
alike_texts = st.lists(
    st.lists(st.sampled_from("a b c d e F Ｆ 茶 É".split()), max_size=9).map(" ".join),
    min_size=1,
    max_size=8,
)


def grams(text):
    """Return the set of word 3-grams; a text of one or two words is one gram."""
    words = tokenize(text)
    if len(words) < 3:
        return {tuple(words)} if words else set()
    return {tuple(words[n : n + 3]) for n in range(len(words) - 2)}


def jaccard(one, other):
    """Return |A & B| / |A | B| of the 3-grams of two texts, 0 for two empty sets."""
    a, b = grams(one), grams(other)
    return len(a & b) / len(a | b) if a | b else 0.0
