"""`mine --dry-run`: counts are right, what is fresh costs nothing, nothing is made."""

from io import StringIO

import pytest
from rich.console import Console

import negmine
from negmine.cli.render.estimate import estimate as view
from negmine.stages import estimate as estimating
from negmine.stages.estimate import estimate
from negmine.stages.opening import context_to_mine
from tests.conftest import DOCUMENTS, QUERIES


@pytest.fixture(scope="module")
def late_model(tmp_path_factory):
    from tests.models.tiny import multi_vector_model

    return str(multi_vector_model(tmp_path_factory.mktemp("late") / "model"))


def dry(work, **flags):
    return estimate(context_to_mine(work, flags, None, None, None))


def test_nothing_is_made_and_everything_is_counted(tmp_path, beir, vectors):
    found = dry(tmp_path / "w", data=beir, k=5, **vectors)
    assert (found["documents"], found["queries"]) == (len(DOCUMENTS), len(QUERIES))
    assert {row["outcome"] for row in found["artifacts"]} == {"made"}
    rows = {row["artifact"]: row["rows"] for row in found["artifacts"]}
    assert rows["2-retrieve/candidates"] == len(QUERIES) * 5 * 2
    assert not (tmp_path / "w").exists()


def test_other_data_than_that_of_the_work_directory_is_counted(tmp_path, beir):
    negmine.mine(tmp_path / "w", data=beir, retriever=["bm25"])
    two = [{"anchor": "one", "positive": "first"}, {"anchor": "two", "positive": "second"}]
    other = dry(tmp_path / "w", pairs=two, retriever=["bm25"])
    assert (other["documents"], other["queries"]) == (2, 2)


def test_what_is_fresh_is_kept_and_costs_nothing(tmp_path, beir, vectors):
    flags = {"data": beir, "k": 5, **vectors}
    negmine.mine(tmp_path / "w", **flags)
    assert dry(tmp_path / "w", **flags)["seconds"] == 0
    changed = dry(tmp_path / "w", **flags, relative_margin=0.3)["artifacts"]
    made = {row["artifact"] for row in changed if row["outcome"] == "made"}
    assert "4-filter/verdicts" in made
    assert not {name for name in made if name.startswith(("1-", "2-"))}


def test_encoding_is_timed_on_the_data_itself(tmp_path, beir):
    from tests.models.tiny import static_model

    model = static_model(tmp_path / "model")
    found = dry(tmp_path / "w", data=beir, model=str(model))
    vectors = next(r for r in found["artifacts"] if r["artifact"].startswith("1-index/dense"))
    texts = len(DOCUMENTS) + len(QUERIES)
    assert vectors["megabytes"] == round(texts * 16 * 4 * 2 / 1e6, 1)


def test_a_rerank_depth_bounds_the_pairs_that_take_time(tmp_path, beir):
    from tests.models.tiny import cross_encoder

    flags = {"data": beir, "retriever": "bm25", "k": 200}
    flags["rerank_model"] = str(cross_encoder(tmp_path / "model"))

    def seconds(**depth):
        rows = dry(tmp_path / "w", **flags, **depth)["artifacts"]
        return next(row["seconds"] for row in rows if row["artifact"].startswith("3-rerank"))

    assert seconds(rerank_depth=9) == round(len(QUERIES) * (9 + 1) / 50, 1)
    assert seconds(rerank_depth=500) == seconds() == len(QUERIES) * 200 / 50


def cost_of(work, **flags):
    """Return what the retrievers say of their artifacts, before it is rounded."""
    context = context_to_mine(work, flags, None, None, None)
    return estimating._size(context, False, ()).costs


def row_of(found, start):
    return next(row for row in found["artifacts"] if row["artifact"].startswith(start))


def test_terms_of_a_sparse_model_are_counted_on_the_data_itself(tmp_path, beir):
    from tests.models.tiny_sparse import words_model

    model = str(words_model(tmp_path / "model"))
    flags = {"data": beir, "retriever": ["sparse"], "sparse_model": model}
    found = row_of(dry(tmp_path / "w", **flags), "1-index/sparse")
    assert (found["texts"], found["tokens"]) == (len(DOCUMENTS) + len(QUERIES), 0)
    negmine.index(tmp_path / "made", **flags)
    (stats,) = [
        one.manifest.stats
        for one in negmine.status(tmp_path / "made")
        if one.artifact.name == found["artifact"]
    ]
    (cost,) = cost_of(tmp_path / "w", **flags).values()
    both = 2 * 8 * stats["terms_per_document"] * found["texts"]  # in the index, and in the cache
    assert cost.size == pytest.approx(both, rel=0.1)


@pytest.mark.parametrize("scope", ["all", "candidates"])
def test_tokens_of_a_late_model_are_counted_on_the_data_itself(tmp_path, late_model, beir, scope):
    flags = {
        "data": beir, "retriever": ["bm25", "late"], "late_model": late_model, "k": 2, "late_scope": scope
    }  # fmt: skip
    found = dry(tmp_path / "w", **flags)
    tokens = row_of(found, "1-index/late" if scope == "all" else "2-retrieve/tokens")
    documents = len(DOCUMENTS) if scope == "all" else min(len(DOCUMENTS), 2 * len(QUERIES))
    assert tokens["texts"] == documents + len(QUERIES)
    negmine.mine(tmp_path / "made", **flags)
    (manifest,) = [
        one.manifest
        for one in negmine.status(tmp_path / "made")
        if one.artifact.name == tokens["artifact"]
    ]
    stats = manifest.stats
    each = stats["document_tokens"] / stats["documents"]
    assert tokens["tokens"] == pytest.approx(documents * each + len(QUERIES) * 32, rel=0.3)
    cost = cost_of(tmp_path / "w", **flags)[tokens["artifact"]]
    both = 2 * 2 * stats["dimensions"] * tokens["tokens"]  # float16, in the index and in the cache
    assert cost.size == pytest.approx(both, rel=0.01)
    kept = dry(tmp_path / "made", **flags)
    assert kept["seconds"] == 0 and row_of(kept, tokens["artifact"])["texts"] == 0


def test_an_index_over_tokens_costs_bytes_and_compares_fewer_documents(tmp_path, late_model, beir):
    flags = {
        "data": beir, "retriever": ["late"], "late_model": late_model, "late_scope": "all", "late_index": "ivf",
    }  # fmt: skip
    costs = cost_of(tmp_path / "w", **flags, late_tokens=1)
    tokens, index = (costs[f"1-index/{name}-model"] for name in ("late", "faiss_late"))
    documents = tokens.tokens - 32 * len(QUERIES)
    assert index.size == pytest.approx(
        documents * (8 + 8), rel=0.01
    )  # a byte of each dimension, a number
    assert costs["2-retrieve/recall_late-model"].seconds > 0
    run = "2-retrieve/late-model"
    assert costs[run].more_seconds <= cost_of(tmp_path / "w", **flags)[run].more_seconds


def test_a_terminal_says_how_many_texts_and_tokens_are_encoded(tmp_path, late_model, beir):
    flags = {"data": beir, "retriever": ["bm25", "late"], "late_model": late_model, "k": 2}
    found = dry(tmp_path / "w", **flags) | {"free_megabytes": 1}
    console = Console(width=200, file=StringIO())
    console.print(view(found, 200))
    shown = console.file.getvalue()
    assert "Models encode at most: " in shown
    assert f"{row_of(found, '2-retrieve/tokens')['tokens']} vectors of tokens" in shown
