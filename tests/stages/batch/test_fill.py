"""Batches are full, have each row once, and no row in them contradicts another."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from negmine.stages.batch.count import false_negatives, measured
from negmine.stages.batch.fill import DRAWN, IN_TURN, Filler, Rows, Turn


def rows_of(rows, bad):
    """Return Rows. rows: (query, documents) of each. bad: documents by query."""
    queries = max((query for query, _ in rows), default=-1) + 1
    lists = [sorted(set(bad.get(query, ()))) for query in range(queries)]
    documents = [doc for _, docs in rows for doc in docs]
    return Rows(
        np.array([query for query, _ in rows], np.int32),
        np.cumsum([0, *(len(docs) for _, docs in rows)]),
        np.array(documents, np.int32),
        np.cumsum([0, *map(len, lists)]),
        np.array([doc for one in lists for doc in one], np.int32),
        1 + max([*documents, *(doc for one in lists for doc in one)], default=0),
    )


def contradict(one, other, bad):
    """Tell, in another way, whether two rows contradict each other."""
    (query, docs), (other_query, other_docs) = one, other
    return bool(
        set(docs) & set(bad.get(other_query, ())) or set(other_docs) & set(bad.get(query, ()))
    )


def filled(rows, bad, size, turns):
    filler = Filler(rows_of(rows, bad), size)
    for turn in turns:
        filler.take(turn)
    return filler


DOCS = st.integers(0, 25)
FILES = st.lists(st.tuples(st.integers(0, 15), st.lists(DOCS, min_size=1, max_size=4)), max_size=40)
BAD = st.dictionaries(st.integers(0, 15), st.lists(DOCS, max_size=5))


@st.composite
def turns_of(draw, count):
    """Return turns that have each row once; some rows draw others in."""
    order = draw(st.permutations(range(count)))
    cut = draw(st.integers(0, count))
    turns = []
    for rows in (order[:cut], order[cut:]):
        lists = [draw(st.lists(st.integers(0, count - 1), max_size=3)) for _ in rows]
        offsets = np.cumsum([0, *map(len, lists)])
        flat = np.array([row for one in lists for row in one], np.int64)
        turns.append(Turn(np.array(rows, np.int64), offsets, flat, draw(st.integers(0, 3))))
    return turns


@given(st.data(), FILES, BAD, st.integers(2, 6))
def test_batches_are_full_have_each_row_once_and_no_contradiction(data, rows, bad, size):
    turns = data.draw(turns_of(len(rows))) if rows else []
    filler = filled(rows, bad, size, turns)
    for batch in range(filler.batches):
        inside = np.flatnonzero(filler.batch == batch)
        assert len(inside) == size
        assert sorted(filler.place[inside]) == list(range(size))
        for row in inside:
            assert not any(contradict(rows[row], rows[one], bad) for one in inside if one != row)
    left = filler.batch < 0
    assert (filler.place[left] < 0).all() and (filler.how[left] == 0).all()
    assert left.sum() + size * filler.batches == len(rows)


@given(st.data(), FILES, BAD, st.integers(2, 6))
def test_the_same_turns_give_the_same_batches(data, rows, bad, size):
    turns = data.draw(turns_of(len(rows))) if rows else []
    first, second = (filled(rows, bad, size, turns) for _ in range(2))
    assert np.array_equal(first.batch, second.batch)
    assert np.array_equal(first.place, second.place)


@given(FILES, BAD, st.integers(2, 6))
def test_false_negatives_are_counted_as_a_loop_over_all_pairs_counts_them(rows, bad, size):
    counts = false_negatives(rows_of(rows, bad), np.arange(len(rows)), size)
    for row, (query, _) in enumerate(rows):
        start = row // size * size
        others = [rows[one][1] for one in range(start, min(start + size, len(rows))) if one != row]
        wanted = set(bad.get(query, ()))
        assert counts[row] == sum(doc in wanted for docs in others for doc in docs)


def test_rows_come_in_their_turn_and_draw_others_in():
    rows = [(n, [n]) for n in range(6)]
    turn = Turn(np.arange(6), np.array([0, 2, 2, 2, 2, 2, 2]), np.array([5, 3]), most=1)
    filler = filled(rows, {n: [n] for n in range(6)}, 3, [turn])
    assert filler.batch.tolist() == [0, 0, 1, 1, 1, 0]
    assert filler.how.tolist() == [IN_TURN] * 5 + [DRAWN]
    assert filler.place.tolist() == [0, 2, 0, 1, 2, 1]


def test_a_row_that_contradicts_waits_for_the_next_batch():
    rows = [(0, [7]), (1, [7]), (2, [8]), (3, [9])]
    filler = filled(rows, {0: [7], 1: [7], 2: [8], 3: [9]}, 2, [Turn(np.arange(4))])
    assert filler.batch.tolist() == [0, 1, 0, 1]
    assert filler.waited.tolist() == [0, 1, 0, 0]


def test_a_negative_that_is_another_rows_positive_contradicts_from_both_sides():
    positives = {0: [0], 1: [1], 2: [2]}
    negative_later = filled([(0, [0]), (1, [1, 0]), (2, [2])], positives, 2, [Turn(np.arange(3))])
    negative_first = filled([(1, [1, 0]), (0, [0]), (2, [2])], positives, 2, [Turn(np.arange(3))])
    assert negative_later.batch.tolist() == negative_first.batch.tolist() == [0, -1, 0]


def test_what_is_left_over_goes_on_with_the_next_turn_unless_it_is_closed():
    rows = [(n, [n]) for n in range(4)]
    bad = {n: [n] for n in range(4)}
    first, second = Turn(np.array([0])), Turn(np.array([1, 2, 3]))
    assert filled(rows, bad, 2, [first, second]).batch.tolist() == [0, 0, 1, 1]
    filler = Filler(rows_of(rows, bad), 2)
    filler.take(first)
    filler.close()
    filler.take(second)
    assert filler.batch.tolist() == [-1, 0, 0, -1]


def test_rows_that_fill_no_batch_did_not_wait_and_the_fullest_is_told():
    rows = [(0, [0]), (1, [1]), (0, [0])]
    filler = filled(rows, {0: [0], 1: [1]}, 3, [Turn(np.arange(3))])
    assert (filler.batches, filler.fullest) == (0, 2)
    assert filler.waited.tolist() == [0, 0, 1]


def test_the_last_short_batch_is_counted_too():
    rows = rows_of([(0, [0]), (1, [1]), (2, [2]), (0, [0]), (0, [0])], {0: [0], 1: [1], 2: [2]})
    assert measured(rows, np.arange(5), 3) == {
        "batches": 2, "rows": 5, "rows_with": 2, "false_negatives": 2, "per_batch": 1.0,
    }  # fmt: skip
