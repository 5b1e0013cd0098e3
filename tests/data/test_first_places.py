"""The place of the first of each key: as a dictionary has it, for any keys, in any chunks."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from negmine.data import first_places
from negmine.data.first_places import FirstPlaces, from_bytes, keys_of

# halves of few values: many keys share their first half
key = st.builds(lambda a, b: bytes([a] * 8 + [b] * 8), st.integers(0, 3), st.integers(0, 9))


@given(st.lists(st.lists(key, max_size=12), max_size=12), st.sampled_from([1, 4, 1 << 23]))
def test_places_are_those_of_a_dictionary(chunks, most):
    kept, expected, row = FirstPlaces(), {}, 0
    was, first_places.MOST = first_places.MOST, most
    try:
        for chunk in chunks:
            found = kept.of(from_bytes(chunk)).tolist()
            assert found == [expected.get(one, -1) for one in chunk]
            new = [one for one in dict.fromkeys(chunk) if one not in expected]
            places = {one: row + chunk.index(one) for one in new}
            kept.add(from_bytes(new), np.array(list(places.values()), np.int64))
            expected |= places
            row += len(chunk)
    finally:
        first_places.MOST = was
    assert kept.of(from_bytes(expected)).tolist() == list(expected.values())


def test_few_blocks_hold_many_chunks():
    kept = FirstPlaces()
    for start in range(0, 10_000, 100):
        kept.add(keys_of(map(str, range(start, start + 100))), np.arange(start, start + 100))
    assert len(kept._blocks) < 8
    assert kept.of(keys_of(map(str, range(10_001)))).tolist() == [*range(10_000), -1]


def test_names_that_differ_have_other_keys():
    keys = keys_of(["", "a", "b", "ab", "\ud800"])
    assert len(np.unique(keys, axis=0)) == 5
