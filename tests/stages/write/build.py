"""Verdicts, queries and documents that a person can read, and what `write` makes of them."""

import polars as pl

from negmine.config.settings import WriteSettings
from negmine.data.frames import frame
from negmine.stages.write import compute
from negmine.stages.write.formats.registry import format_named
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


def selection(settings=None, people_first=False, retrievers=("bm25",), **options):
    """Return a selection whose thresholds read the score of the first retriever."""
    settings = WriteSettings(**options) if settings is None else settings
    return Selection(settings, people_first, retrievers[0], tuple(retrievers))


def written(data=VERDICTS, queries=QUERIES, documents=DOCUMENTS, **options):
    """Return (training rows, provenance) under their schemas, as data frames."""
    settings = WriteSettings(**options)
    output = format_named(settings.format)
    rows = compute.provenance(data, selection(settings, True), output, ["bm25"])
    needed = documents.join(compute.document_ids(rows).to_frame(), on="doc_id", how="semi")
    training = compute.training_table(rows, queries, needed, settings.negatives_written, output)
    provenance = compute.provenance_table(rows, ["bm25"], output)
    return frame(training), frame(provenance)
