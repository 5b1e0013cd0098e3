"""The format `nemo`: a JSON file of ids and a corpus folder, for NVIDIA NeMo Automodel."""

from __future__ import annotations

import json

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.schemas import ID, TEXT, training_schema
from negmine.stages.write.formats.base import FormatFile, OutputFormat
from negmine.stages.write.formats.joins import each, row_per_query

_CORPUS_ID = "negmine"
_CORPUS = pa.schema([("id", ID), ("text", TEXT)])


def _schema(settings: WriteSettings) -> pa.Schema:
    documents = pa.large_list(pa.struct([("id", ID)]))
    columns = {"question_id": ID, "question": TEXT, "corpus_id": TEXT}
    return training_schema({**columns, "pos_doc": documents, "neg_doc": documents})


def _rows(provenance: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    document = pl.struct(id="doc_id")
    return provenance.select(
        question_id="query_id",
        question="query",
        corpus_id=pl.lit(_CORPUS_ID),
        pos_doc=each(provenance, pl.col("positive_id"), texts, document),
        neg_doc=each(provenance, pl.col("negative_id"), texts, document),
    )


def _metadata(piece: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    about = {"class": "TextQADataset", "corpus_id": _CORPUS_ID}
    if settings.instruction is not None:
        about["query_instruction"] = settings.instruction
    return pl.DataFrame({"line": [json.dumps(about, ensure_ascii=False)]})


def _corpus(piece: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    return piece.select(id="doc_id", text="text")


FORMAT = OutputFormat(
    name="nemo",
    schema=_schema,
    provenance=row_per_query,
    rows=_rows,
    has_lists=True,
    positive_lists=True,
    row_per="query",
    reading="A row per query, with the ids of its positives and negatives.",
    columns="The keys are those that NeMo Automodel reads; `corpus/` has the texts.",
    command=(
        "automodel examples/retrieval/bi_encoder/llama3_2_1b.yaml \\\n"
        "  --dataloader.dataset.data_dir_list=work/5-write/nemo/train.json \\\n"
        "  --dataloader.dataset.n_passages=6"
    ),
    about=(
        "`train.json` is one object: where the corpus lies, and the rows. `corpus/train.parquet` has the "
        "texts, and `corpus/merlin_metadata.json` the instruction, if one is given; NeMo reads it with "
        "`use_dataset_instruction: true`. NeMo takes the first positive of a row (or, with "
        "`cycle_positive_docs`, another one each epoch), and the first `n_passages - 1` negatives: they "
        "come best first. Rows keep their order with `dataloader.shuffle: false`. A query without "
        "negatives, which NeMo refuses, has no row."
    ),
    instruction="one",
    main="train.json",
    head='{"corpus":[{"path":"corpus"}],"data":[',
    tail="]}",
    files=(
        FormatFile("corpus/merlin_metadata.json", "settings", _metadata),
        FormatFile("corpus/train.parquet", "documents", _corpus, _CORPUS),
    ),
)
