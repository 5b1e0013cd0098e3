"""The settings of stage 1, index: where the data is, how it is read, how retrievers index it."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import ValidationInfo, field_validator

from negmine.config.runs import check_runs
from negmine.config.table import StageSettings, setting

_ALL = ("retrieve", "rerank", "filter", "write")

# The groups under which help, docs and `negmine settings` show these settings.
_data = partial(setting, group="Data")
_retrievers = partial(setting, group="Retrievers")
_bm25 = partial(setting, group="BM25")
_model = partial(setting, group="Model and vectors")
_rounds = partial(setting, group="Rounds")
_endpoint = partial(setting, group="Embeddings from an API")
_late = partial(setting, group="Late interaction")
_faiss = partial(setting, group="Approximate search")
_machine = partial(setting, group="Memory and devices")
_cluster = partial(setting, group="Cluster", speed=True, shared_with=_ALL)

MOST_SHARDS = 10_000  # of --shards
MOST_DEVICES = 64  # of --devices
FLAT, BINARY = "flat", "binary"  # values of --index that are no factory strings
IVF = "ivf"  # so is this of --late-index, and flat


class IndexSettings(StageSettings):
    """Where the data is, how it is read, and how the retrievers index it."""

    data: Path | None = _data(
        "BEIR folder (corpus, queries, qrels/SPLIT), or a dataset of the Hub. It has corpus.jsonl, "
        "queries.jsonl and qrels/SPLIT.tsv; each may be .gz. A dataset is named as mteb/scifact.",
        essential=True,
        remote=True,
        dataset=True,
    )
    qrels_split: str | None = _data(
        "Split of --data to read: qrels/SPLIT.tsv. Default: train, else the only one.",
        essential="stage",
    )
    corpus: Path | None = _data(
        "Documents: jsonl, csv, tsv, Parquet or Arrow; several by a pattern. Texts may be .gz.",
        essential=True,
        remote=True,
    )
    queries: Path | None = _data(
        "Queries: jsonl, csv, tsv, Parquet or Arrow; several by a pattern. Texts may be .gz.",
        essential=True,
        remote=True,
    )
    qrels: Path | None = _data(
        "Relevance: tsv, csv, jsonl, Parquet or TREC qrels.", essential=True, remote=True
    )
    pairs: Path | None = _data(
        "(query, positive) texts: a file, or a dataset of the Hub. Both may have negatives.",
        essential=True,
        remote=True,
        dataset=True,
    )
    pairs_format: Literal["auto", "pairs", "triplets", "flagembedding", "tevatron"] = _data(
        "What a row of --pairs holds. pairs: query and positive. triplets: also columns negative, negative_1 "
        "... . flagembedding, tevatron (RLHN too): lists. auto: by the columns of the first row.",
        "auto",
    )
    given_negatives: bool = _data(
        "Negatives that a file of --pairs has are candidates of their queries: the retriever given finds "
        "them. They are documents either way.",
        True,
    )
    query_column: str = _data("Column of --pairs that holds the query.", "anchor", essential=True)
    positive_column: str = _data(
        "Column of --pairs that holds the positive.", "positive", essential=True
    )
    direction: Literal["q2d", "d2q"] = _data(
        "q2d: negative documents for queries. d2q: negative queries for documents, with the same files.",
        "q2d",
    )
    on_error: Literal["stop", "skip"] = _data(
        "Bad rows: stop, or skip and count where that is safe.",
        "stop",
        essential="stage",
    )
    min_relevance: int = _data(
        "Relevance in qrels from which a document is a positive; 0 or less is a judged negative.",
        1,
        ge=1,
    )
    title: bool = _data("Put a document's title before its text.", True)
    title_separator: str = _data("Text between a document's title and its text.", " ")
    retriever: tuple[str, ...] = _retrievers(
        "bm25, dense, sparse, late, neighbours, given (those of --pairs), a registered name or "
        "package.module:factory. Repeatable.",
        ("bm25", "dense"),
        essential=True,
    )
    retriever_option: tuple[str, ...] = _retrievers(
        "Option of your own retriever, as NAME.KEY=VALUE. Repeatable.", ()
    )
    run: tuple[str, ...] = _retrievers(
        "A finished run as a retriever: NAME=FILE, a TREC run (or jsonl, csv, tsv, Parquet). It is added to "
        "--retriever, and its columns are NAME_rank and NAME_score. Repeatable.",
        (),
        essential="stage",
    )
    neighbour_column: str | None = _retrievers(
        "neighbours: column of the corpus. Documents with the same value as a positive are found, or with "
        "the nearest, where values are numbers or dates.",
    )
    neighbour_match: Literal["auto", "same", "nearest"] = _retrievers(
        "neighbours: whether --neighbour-column is looked up for the same value or the nearest. auto: nearest "
        "where at least half of the values are numbers or dates.",
        "auto",
    )
    neighbour_latitude: str | None = _retrievers(
        "neighbours: column of the corpus with the latitude in degrees. The nearest places are found."
    )
    neighbour_longitude: str | None = _retrievers(
        "neighbours: column of the corpus with the longitude in degrees."
    )
    bm25_engine: Literal["bm25s", "rank-bm25"] = _bm25(
        "bm25s is fast; rank-bm25 is the slow reference (variant okapi only).", "bm25s"
    )
    bm25_variant: Literal["lucene", "robertson", "atire", "bm25l", "bm25+", "okapi"] | None = _bm25(
        "BM25 formula. okapi is rank-bm25's. Default: lucene, or okapi for the rank-bm25 engine."
    )
    bm25_k1: float = _bm25("BM25: how soon a repeated word stops adding to the score.", 1.5, ge=0)
    bm25_b: float = _bm25("BM25: how much a long document's score is lowered.", 0.75, ge=0, le=1)
    bm25_delta: float = _bm25("BM25: the delta of bm25l and bm25+.", 0.5, ge=0)
    fold_accents: bool = _bm25("BM25: read é as e, in Latin, Greek and Cyrillic letters.", True)
    analyzer: Literal["words", "none"] = _bm25(
        "BM25: how texts are cut. words: words in lower case, pairs of characters where a script has no "
        "spaces. none: at white space alone, for texts that are cut into tokens already.",
        "words",
    )
    stemmer: str | None = _retrievers(
        "Snowball stemmer for BM25, such as english.", essential="stage"
    )
    language_column: str | None = _bm25(
        "BM25: column of documents and queries with the language of each, as en or English: its stemmer is "
        "used. Texts without a language have --stemmer."
    )
    model: tuple[str, ...] = _retrievers(
        "Model of the dense retriever: a folder or hub name. Each of several is a retriever of its own, as "
        "NAME=MODEL under its own name. Repeatable.",
        ("all-MiniLM-L6-v2",),
        essential=True,
    )
    round: int | None = _rounds(
        "Mine again with the model that was trained on the last round, as --model. Round 2 starts from round 1 "
        "in WORK, or in the WORK of --since, with its settings, and keeps its models' scores.",
        ge=1,
        le=99,
    )
    earlier_model: tuple[str, ...] = _rounds(
        "Models of earlier rounds, as NAME=MODEL. --round names them by itself: round1_dense was dense in "
        "round 1.",
        (),
    )
    model_url: str | None = _retrievers(
        "Base URL of an OpenAI-compatible endpoint that encodes. --model is the model's name there. Example: "
        "http://localhost:8000/v1.",
        essential="stage",
    )
    query_model: tuple[str, ...] = _model(
        "Model that encodes the queries, where it is another than --model. NAME=MODEL: that of one model.",
        (),
    )
    sparse_model: str | None = _retrievers(
        "Model of the sparse retriever: a folder or a hub name. It is a SPLADE, say, and has its own prompts "
        "and length.",
        essential="stage",
    )
    query_prompt: tuple[str, ...] = _retrievers(
        "Text before every query; NAME=TEXT: before those of one model. Default: the model's own.",
        (),
        essential="stage",
    )
    document_prompt: tuple[str, ...] = _retrievers(
        "Text before every document; NAME=TEXT: before those of one model. Default: the model's own.",
        (),
        essential="stage",
    )
    max_length: tuple[int | str, ...] = _model(
        "Tokens a model reads; NAME=COUNT: of one model. Default: the model's own.",
        (),
        metavar="[NAME=]COUNT",
    )
    dimensions: tuple[int | str, ...] = _model(
        "First dimensions of every vector that are kept (Matryoshka models); NAME=COUNT: of one model.",
        (),
        metavar="[NAME=]COUNT",
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = _model(
        "Precision of the model. auto: bfloat16 or float16 where the machine is fast at it.",
        "float32",
    )
    similarity: Literal["cosine", "dot"] = _model(
        "The dense score: cosine, or inner product (dot) for models that were trained for it.",
        "cosine",
    )
    vector_dtype: Literal["float32", "float16", "int8"] = _model(
        "Precision of vectors on disk. int8: of documents; queries stay float32.", "float32"
    )
    query_vectors: Path | None = _model(
        "Your own query vectors: .npy in the row order of the source file, or Parquet, Arrow, Lance or jsonl "
        "with ids (a file, a folder, or a pattern as 'q/*.parquet').",
        remote=True,
    )
    document_vectors: Path | None = _model(
        "Your own document vectors, as --query-vectors.", remote=True
    )
    vector_id_column: str | None = _model(
        "Column of ids in your vectors' files. Default: the one of a well-known name."
    )
    vector_column: str | None = _model(
        "Column of vectors in your vectors' files. Default: the one of a well-known name, or the only one."
    )
    embedding_budget: str | None = _endpoint(
        "Most that one command may send to --model-url, as 5000, 5000texts or 2000000tokens.",
    )
    embedding_concurrency: int = _endpoint(
        "Requests to --model-url at the same time.", 8, gt=0, le=10_000, speed=True
    )
    embedding_timeout: float = _endpoint(
        "Seconds to wait for a whole answer of --model-url.", 120.0, gt=0, speed=True
    )
    embedding_retries: int = _endpoint(
        "Times a failed request to --model-url is tried again.", 6, ge=0, speed=True
    )
    index: str = _faiss(
        "flat compares with all vectors, binary with one bit a dimension first, a FAISS factory string, such "
        "as IVF4096,Flat, with fewer.",
        FLAT,
        essential="stage",
    )
    dense_scope: Literal["all", "candidates"] = _model(
        "Encode all documents, or only positives and what the other retrievers found.", "all"
    )
    late_model: str | None = _retrievers(
        "Model of the late retriever: a folder or a hub name. It is one of sentence-transformers' "
        "MultiVectorEncoder, of PyLate or ColBERT.",
        essential="stage",
    )
    late_scope: Literal["all", "candidates"] = _late(
        "Compare a query with all documents, or only with those that the other retrievers found for it.",
        "candidates",
    )
    late_index: str = _late(
        "--late-scope all: flat compares with all documents, ivf with those that have a token near one of the "
        "query's. A FAISS factory string says another index of tokens.",
        FLAT,
    )
    late_vector_dtype: Literal["float32", "float16"] = _late(
        "Precision of tokens' vectors on disk.", "float16", shared_with=("rerank",)
    )
    memory: str = _machine(
        "Memory that a command may take, such as 800MB or 16GB. Sizes of parts and batches follow from it.",
        "4GB",
        speed=True,
        shared_with=("retrieve", "rerank", "filter", "write"),
        essential=True,
    )
    shards: str = _machine(
        "Into how many shards bm25 and dense cut the documents: a number, or auto, by --memory. Each is "
        "searched alone; the rows are the same.",
        "auto",
        speed=True,
        shared_with=("retrieve",),
    )
    verify: Literal["all", "sizes"] = _machine(
        "What of a file is compared with its manifest before it is read: all bytes (once), or sizes alone.",
        "all",
        speed=True,
        shared_with=("retrieve", "rerank", "filter", "write"),
    )
    device: Literal["auto", "cpu", "cuda"] = _machine(
        "Where models run.",
        "auto",
        speed=True,
        shared_with=("retrieve", "rerank", "filter"),
        essential="stage",
    )
    devices: str | None = _machine(
        "Encode in several processes, one for each device named: cuda:0,cuda:1 or cpu,cpu. "
        "Instead of --device.",
        speed=True,
        shared_with=("retrieve", "rerank", "filter"),
    )
    batch_size: int = _machine(
        "Texts that an encoder reads at once, counted in texts of 64 tokens (on a GPU: of 512): more of "
        "shorter texts, fewer of longer ones.",
        32,
        gt=0,
        speed=True,
        shared_with=("retrieve", "filter"),
        essential="stage",
    )

    engine: Literal["local", "ray"] = _cluster(
        "Where parts are made: in this process, or on a Ray cluster. The rows are the same.",
        "local",
    )
    ray_address: str = _cluster(
        "The cluster of --engine ray: HOST:PORT of its head, or auto for the one of this machine.",
        "auto",
    )
    workers: int | None = _cluster(
        "Parts that --engine ray makes at the same time. Default: as many as the cluster has room for.",
        gt=0,
    )
    gpus: float = _cluster(
        "GPUs that --engine ray gives to each worker with a model; 0.5 lets two share one.",
        0.0,
        ge=0,
    )

    @property
    def encoder_devices(self) -> list[str]:
        """The devices that encode, one process for each; none where one encodes in this process."""
        return self.devices.split(",") if self.devices else []

    @property
    def one_device(self) -> Literal["auto", "cpu", "cuda"]:
        """Where everything else runs: --device, or the kind of device that --devices names."""
        if self.devices is None:
            return self.device
        return "cpu" if self.encoder_devices[0] == "cpu" else "cuda"

    @field_validator("run")
    @classmethod
    def _names_and_files(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        check_runs(value)
        return value

    @field_validator("index", "late_index")
    @classmethod
    def _words_in_any_case(cls, value: str, info: ValidationInfo) -> str:
        words = (FLAT, BINARY if info.field_name == "index" else IVF)
        if not value.strip():
            raise ValueError(
                f"say {', '.join(words)}, or a FAISS factory string such as IVF4096,Flat"
            )
        return value.lower() if value.lower() in words else value

    @field_validator("shards", mode="before")
    @classmethod
    def _a_number_or_auto(cls, value: object) -> object:
        text = str(value)
        if text == "auto" or (text.isascii() and text.isdigit() and 0 < int(text) <= MOST_SHARDS):
            return text
        raise ValueError(f"say auto, or a number from 1 to {MOST_SHARDS:,}")

    @field_validator("ray_address")
    @classmethod
    def _auto_or_a_place(cls, value: str) -> str:
        if value.startswith("ray://"):
            raise ValueError(
                "Ray's client cannot run this: start the command on a machine of the cluster, as in "
                "ray job submit -- negmine mine ... --ray-address auto"
            )
        if value == "auto" or re.fullmatch(r"[^\s:/]+:\d{1,5}", value):
            return value
        raise ValueError("say auto, or the head's HOST:PORT, as 10.0.0.1:6379")

    @field_validator("devices")
    @classmethod
    def _of_one_kind(cls, value: str | None) -> str | None:
        pattern = r"cpu(, ?cpu)*|cuda:\d+(, ?cuda:\d+)*"
        if value is not None and not re.fullmatch(pattern, value):
            raise ValueError("say GPUs, as cuda:0,cuda:1, or processes on the CPU, as cpu,cpu")
        if value is not None and value.count(",") >= MOST_DEVICES:  # each is a process with a model
            raise ValueError(f"name at most {MOST_DEVICES} devices")
        return value and value.replace(" ", "")
