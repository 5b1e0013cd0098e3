"""`mine --dry-run`: counts are right, what is fresh costs nothing, nothing is made."""

import negmine
from negmine.stages.estimate import estimate
from negmine.stages.opening import context_to_mine
from tests.conftest import DOCUMENTS, QUERIES


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
