"""A format of JSON lines that tests register: the shape of FlagEmbedding, and a column that may be empty."""

import polars as pl
import pyarrow as pa

from negmine.data.schemas import TEXT, training_schema
from negmine.stages.write.formats.base import OutputFormat
from negmine.stages.write.formats.joins import row_per_positive, with_text

NAME, MODULE = "query-lists", __name__


def _schema(settings):
    lists = pa.large_list(TEXT)
    columns = {"query": TEXT, "pos": lists, "neg": lists, "neg_scores": pa.large_list(pa.float32())}
    required = training_schema(columns)
    return required.append(pa.field("first_rank", pa.int32()))


def _provenance(positives, negatives, settings):
    return row_per_positive(positives, negatives, settings)


def _rows(provenance, texts, settings):
    rows = with_text(provenance.with_row_index("row"), "positive_id", texts, "pos")
    long = rows.select("row", doc_id="negative_id").explode("doc_id")
    negatives = with_text(long, "doc_id", texts, "neg").group_by("row").agg("neg")
    rank = pl.col("rank").list.first()
    return (
        rows.join(negatives, on="row", how="left", maintain_order="left")
        .with_columns(pl.concat_list("pos"), neg_scores=pl.col("score"))
        .with_columns(first_rank=pl.when(rank > 1).then(rank))
        .select("query", "pos", "neg", "neg_scores", "first_rank")
    )


FORMAT = OutputFormat(
    name=NAME,
    schema=_schema,
    provenance=_provenance,
    rows=_rows,
    has_lists=True,
    row_per="positive",
    reading="A row per query and positive: lists of texts.",
    columns="The keys are those that a test reads.",
    about="A row per query and positive.",
    command="train rows.jsonl",
    file_kind="jsonl",
)
