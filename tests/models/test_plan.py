"""Plans: every text once, batches of equal lengths, and what is left is planned as before."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.models.batches import batches, budget

lengths = st.lists(st.integers(0, 300), max_size=200).map(lambda some: np.array(some, np.int64))
budgets = st.integers(1, 2000)


@given(lengths, budgets)
def test_every_text_is_in_one_batch(lengths, budget):
    plan = batches(lengths, budget)
    assert sorted(np.concatenate([np.empty(0, np.int64), *plan]).tolist()) == [*range(len(lengths))]
    assert all(len(batch) for batch in plan)


@given(lengths, budgets)
def test_no_batch_costs_more_than_the_budget_unless_it_is_one_text(lengths, budget):
    for batch in batches(lengths, budget):
        assert len(batch) == 1 or len(batch) * lengths[batch].max() <= budget


@given(lengths, budgets)
def test_no_batch_could_take_in_the_next_text(lengths, budget):
    plan = batches(lengths, budget)
    for batch, after in pairwise(plan):
        longest = max(1, lengths[batch].max())
        assert (len(batch) + 1) * longest > budget or lengths[after[0]] < lengths[batch[0]]


@given(lengths, budgets)
def test_nothing_is_padding(lengths, budget):
    assert all(len(set(lengths[batch].tolist())) == 1 for batch in batches(lengths, budget))


@given(lengths, budgets)
def test_longest_first_and_equals_in_their_order(lengths, budget):
    order = np.concatenate([np.empty(0, np.int64), *batches(lengths, budget)]).astype(int)
    assert order.tolist() == sorted(range(len(lengths)), key=lambda place: -lengths[place])


@given(lengths, budgets, st.integers(0, 50))
def test_what_is_left_after_any_batch_goes_in_the_same_batches(lengths, budget, done):
    plan = batches(lengths, budget)
    rest = np.sort(np.concatenate([np.empty(0, np.int64), *plan[done:]])).astype(int)
    again = [rest[batch] for batch in batches(lengths[rest], budget)]
    assert [batch.tolist() for batch in again] == [batch.tolist() for batch in plan[done:]]


def test_a_budget_follows_batch_size_and_device():
    assert budget(32, "cpu") == 2048
    assert budget(32, "cuda:1") == budget(32, "cuda") == 16_384
    with pytest.raises(KeyError):
        budget(32, "mps")  # resolve_device never says so
