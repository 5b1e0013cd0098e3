"""The format `dpr`: one JSON list, for DPR and what reads its files."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.schemas import ID, TEXT, training_schema
from negmine.stages.write.formats.base import OutputFormat
from negmine.stages.write.formats.joins import each, row_per_query

_CONTEXTS = pa.large_list(pa.struct([("title", TEXT), ("text", TEXT), ("passage_id", ID)]))


def _schema(settings: WriteSettings) -> pa.Schema:
    contexts = ["positive_ctxs", "negative_ctxs", "hard_negative_ctxs"]
    answers = {"question": TEXT, "answers": pa.large_list(TEXT)}
    return training_schema({**answers, **dict.fromkeys(contexts, _CONTEXTS)})


def _rows(provenance: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    context = pl.struct(title=pl.lit(""), text="text", passage_id="doc_id")
    positives = each(provenance, pl.col("positive_id"), texts, context)
    return provenance.select(
        question="query",
        answers=pl.lit([], pl.List(pl.String)),
        positive_ctxs=positives,
        negative_ctxs=positives.list.head(0),
        hard_negative_ctxs=each(provenance, pl.col("negative_id"), texts, context),
    )


FORMAT = OutputFormat(
    name="dpr",
    schema=_schema,
    provenance=row_per_query,
    rows=_rows,
    has_lists=True,
    positive_lists=True,
    row_per="query",
    reading="A row per query, with lists of its positives and negatives.",
    columns="The keys are those that DPR reads.",
    command=(
        "python train_dense_encoder.py train=biencoder_nq train_datasets=[mined] \\\n"
        "  +datasets.mined._target_=dpr.data.biencoder_data.JsonQADataset \\\n"
        "  +datasets.mined.file=work/5-write/dpr/train.json train.hard_negatives=1 train.other_negatives=0"
    ),
    about=(
        "Negatives are `hard_negative_ctxs`; `negative_ctxs` and `answers` are empty lists. `title` is "
        "empty, since the text has it in front already. A query without negatives has no row."
    ),
    main="train.json",
)
