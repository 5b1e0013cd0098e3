"""--shards: a number, or as many as --memory says."""

import pytest

from negmine.config import memory
from negmine.config.settings import IndexSettings


@pytest.mark.parametrize("value", ["auto", "1", "16", 16])
def test_a_number_or_auto(value):
    assert IndexSettings(shards=value).shards == str(value)


@pytest.mark.parametrize("value", ["0", 0, -1, "many", "", "1.5", "٣", 10_001, None, True])
def test_anything_else_is_refused(value):
    with pytest.raises(ValueError, match="say auto, or a number from 1 to 10,000"):
        IndexSettings(shards=value)


@pytest.mark.parametrize(
    ("size", "documents", "shards"),
    [
        ("4GB", 0, 1),
        ("4GB", 2_000_000, 1),
        ("4GB", 2_000_001, 2),
        ("4GB", 10_000_000, 5),
        ("1GB", 10_000_000, 20),
    ],
)
def test_auto_fills_half_of_the_memory(size, documents, shards):
    assert memory.shards(memory.read_memory(size), documents) == shards
