"""`--share-generated`: what was written for one query is a candidate of others that are near to it."""

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import negmine
from negmine.cli.render.generated import where_from, written_documents
from negmine.errors import SettingsError
from negmine.stages.generate.sharing import among_hits, tried
from tests.conftest import write_beir
from tests.models.tiny import static_model
from tests.scorers.judge.server import answer, serving
from tests.stages.generate.writing import asked, documents, generate, mined, rows, verdicts, writes

CORPUS = {
    "pan": ("", "a cast iron pan is seasoned with oil and heat"),
    "wok": ("", "a wok of carbon steel is seasoned with oil over high heat"),
    "rust": ("", "rust on a cast iron pan is removed with steel wool"),
    "soup": ("", "a soup of lentils and carrots takes half an hour"),
    "stew": ("", "a stew of lentils takes an hour on low heat"),
    "bike": ("", "the chain of a bicycle is cleaned with a brush"),
    "tyre": ("", "a flat tyre of a bicycle is mended with a patch"),
}
ASKED = {
    "a": "how is a cast iron pan seasoned",
    "b": "how is a wok seasoned with oil",
    "c": "how long does a soup of lentils take",
    "d": "mend a flat bicycle tyre",
}
JUDGED = [("a", "pan", 1), ("b", "wok", 1), ("c", "soup", 1), ("d", "tyre", 1)]
K = 3


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_beir(tmp_path_factory.mktemp("share") / "beir", CORPUS, ASKED, JUDGED)


def for_a_alone(request, number):
    """Write three texts for query a: a near one, one about soup, one like the positive of b."""
    query, _ = asked(request)
    if query != ASKED["a"]:
        return 400, {"error": "content policy"}
    turn = int(request["messages"][-1]["content"].split("This is request ")[1].split()[0])
    texts = ["a clay pan is never seasoned with oil", "a soup of beans", "a wok is never seasoned"]
    return 200, answer(json.dumps({"text": texts[turn - 1]}))


def shared_of(frame):
    return frame.filter(pl.col("label") == "generated", pl.col("written_for") != pl.col("query_id"))


def test_worked_example_of_what_is_tried():
    """Query b has a's positive among its candidates, c has it not; of two equal texts b gets one."""
    candidates = pl.DataFrame(
        [("a", "p"), ("a", "x"), ("b", "q"), ("b", "p"), ("c", "x")],
        schema=["query_id", "doc_id"], orient="row",
    )  # fmt: skip
    own = pl.DataFrame({"query_id": ["a", "b"], "text_key": [b"1", b"2"]})
    positives = pl.DataFrame({"query_id": ["a", "b", "c"], "doc_id": ["p", "q", "r"]})
    written = pl.DataFrame(
        [
            ("a", "g1", b"1", "o"), ("a", "g2", b"2", "o"), ("a", "g3", b"3", "o"), ("a", "g4", b"3", "o"),
            ("b", "g5", b"2", "o"), ("c", "g6", b"6", "o"),
        ],
        schema=["query_id", "doc_id", "text_key", "origin"], orient="row",
    )  # fmt: skip
    got = tried(candidates, own, positives, written)
    assert got.rows() == [("b", "g1", "o", "a"), ("b", "g3", "o", "a")]


def test_worked_example_of_what_a_retriever_would_have_found():
    """Of two hits and three documents, two are the best: 5.0 and 4.0. A positive takes no place."""
    hits = pl.DataFrame(
        [
            ("q", "p", "positive", 1, 9.0), ("q", "d1", "unlabeled", 2, 4.0),
            ("q", "d2", "unlabeled", 3, 2.0), ("q", "d3", "unlabeled", None, 1.0),
        ],
        schema=["query_id", "doc_id", "label", "r_rank", "r_score"], orient="row",
    )  # fmt: skip
    documents = pl.DataFrame(
        [("q", "g1", 5.0), ("q", "g2", 3.0), ("q", "g3", None)],
        schema=["query_id", "doc_id", "r_score"], orient="row",
    )  # fmt: skip
    assert among_hits(hits, documents, ["r"])["doc_id"].to_list() == ["g1"]
    assert among_hits(hits.clear(), documents, ["r"]).is_empty()


