"""Verdicts, queries and documents that a person can read, and what `write` makes of them."""

import polars as pl

from negmine.config.settings import WriteSettings
from negmine.data.frames import frame
from negmine.stages.write import compute
from negmine.stages.write.formats.registry import FORMATS
from negmine.stages.write.sampling.base import Selection


def verdicts(negatives, positives=("p",), query="q"):
    """Return verdicts of one query: (doc_id, kept) candidates in rank order, then its positives."""
    rows = len(negatives)
    ranks = [*range(1, rows + 1), *[None] * len(positives)]
    return pl.DataFrame(
        {
            "query_id": [query] * (rows + len(positives)),
            "doc_id": [*(doc for doc, _ in negatives), *positives],
            "label": ["unlabeled"] * rows + ["positive"] * len(positives),
            "rank": pl.Series(ranks, dtype=pl.Int32),
            "score": pl.Series([0.5] * rows + [None] * len(positives), dtype=pl.Float32),
            "bm25_rank": pl.Series(ranks, dtype=pl.Int32),
            "bm25_score": pl.Series([1.0] * (rows + len(positives)), dtype=pl.Float32),
            "positive_score": pl.Series([1.0] * (rows + len(positives)), dtype=pl.Float32),
            "kept": [is_kept for _, is_kept in negatives] + [False] * len(positives),
        }
    )


# Query q has two positives and three kept candidates; query lonely has none.
VERDICTS = pl.concat(
    [
        verdicts([("a", True), ("b", False), ("c", True), ("d", True)], ("p1", "p2")),
        verdicts([("a", False)], ("p",), "lonely"),
    ]
)
QUERIES = pl.DataFrame({"query_id": ["q", "lonely"], "text": ["Q", "L"]})
DOCUMENTS = pl.DataFrame({"doc_id": [*"abcd", "p", "p1", "p2"], "text": [*"ABCD", "P", "P1", "P2"]})


# The same with a score of bm25 for each document, for formats with a teacher.
SCORES = {"a": 3.0, "b": 9.5, "c": 2.5, "d": 1.0, "p": 7.0, "p1": 9.0, "p2": 8.0}
SCORED = VERDICTS.with_columns(
    bm25_score=pl.col("doc_id").replace_strict(SCORES, return_dtype=pl.Float32)
)


def selection(settings=None, people_first=False, retrievers=("bm25",), **options):
    """Return a selection whose thresholds read the score of the first retriever."""
    settings = WriteSettings(**options) if settings is None else settings
    return Selection(settings, people_first, retrievers[0], tuple(retrievers))


def written(data=VERDICTS, queries=QUERIES, documents=DOCUMENTS, **options):
    """Return (training rows, provenance) under their schemas, as data frames.

    A format that needs a teacher has bm25. Queries and documents are numbered as QUERIES and DOCUMENTS.
    """
    output = FORMATS[options.get("format", "triplet")]
    if output.teacher == "required":
        options = {"teacher": "bm25", **options}
    settings = WriteSettings(**options)
    rows = compute.provenance(data, selection(settings, True), output, ["bm25"])
    numbered = documents.with_columns(number=pl.int_range(pl.len(), dtype=pl.Int64))
    needed = numbered.join(compute.document_ids(rows).to_frame(), on="doc_id", how="semi")
    sought = compute.sought(queries, settings).with_row_index("query_number")
    training = compute.training_table(rows, sought, needed, settings, output)
    provenance = compute.provenance_table(rows, ["bm25"], output)
    return frame(training), frame(provenance)
