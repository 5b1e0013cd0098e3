"""What a work directory wrote, as its own tables say it: what a trainer's loader must come to."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

import negmine
from negmine.stages.write.formats.registry import FORMATS
from tests.conftest import write_beir

INSTRUCTION = "Find the answer: "
NEGATIVES = 2


@dataclass(frozen=True)
class Row:
    """One row: texts and the teacher's scores, positives first; ids in the same order."""

    query: str
    positives: list[str]
    negatives: list[str]
    positive_scores: list[float]
    negative_scores: list[float]
    query_id: str
    ids: list[str]

    @property
    def documents(self):
        return [*self.positives, *self.negatives]

    @property
    def scores(self):
        return [*self.positive_scores, *self.negative_scores]


def write(folder: Path) -> Path:
    """Mine a small work directory and write every format, with a teacher and an instruction; return it."""
    mined = negmine.mine(
        folder / "work", data=write_beir(folder / "beir"), retriever="bm25", num_negatives=NEGATIVES,
        no_relative_margin=True, no_risk=True, format=list(FORMATS), teacher="bm25",
        instruction=INSTRUCTION,
    )  # fmt: skip
    return mined.work


def rows(work: Path, name: str) -> list[Row]:
    """Return the rows of a format from provenance, verdicts, and the texts of stage 1."""
    main = next(iter(FORMATS))
    folder = "provenance" if name == main else f"provenance-{name}"
    about = pl.read_parquet(work / "5-write" / folder / "*.parquet")
    texts = _texts(work)
    scores = pl.read_parquet(work / "4-filter" / "verdicts" / "*.parquet")
    score = {(q, d): s for q, d, s in scores.select("query_id", "doc_id", "bm25_score").rows()}
    made = []
    for row in about.iter_rows(named=True):
        query = row["query_id"]
        sides = [_listed(row["positive_id"]), _listed(row["negative_id"])]
        (positives, negatives) = ([texts[doc] for doc in side] for side in sides)
        own, others = ([score[query, doc] for doc in side] for side in sides)
        ids = [*sides[0], *sides[1]]
        made.append(Row(texts[query], positives, negatives, own, others, query, ids))
    return made


def _texts(work):
    corpus = pl.read_parquet(work / "1-index" / "corpus" / "*.parquet", missing_columns="insert")
    title = pl.col("title").fill_null("")
    with_title = pl.when(title == "").then("text").otherwise(title + " " + pl.col("text"))
    documents = corpus.select("doc_id", with_title.alias("text")).rows()
    queries = pl.read_parquet(work / "1-index" / "queries" / "*.parquet").select("query_id", "text")
    return dict(documents) | dict(queries.rows())


def _listed(value):
    return value if isinstance(value, list) else [] if value is None else [value]
