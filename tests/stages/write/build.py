"""Verdicts, queries and documents that a person can read, and what `write` makes of them."""

import polars as pl

from negmine.config.settings import WriteSettings
from negmine.data.frames import frame
from negmine.stages.write import compute
from negmine.stages.write.formats.registry import format_named


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


def written(data=VERDICTS, queries=QUERIES, documents=DOCUMENTS, **options):
    """Return (training rows, provenance) under their schemas, as data frames."""
    settings = WriteSettings(**options)
    output = format_named(settings.main_format)
    rows = compute.provenance(data, settings, output, ["bm25"], ["bm25"], people_first=True)
    needed = documents.join(compute.document_ids(rows).to_frame(), on="doc_id", how="semi")
    sought = compute.sought(queries, settings).with_row_index("query_number")
    numbered = needed.with_columns(number=pl.int_range(pl.len(), dtype=pl.Int64))
    training = compute.training_table(rows, sought, numbered, settings, output)
    provenance = compute.provenance_table(rows, ["bm25"], output)
    return frame(training), frame(provenance)
