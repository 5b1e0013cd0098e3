"""Line 2: what line 1 found, against brute force and against sentence-transformers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tests.bench.speed import mine
from tests.bench.speed.collection import read
from tests.bench.speed.commands import SAME_RULES, fresh, given_vectors, negmine, peer
from tests.bench.speed.measure import once
from tests.bench.speed.records import Setup, record, target

K, BLOCK, CLOSE, MARGIN = 100, 1_000, 1e-5, 0.05


def measure(setup: Setup) -> dict[str, Any]:
    """Compare the run with brute force, and the negatives with those of the FAISS path."""
    folder, work = mine.data(setup), setup.work / "mine"
    theirs = setup.work / "mine-faiss.parquet"
    if not (work / "5-write/triplet/_manifest.json").exists():
        command = negmine("mine", fresh(work), **given_vectors(folder), **SAME_RULES)
        once(command, setup.work / "logs/exactness-negmine.log")
    if not theirs.exists():
        once(peer("peer_st", "faiss", folder, theirs), setup.work / "logs/exactness-faiss.log")
    found = recall(folder, work)
    same = negatives(folder, work, theirs)
    targets = [
        target("top-100 recall", found["recall"], "at least", 0.9999, ""),
        target(
            "different negatives that two scores within 1e-5 of each other do not explain",
            same["unexplained"], "at most", 0, "",
        ),
    ]  # fmt: skip
    what = (
        "The run of *mine from given vectors* against float32 matrix products; its negatives against those "
        "of the FAISS path, "
        "query by query and place by place, as far as both lists go, without documents within 1e-5 of the "
        "margin's limit, those that negmine left out because they have the text of a positive, and queries "
        "that it merged because only their case differs."
    )
    return record(what, {}, targets, {**found, **same})


def recall(folder: Path, work: Path) -> dict[str, Any]:
    """Return the share of brute force's top 100 that the run has; and the share but for equal scores."""
    ids = pl.read_parquet(work / "1-index/corpus/*.parquet", columns=["doc_id", "same_as"])
    own = ids.with_row_index("row").filter(pl.col("same_as").is_null())
    documents = np.load(folder / "d.npy")[own["row"].to_numpy()]
    rows = pl.read_parquet(work / "2-retrieve/dense-vectors/*.parquet").filter(pl.col("rank") <= K)
    places = own.select("doc_id").with_row_index("position")
    listed = rows.join(places, on="doc_id", how="left", maintain_order="left")
    listed = listed.group_by("query_id", maintain_order=True).agg("position")
    queries = _vectors_of(folder, listed["query_id"])
    hits = close = total = 0
    for start in range(0, listed.height, BLOCK):
        scores = queries[start : start + BLOCK] @ documents.T
        k = min(K, scores.shape[1])
        best = np.argpartition(-scores, k - 1, axis=1)[:, :k]
        for row, ours in enumerate(listed["position"][start : start + BLOCK]):
            mine_, theirs = ours.to_numpy(), best[row]
            least = scores[row, theirs].min()
            hits += len(np.intersect1d(mine_, theirs))
            close += min(k, int(np.count_nonzero(scores[row, mine_] >= least - 1e-6)))
            total += k
    return {
        "recall": hits / total,
        "recall, equal scores counted as one": close / total,
        "queries": listed.height,
    }


def _vectors_of(folder: Path, query_ids: pl.Series) -> np.ndarray:
    places = pl.DataFrame({"query_id": read(folder, "queries")[0]}).with_row_index("row")
    asked = query_ids.alias("query_id").to_frame()
    rows = asked.join(places, on="query_id", how="left", maintain_order="left")["row"]
    return np.load(folder / "q.npy")[rows.to_numpy()]


