"""When two texts are the same, and what a block of evaluation texts holds."""

import polars as pl
import pytest

from negmine.stages.filter.contamination.block import TESTS, How, blocks, same_text_keys

HOW = How(frozenset(TESTS), 0.5, 0.5, 0.95)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("What is tea?", "what  is tea", True),
        ("“What is tea?”", "What is tea", True),
        ("ＷＨＡＴ is tea", "what is tea", True),
        ("What is C?", "What is C++?", False),
        ("What is C#?", "What is C?", False),
        ("???", "!!!", False),
        ("???", "???", True),
        ("電池を長持ちさせる。", "電池を長持ちさせる", True),
    ],
)
def test_case_and_punctuation_make_no_other_text_but_signs_do(one, other, same):
    keys = same_text_keys(pl.Series([one, other]))
    assert (keys[0] == keys[1]) == same


def test_texts_are_cut_into_blocks_of_about_as_many_words_and_none_is_lost():
    texts = pl.DataFrame({"id": [f"d{n}" for n in range(10_000)], "text": ["a b c d"] * 10_000})
    made = list(blocks([(0, "query", texts.head(3)), (1, "document", texts)], HOW, 20_000, None))
    assert [block.rows.height for block in made] == [3 + 4096 + 4096, 10_000 - 2 * 4096]
    ids = pl.concat([block.rows for block in made])
    assert ids.filter(pl.col("set") == 1)["id"].to_list() == texts["id"].to_list()