PAIRS = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 4)), max_size=8)


@given(PAIRS, PAIRS)
def test_it_is_what_a_list_with_all_of_them_has_at_its_top(found, written):
    hits = [
        (query, f"d{n}", "unlabeled", 1, float(score)) for n, (query, score) in enumerate(found)
    ]
    added = [(query, f"g{n}", float(score)) for n, (query, score) in enumerate(written)]
    schema = {"query_id": pl.String, "doc_id": pl.String, "label": pl.String, "r_rank": pl.Int32}
    got = among_hits(
        pl.DataFrame(hits, schema=schema | {"r_score": pl.Float32}, orient="row"),
        pl.DataFrame(
            added, schema={"query_id": pl.String, "doc_id": pl.String, "r_score": pl.Float32},
            orient="row",
        ),
        ["r"],
    )  # fmt: skip
    want = set()
    for query in "ab":
        own = [(-row[-1], row[1]) for row in hits if row[0] == query]
        both = sorted(own + [(-row[-1], row[1]) for row in added if row[0] == query])
        want |= {name for _, name in both[: len(own)] if name.startswith("g")}
    assert set(got["doc_id"]) == want


def test_a_query_gets_what_its_retriever_would_find_if_it_were_indexed(tmp_path, data):
    """Oracle: the documents of query a in the corpus, found by dense vectors, whose scores know no corpus."""
    flags = {"retriever": ["dense"], "model": str(static_model(tmp_path / "m")), "device": "cpu"}
    flags |= {"k": K, "no_risk": True}
    work = mined(tmp_path / "w", data, **flags)
    with serving(for_a_alone) as server:
        generate(work, server, generate_count=3, share_generated=True)
    written = documents(work).drop_nulls("doc_id")
    assert written["query_id"].to_list() == ["a"] * 3
    indexed = CORPUS | {name: ("", text) for name, text in written.select("doc_id", "text").rows()}
    other = mined(tmp_path / "o", write_beir(tmp_path / "more", indexed, ASKED, JUDGED), **flags)
    hits = rows(other, "2-retrieve/candidates").filter(
        pl.col("doc_id").str.starts_with("generated-")
    )
    near = rows(work, "2-retrieve/candidates").filter(pl.col("doc_id") == "pan")["query_id"]
    want = hits.filter(pl.col("query_id") != "a", pl.col("query_id").is_in(near.implode()))
    got = shared_of(rows(work, "2-generate/candidates"))
    pair = ["query_id", "doc_id"]
    assert got.select(pair).sort(pair).equals(want.select(pair).sort(pair)) and got.height
    scores = got.join(want, on=pair, suffix="_indexed")
    assert (scores["dense_score"] - scores["dense_score_indexed"]).abs().max() < 1e-6


@pytest.fixture(scope="module")
def work(tmp_path_factory, data):
    """A run in which texts for a and b are close to each other."""
    work = mined(
        tmp_path_factory.mktemp("work") / "w", data, retriever=["bm25"], k=K, num_negatives=2
    )
    with serving(writes(lambda query, document: f"{query}, never with soap")) as server:
        generate(work, server, share_generated=True)
    negmine.filter(work, no_near_duplicate=True, no_relative_margin=True)
    return work


