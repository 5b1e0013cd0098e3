"""A limit of reuse: the queries that a document fits best keep it, the others take their next."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from negmine.stages.write.reuse import fit, matched
from negmine.stages.write.selection import placed, selected
from tests.stages.write.sampling.build import SAMPLINGS, VECTORS, how, rows, verdicts

LEFT, RIGHT = "abcd", "abef"


def limited(data, most, parts=None, **settings):
    """Return what is selected under a limit of reuse, whatever parts the rows lie in."""
    selection = how(VECTORS, max_reuse=most, **settings)

    def demands(cutoffs):
        for part in [data] if parts is None else parts:
            yield fit(selected(part, selection.with_cutoffs(cutoffs)), selection.score)

    return selected(data, selection.with_cutoffs(matched(demands, most).cutoffs))


def pairs(chosen):
    return {
        query: "".join(docs)
        for query, docs in chosen.group_by("query_id", maintain_order=True)
        .agg("doc_id")
        .iter_rows()
    }


def test_a_document_goes_to_the_query_that_ranks_it_best_and_the_other_takes_its_next():
    """Both want a and b. At equal ranks the score decides: a goes to q (.9 to .8), b to r (.7 to .75)."""
    data = pl.concat(
        [
            rows([0.9, 0.7, 0.5, 0.4], query="q", doc_id=[*LEFT]),
            rows([0.8, 0.75, 0.6, 0.3], query="r", doc_id=[*RIGHT]),
        ]
    )
    assert pairs(limited(data, 2, num_negatives=2)) == {"q": "ab", "r": "ab"}
    assert pairs(limited(data, 1, num_negatives=2)) == {"q": "ac", "r": "be"}


def test_equal_fits_go_to_the_first_query_id():
    data = pl.concat([rows([0.9, 0.5], query=q, doc_id=["hub", f"own-{q}"]) for q in "zyx"])
    assert pairs(limited(data, 1, num_negatives=1)) == {"z": "own-z", "y": "own-y", "x": "hub"}


def test_a_query_that_loses_a_document_may_take_another_from_a_third():
    """q loses a to r (score), and takes b, which it ranks second; s ranked b third and takes c."""
    data = pl.concat(
        [
            rows([0.5, 0.5], query="q", doc_id=["a", "b"]),
            rows([0.9], query="r", doc_id=["a"]),
            rows([0.1, 0.1, 0.9, 0.2], query="s", doc_id=["x", "y", "b", "c"],
                 kept=[False, False, True, True]),
        ]
    )  # fmt: skip
    assert pairs(limited(data, 1, num_negatives=1)) == {"q": "b", "r": "a", "s": "c"}


MOST = st.integers(1, 3)


@given(verdicts(), SAMPLINGS, MOST, st.integers(1, 3))
def test_no_document_serves_more_queries_and_the_outcome_is_stable(data, name, most, count):
    """Stable: where a query would have taken a document earlier, the document is full of better fits."""
    settings = {"sampling": name, "num_negatives": count, "pool": 6}
    chosen = limited(data, most, **settings)
    users = chosen.group_by("doc_id").len()
    assert (users["len"] <= most).all()
    selection = how(VECTORS, max_reuse=most, **settings)
    wanted = placed(data, selection)
    taken = chosen.select("query_id", "doc_id", taken=pl.lit(True))
    both = wanted.join(taken, on=["query_id", "doc_id"], how="left")
    fits = pl.concat(
        [both.select("query_id", "place", "taken"), fit(both, "dense")], how="horizontal"
    )
    key = lambda row: (row["fit_rank"], -row["fit_score"], row["fit_query"])  # noqa: E731
    everyone = fits.to_dicts()
    for row in everyone:
        mine = [
            other for other in everyone if other["query_id"] == row["query_id"] and other["taken"]
        ]
        wishes = len(mine) < count or any(other["place"] > row["place"] for other in mine)
        if not row["taken"] and wishes:
            holders = [
                other for other in everyone if other["doc_id"] == row["doc_id"] and other["taken"]
            ]
            assert len(holders) == most
            assert all(key(other) < key(row) for other in holders)


@given(verdicts(), SAMPLINGS, MOST)
def test_parts_and_their_order_change_nothing(data, name, most):
    settings = {"sampling": name, "num_negatives": 2, "pool": 6}
    parts = data.partition_by("query_id", maintain_order=True)
    whole = limited(data, most, **settings)
    assert limited(data, most, parts=parts, **settings).equals(whole)
    assert limited(data, most, parts=parts[::-1], **settings).equals(whole)


@given(verdicts())
def test_a_limit_that_nobody_reaches_changes_nothing(data):
    assert limited(data, 9, num_negatives=2).equals(selected(data, how(num_negatives=2)))
