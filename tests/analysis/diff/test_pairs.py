"""The comparison of any two tables of verdicts: alike is empty, mirrored is mirrored, counted by hand."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.analysis.diff.pairs import jaccard, paired, side
from negmine.analysis.diff.tally import Tally
from negmine.config.settings import WriteSettings
from negmine.stages.write.sampling.base import Selection

REASONS = (None, "too_risky", "too_close_to_positive")
TAKEN = 2
SCHEMA = {
    "query_id": pl.String, "doc_id": pl.String, "label": pl.String, "rank": pl.Int32,
    "dense_score": pl.Float32, "positive_score": pl.Float32, "kept": pl.Boolean,
    "reason": pl.String,
}  # fmt: skip
SCORES = st.one_of(st.none(), st.sampled_from([0.1, 0.2, 0.3, 0.4]), st.floats(0, 1, width=32))
ROW = st.tuples(st.booleans(), SCORES, st.sampled_from(REASONS))


@st.composite
def verdicts(draw):
    """Draw verdicts of up to three queries over up to six documents, ordered by rank."""
    rows = []
    for query in draw(st.permutations(["q1", "q2", "q3"]))[: draw(st.integers(0, 3))]:
        documents = draw(st.permutations([f"d{n}" for n in range(6)]))[: draw(st.integers(1, 6))]
        for rank, document in enumerate(documents, 1):
            positive, score, reason = draw(ROW)
            label, reason = ("positive", "is_positive") if positive else ("unlabeled", reason)
            rows.append((query, document, label, rank, score, 0.5, reason is None, reason))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def compared(a, b):
    how = Selection(WriteSettings(num_negatives=TAKEN), True, "dense")
    shared = a.select("query_id").unique().join(b, on="query_id", how="semi")
    both = (x.join(shared, on="query_id", how="semi", maintain_order="left") for x in (a, b))
    sides = (side(x, how) for x in both)
    tally = Tally(["dense"], ("dense", "dense"), 10)
    tally.add(paired(*sides))
    return tally, tally.totals(a["query_id"].n_unique())


MIRROR = {"nfr": "pfr", "first_nfr": "first_pfr"}
ONE_SIDED = {"rejected", "queries_went"}


@given(verdicts(), verdicts())
def test_b_against_a_is_a_against_b_mirrored(a, b):
    (there, totals), (back, mirrored) = compared(a, b), compared(b, a)
    names = MIRROR | {other: one for one, other in MIRROR.items()}
    for name in totals.keys() - ONE_SIDED:
        assert totals[name] == pytest.approx(mirrored[names.get(name, name)], abs=1e-6), name
    swapped = [{"from": m["to"], "to": m["from"], "rows": m["rows"]} for m in back.moves("verdict")]
    assert sorted(map(str, there.moves("verdict"))) == sorted(map(str, swapped))
    turned = [{**f, "a_in_b": f["b_in_a"], "b_in_a": f["a_in_b"]} for f in back.fates()]
    assert there.fates() == turned
    assert there.ranks() == back.ranks()
    pairs = zip(there.most_changed({}), back.most_changed({}), strict=True)
    for one, other in pairs:
        assert one == {
            **other, "went": other["came"], "came": other["went"],
            "negatives_went": other["negatives_came"], "negatives_came": other["negatives_went"],
        }  # fmt: skip
    for name, shift in there.shifts.items():
        assert shift.summary()["median"] == pytest.approx(
            minus(back.shifts[name].summary()["median"])
        )


def minus(value):
    return None if value is None else -value


@given(verdicts())
def test_a_table_against_itself_is_empty(a):
    tally, totals = compared(a, a)
    assert tally.moves("verdict") == tally.moves("label") == tally.most_changed({}) == []
    assert {row["fate"] for row in tally.fates()} <= {"taken"}
    assert not any(shift.differs for shift in tally.shifts.values())
    best = {"jaccard": 1.0, "tau": 1.0}
    for name, value in totals.items():
        assert value in (None, best.get(name, 0.0)), name


@given(verdicts(), verdicts())
def test_totals_are_those_counted_one_by_one(a, b):
    _, totals = compared(a, b)
    one, other = (
        {(row["query_id"], row["doc_id"]): row for row in x.iter_rows(named=True)} for x in (a, b)
    )
    asked = set(a["query_id"]) & set(b["query_id"])
    candidates = [
        key for key in one.keys() & other.keys()
        if {one[key]["label"], other[key]["label"]} != {"positive"}
    ]  # fmt: skip
    lost = sum(one[key]["kept"] and not other[key]["kept"] for key in candidates)
    won = sum(other[key]["kept"] and not one[key]["kept"] for key in candidates)
    assert totals["nfr"] == share(lost, len(candidates))
    assert totals["pfr"] == share(won, len(candidates))
    taken = [{query: first(x, query) for query in asked} for x in (a, b)]
    alike = [jaccard_of(taken[0][query], taken[1][query]) for query in asked]
    assert totals["jaccard"] == share(sum(alike), len(alike))
    assert totals["changed"] == share(sum(value < 1 for value in alike), len(alike))
    removed = sum((q, d) in other and not other[q, d]["kept"] for q in asked for d in taken[0][q])
    assert totals["rejected"] == share(removed, sum(map(len, taken[0].values())))
    queries_a = set(a["query_id"])
    assert totals["queries_went"] == share(len(queries_a - asked), len(queries_a))
    heads = [{query: best(x, query, one, other) for query in asked} for x in (a, b)]
    known = [query for query in asked if heads[0][query] and heads[1][query]]
    fell = sum(heads[0][query] == 1 < heads[1][query] for query in known)
    rose = sum(heads[1][query] == 1 < heads[0][query] for query in known)
    assert totals["first_nfr"] == share(fell, len(known))
    assert totals["first_pfr"] == share(rose, len(known))


def first(verdicts, query):
    """Return the doc_ids of a query's first kept rows."""
    rows = verdicts.filter(pl.col("kept") & (pl.col("query_id") == query)).sort("rank")
    return set(rows["doc_id"].to_list()[:TAKEN])


def best(verdicts, query, one, other):
    """Return the place of the best known positive by score, or None."""
    rows = [
        (-row["dense_score"], row["doc_id"]) for row in verdicts.iter_rows(named=True)
        if row["query_id"] == query and row["dense_score"] is not None
    ]  # fmt: skip
    places = [
        place
        for place, (_, document) in enumerate(sorted(rows), 1)
        if any(x.get((query, document), {}).get("label") == "positive" for x in (one, other))
    ]
    return min(places, default=None)


def jaccard_of(a, b):
    return len(a & b) / len(a | b) if a | b else 1.0


def share(part, whole):
    return pytest.approx(part / whole, rel=1e-5) if whole else None


def jaccards(pairs):
    sizes = pl.DataFrame(
        [(len(a & b), len(a), len(b)) for a, b in pairs],
        schema={"both": pl.Int64, "a": pl.Int64, "b": pl.Int64},
        orient="row",
    )
    return sizes.select(jaccard(pl.col("both"), pl.col("a"), pl.col("b")).alias("j"))["j"]


def test_jaccard_of_the_worked_example():
    found = jaccards([({1, 2, 3}, {1, 2, 4}), ({4, 5, 6}, {4, 5, 6}), ({7, 8, 9}, {10, 11, 12})])
    assert found.to_list() == [0.5, 1.0, 0.0]
    assert found.mean() == 0.5


def test_two_empty_sets_are_the_same():
    assert jaccards([(set(), set()), (set(), {1})]).to_list() == [1.0, 0.0]
