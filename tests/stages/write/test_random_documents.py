"""Random negatives: as many as asked, never a positive, a copy of one, or a candidate; shared by neighbours."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from negmine.stages.write.random_documents import random_documents

PAIRS = {"query_id": pl.String, "doc_id": pl.String}


def corpus(size, texts=None):
    """Return doc_ids, and their keys: document n has the text that `texts` says, or one of its own."""
    names = [f"d{n}" for n in range(size)]
    keys = [f"text {n}" if texts is None else f"text {texts[n]}" for n in range(size)]
    frame = pl.DataFrame(
        {"doc_id": names, "text_key": keys, "body_key": [f"body of {k}" for k in keys]}
    )
    return pl.Series("doc_id", names, pl.String), frame


def drawn(groups, size, count, excluded=(), positives=(), seed=13, texts=None):
    doc_ids, keys = corpus(size, texts)
    frame = pl.DataFrame(
        list(groups.items()), schema={"query_id": pl.String, "group": pl.Int64}, orient="row"
    )
    pairs = (pl.DataFrame(list(side), schema=PAIRS, orient="row") for side in (excluded, positives))
    rows = random_documents(frame, *pairs, keys, doc_ids, count, seed)
    return {query: rows.filter(query_id=query)["negative_id"].to_list() for query in groups}


def test_queries_of_a_group_share_what_they_may_have():
    same = drawn({"q": 1, "r": 1, "s": 2}, 1000, 5)
    assert same["q"] == same["r"] != same["s"]
    first = same["q"][0]
    without = drawn({"q": 1, "r": 1}, 1000, 5, excluded=[("r", first)])
    assert without["q"] == same["q"]
    assert without["r"][:4] == same["q"][1:]


def test_a_copy_of_a_positive_is_never_taken():
    """Documents 0, 2, 4 ... all have the text of the positive d0."""
    texts = [0 if n % 2 == 0 else n for n in range(400)]
    chosen = drawn({"q": 1}, 400, 100, excluded=[("q", "d0")], positives=[("q", "d0")], texts=texts)
    assert len(set(chosen["q"])) == 100
    assert all(int(name[1:]) % 2 for name in chosen["q"])


def test_a_document_with_the_body_of_a_positive_under_another_title_is_a_copy():
    doc_ids, keys = corpus(6)
    keys = keys.with_columns(body_key=pl.lit("one body"))
    groups = pl.DataFrame({"query_id": ["q"], "group": [1]})
    pair = pl.DataFrame({"query_id": ["q"], "doc_id": ["d0"]})
    assert random_documents(groups, pair, pair, keys, doc_ids, 3, 13).is_empty()


@given(st.integers(1, 80), st.integers(1, 8), st.sets(st.integers(0, 79)), st.integers(0, 999))
def test_a_query_gets_as_many_as_asked_or_all_that_it_may_have(size, count, excluded, seed):
    taken = {f"d{n}" for n in excluded if n < size}
    chosen = drawn({"q": 3}, size, count, [("q", name) for name in sorted(taken)], seed=seed)["q"]
    assert len(set(chosen)) == len(chosen) == min(count, size - len(taken))
    assert not set(chosen) & taken


@given(st.integers(30, 90), st.integers(0, 99))
def test_other_queries_change_nothing(size, seed):
    groups = {f"q{n}": n // 2 for n in range(6)}
    together = drawn(groups, size, 4, seed=seed)
    assert together == drawn(groups, size, 4, seed=seed)
    for query, group in groups.items():
        assert drawn({query: group}, size, 4, seed=seed)[query] == together[query]


def test_every_document_is_as_likely_as_any_other():
    chosen = drawn({f"q{n}": n for n in range(3000)}, 30, 5)
    counts = pl.Series([name for names in chosen.values() for name in names]).value_counts()[
        "count"
    ]
    assert len(counts) == 30
    # binomial(3000, 1/6): mean 500, standard deviation 20.4; five of them either way
    assert counts.min() > 398
    assert counts.max() < 602