def test_rows_that_are_not_shared_are_as_without_it(tmp_path, data, work):
    alone = mined(tmp_path / "alone", data, retriever=["bm25"], k=K, num_negatives=2)
    with serving(writes(lambda query, document: f"{query}, never with soap")) as server:
        generate(alone, server)
        negmine.filter(alone, no_near_duplicate=True, no_relative_margin=True)
        with_it, without = verdicts(work), verdicts(alone)
        assert "written_for" not in without.columns
        own = with_it.filter(
            pl.col("written_for").is_null() | (pl.col("written_for") == pl.col("query_id"))
        )
        about = [name for name in without.columns if name != "doc_id"]  # its hash has the address
        assert own.select(about).equals(without.select(about))
        assert shared_of(with_it).height
        generate(alone, server, share_generated=True)  # nothing is asked again
        assert len(server.requests) == 4
    again = rows(alone, "2-generate/candidates")
    assert again.height == with_it.height


def test_everyone_tells_for_which_query_it_was_written(work):
    result = negmine.write(work, include="generated", max_generated=2, format="n-tuple")
    shared = shared_of(verdicts(work))
    pairs = set(shared.select("query_id", "written_for").iter_rows())
    assert ("b", "a") in pairs and "c" not in set(shared["query_id"])
    counts = result.summary["generated"]["for_others"]
    assert counts == {"candidates": shared.height, "kept": int(shared["kept"].sum())}
    assert counts["kept"]
    lines = list(written_documents({"written": 4}, result.summary["generated"]))
    assert lines[-1] == ("  of these shared", str(counts["kept"]), f"of {shared.height}")
    explained = [row for row in negmine.explain(work, "b")["rows"] if row["origin"]]
    assert {row["written_for"] for row in explained} == {"a", "b"}
    texts = [where_from(row, "b") for row in explained]
    assert sum(text.endswith(", for query a") for text in texts) == 1
    lists = rows(work, "5-write/provenance").explode(
        "negative_id", "negative_label", "origin", "written_for"
    )
    own = lists.filter(pl.col("negative_label") == "generated").unique(["query_id", "negative_id"])
    others = own.filter(pl.col("written_for") != pl.col("query_id"))
    assert others.height and own["origin"].str.starts_with("query-only by m").all()
    card = (work / "5-write" / "README.md").read_text()
    assert f"| of these written for another query | {shared.height} |" in card
    assert f"| of these written for another query | {others.height} |" in card
    assert "`share-generated` | on" in card
    texts = dict(documents(work).select("doc_id", "text").iter_rows())
    written = rows(work, "5-write/n-tuple").filter(pl.col("anchor") == ASKED["b"])
    assert {texts[one] for one in others.filter(pl.col("query_id") == "b")["negative_id"]} <= {
        text for row in written.rows() for text in row
    }


def test_a_shared_document_keeps_to_the_limit_of_reuse(work):
    negmine.write(work, include="generated", max_generated=2, max_reuse=1, format="triplet")
    provenance = rows(work, "5-write/provenance").filter(pl.col("negative_label") == "generated")
    queries = provenance.group_by("negative_id").agg(pl.col("query_id").n_unique())
    assert queries.height and queries["query_id"].max() == 1


def test_a_spent_budget_goes_on_to_the_same_rows(tmp_path, data, work):
    text = writes(lambda query, document: f"{query}, never with soap")
    late = mined(tmp_path / "late", data, retriever=["bm25"], k=K, num_negatives=2)
    with serving(text) as server:
        generate(late, server, share_generated=True, generate_budget="1", generate_concurrency=1)
        first = rows(late, "2-generate/candidates").filter(pl.col("label") == "generated")
        assert set(first["written_for"]) == {"a"}
        generate(late, server)
    about = ["query_id", "label", "bm25_score", "written_for"]
    assert (
        rows(late, "2-generate/candidates")
        .select(about)
        .equals(rows(work, "2-generate/candidates").select(about))
    )


def test_where_nobody_can_score_a_text_it_is_refused(tmp_path, beir, vectors):
    work = mined(tmp_path / "w", beir, retriever=["dense"], no_risk=True, **vectors)
    with (
        serving(writes(lambda query, document: "a text")) as server,
        pytest.raises(SettingsError, match="--share-generated: no retriever in use can score"),
    ):
        generate(work, server, share_generated=True)