def negatives(folder: Path, work: Path, theirs: Path) -> dict[str, Any]:
    """Compare lists of negatives, place by place; return counts."""
    ours = pl.read_parquet(work / "5-write/provenance/*.parquet").select("query_id", "negative_id")
    other = _by_id(folder, pl.read_parquet(theirs)).join(
        _same_text(work), on=["query_id", "negative_id"], how="anti", maintain_order="left"
    )
    other = other.filter(~pl.col("query_id").is_in(_merged(folder).implode()))
    lists = [_clear(folder, rows) for rows in (ours.unique(maintain_order=True), other)]
    both = lists[0].join(lists[1], on=["query_id", "place"], suffix="_other")
    differs = both.filter(pl.col("negative_id") != pl.col("negative_id_other"))
    apart = (pl.col("score") - pl.col("score_other")).abs() > CLOSE
    return {
        "queries compared": both["query_id"].n_unique(),
        "negatives compared": both.height,
        "other negatives": differs.height,
        "unexplained": differs.filter(apart).height,
    }


def _clear(folder: Path, rows: pl.DataFrame) -> pl.DataFrame:
    """Return lists of negatives with score and place, without what lies within 1e-5 of its query's limit."""
    scored = rows.with_columns(score=_scores(folder, rows["query_id"], rows["negative_id"]))
    limit = pl.col("anchor") - pl.col("anchor").abs() * MARGIN
    known = scored.join(_anchors(folder), on="query_id", maintain_order="left")
    clear = known.filter((pl.col("score") - limit).abs() > CLOSE).drop("anchor")
    return clear.with_columns(place=pl.int_range(pl.len()).over("query_id"))


def _by_id(folder: Path, triplets: pl.DataFrame) -> pl.DataFrame:
    """Return query_id, negative_id of triplets of texts, in their order; the first id of a text counts."""
    for kind, column, name in (
        ("queries", "query", "query_id"),
        ("corpus", "negative", "negative_id"),
    ):
        ids, texts = read(folder, kind)
        known = pl.DataFrame({name: ids, column: texts}).unique(
            column, keep="first", maintain_order=True
        )
        triplets = triplets.join(known, on=column, how="left", maintain_order="left")
    return triplets.select("query_id", "negative_id").unique(maintain_order=True)


def _same_text(work: Path) -> pl.DataFrame:
    verdicts = pl.scan_parquet(work / "4-filter/verdicts/*.parquet")
    rows = verdicts.filter(pl.col("reason") == "same_text_as_positive")
    return rows.select("query_id", negative_id="doc_id").collect()


def _merged(folder: Path) -> pl.Series:
    """Return the queries whose text another query has, but for case or white space."""
    ids, texts = read(folder, "queries")
    rows = pl.DataFrame({"query_id": ids, "text": texts}).unique("text")
    plain = pl.col("text").str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars()
    return rows.filter(plain.is_duplicated())["query_id"]


def _anchors(folder: Path) -> pl.DataFrame:
    """Return every query's lowest positive score, over all queries of the same text."""
    from tests.bench.speed.collection import read_qrels

    ids, texts = read(folder, "queries")
    first = pl.DataFrame({"own": ids, "text": texts}).with_columns(
        query_id=pl.col("own").first().over("text")
    )
    pairs = pl.DataFrame(read_qrels(folder), schema=["own", "doc_id"], orient="row").join(
        first, on="own"
    )
    scores = pairs.with_columns(score=_scores(folder, pairs["query_id"], pairs["doc_id"]))
    return scores.group_by("query_id").agg(anchor=pl.col("score").min())


def _scores(folder: Path, query_ids: pl.Series, doc_ids: pl.Series) -> np.ndarray:
    """Return float64 dot products of pairs."""
    places = pl.DataFrame({"doc_id": read(folder, "corpus")[0]}).with_row_index("row")
    asked = doc_ids.alias("doc_id").to_frame()
    rows = asked.join(places, on="doc_id", how="left", maintain_order="left")["row"].to_numpy()
    queries, documents = _vectors_of(folder, query_ids), np.load(folder / "d.npy", mmap_mode="r")
    scores = np.empty(len(rows))
    for start in range(0, len(rows), 10_000):
        part = slice(start, start + 10_000)
        scores[part] = np.einsum(
            "ij,ij->i", queries[part].astype(np.float64), documents[rows[part]].astype(np.float64)
        )
    return scores
