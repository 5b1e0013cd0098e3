"""Every setting of every room: the one source of flags, TOML keys, manifest entries and docs.

A field's name is its flag and its TOML key (`relative_margin` is `--relative-margin` and
`relative-margin`). A field marked `speed` changes no row and so belongs to no artifact's identity.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import field_validator

from negmine.config.table import StageSettings, setting

# The groups under which help, docs and `negmine settings` show the settings.
_data = partial(setting, group="Data")
_retrievers = partial(setting, group="Retrievers")
_bm25 = partial(setting, group="BM25")
_model = partial(setting, group="Model and vectors")
_faiss = partial(setting, group="Approximate search")
_thresholds = partial(setting, group="Thresholds")
_duplicates = partial(setting, group="Duplicates, parents, answers")
_risk = partial(setting, group="Risk")
_gates = partial(setting, group="Gates")
_opinions = partial(setting, group="Second opinions")
_reranker = partial(setting, group="Reranker")
_guides = partial(setting, group="Guides")
_judge = partial(setting, group="Judge")
_output = partial(setting, group="Output")
_card = partial(setting, group="Data card")
_machine = partial(setting, group="Memory and devices")
MOST = 10_000_000  # of what is counted in a search: beyond it numbers wrap around somewhere


class IndexSettings(StageSettings):
    """Room 1: where the data is, how it is read, and how the retrievers index it."""

    data: Path | None = _data(
        "BEIR folder with corpus.jsonl, queries.jsonl and qrels/<split>.tsv. Each may be .gz.",
        essential=True,
    )
    qrels_split: str | None = _data(
        "Split of --data to read: qrels/<split>.tsv. Default: train, else the only one.",
        essential="stage",
    )
    corpus: Path | None = _data(
        "Documents: jsonl, csv, tsv or Parquet, plain or .gz.", essential=True
    )
    queries: Path | None = _data(
        "Queries: jsonl, csv, tsv or Parquet, plain or .gz.", essential=True
    )
    qrels: Path | None = _data("Relevance: tsv, csv, jsonl, Parquet or TREC qrels.", essential=True)
    pairs: Path | None = _data(
        "(query, positive) text pairs: jsonl, csv, tsv or Parquet.", essential=True
    )
    query_column: str = _data("Column of --pairs that holds the query.", "anchor", essential=True)
    positive_column: str = _data(
        "Column of --pairs that holds the positive.", "positive", essential=True
    )
    on_error: Literal["stop", "skip"] = _data(
        "Bad rows: stop and show them, or skip and count them where that is safe.",
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
        "bm25, dense, or your own package.module:factory. Repeatable.",
        ("bm25", "dense"),
        essential=True,
    )
    retriever_option: tuple[str, ...] = _retrievers(
        "Option of your own retriever, as NAME.KEY=VALUE. Repeatable.", ()
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
    stemmer: str | None = _retrievers(
        "Snowball stemmer for BM25, such as english.", essential="stage"
    )
    model: str = _retrievers(
        "Model of the dense retriever: a folder or a hub name.",
        "all-MiniLM-L6-v2",
        essential=True,
    )
    query_prompt: str | None = _retrievers(
        "Text before every query. Default: the model's own.", essential="stage"
    )
    document_prompt: str | None = _retrievers(
        "Text before every document. Default: the model's own.", essential="stage"
    )
    max_length: int | None = _model("Tokens the model reads. Default: the model's own.", gt=0)
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = _model(
        "Precision of the model. auto: bfloat16 or float16 where the machine is fast at it.",
        "float32",
    )
    vector_dtype: Literal["float32", "float16"] = _model("Precision of vectors on disk.", "float32")
    query_vectors: Path | None = _model(
        "Your own query vectors (.npy), in the row order of the source file."
    )
    document_vectors: Path | None = _model(
        "Your own document vectors (.npy), in the row order of the source file."
    )
    index: str = _faiss(
        "flat compares with every vector; a FAISS factory string, such as IVF4096,Flat or HNSW32, with fewer.",
        "flat",
        essential="stage",
    )
    dense_scope: Literal["all", "candidates"] = _model(
        "Encode all documents, or only positives and what the other retrievers found.", "all"
    )
    memory: str = _machine(
        "Memory that a command may take, such as 800MB or 16GB. Sizes of parts and batches follow from it.",
        "4GB",
        speed=True,
        shared_with=("retrieve", "rerank", "filter", "write"),
        essential=True,
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

    @field_validator("index")
    @classmethod
    def _flat_in_any_case(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("say flat, or a FAISS factory string such as IVF4096,Flat")
        return "flat" if value.lower() == "flat" else value

    @field_validator("devices")
    @classmethod
    def _of_one_kind(cls, value: str | None) -> str | None:
        known = r"cpu(, ?cpu)*|cuda:\d+(, ?cuda:\d+)*"
        if value is not None and not re.fullmatch(known, value):
            raise ValueError("say GPUs, as cuda:0,cuda:1, or processes on the CPU, as cpu,cpu")
        return value and value.replace(" ", "")


class RetrieveSettings(StageSettings):
    """Room 2: how deep each retriever looks."""

    k: int = _retrievers(
        "Hits per query and retriever, not counting known positives.",
        100,
        gt=0,
        le=MOST,
        essential=True,
    )
    nprobe: int | None = _faiss(
        "--index IVF: cells to search. Default: FAISS' own, 1.", gt=0, le=MOST, essential="stage"
    )
    ef_search: int | None = _faiss(
        "--index HNSW: documents kept in mind while searching. Default: FAISS' own.", gt=0, le=MOST
    )
    min_recall: float = _faiss(
        "Gate: exit code 3 if --index finds less than this share of what exact search finds.",
        0.95,
        ge=0,
        le=1,
        essential="stage",
    )

    @property
    def faiss_parameters(self) -> dict[str, int]:
        """What was said of how hard a FAISS index looks, under FAISS' names."""
        asked = {"nprobe": self.nprobe, "efSearch": self.ef_search}
        return {name: value for name, value in asked.items() if value is not None}


class RerankSettings(StageSettings):
    """Room 3: a cross-encoder reads query and document together; off without --rerank-model."""

    rerank_model: str | None = _opinions(
        "Cross-encoder: a folder, a hub name, or your own package.module:factory.",
        essential=True,
    )
    rerank_depth: int | None = _reranker(
        "Score the first N of the fused list (and every positive). Default: all candidates.",
        gt=0,
        essential="stage",
    )
    rerank_prompt: str | None = _reranker(
        "Prompt or instruction for the model. Default: the model's own."
    )
    rerank_activation: Literal["model", "none"] = _reranker(
        "model: scores as the model's activation gives them; none: raw logits.", "model"
    )
    rerank_max_length: int | None = _reranker(
        "Tokens the model reads of a pair. Default: the model's own.", gt=0
    )
    rerank_dtype: Literal["auto", "float32", "bfloat16", "float16"] | None = _reranker(
        "Precision of the model. Default: that of --dtype."
    )
    rerank_batch_size: int = _reranker(
        "Pairs that the model reads at once, counted as for --batch-size.",
        32,
        gt=0,
        speed=True,
        essential="stage",
    )


class FilterSettings(StageSettings):
    """Room 4: the rules that tell negatives from false negatives."""

    score: str | None = _thresholds(
        "Score that thresholds read: a retriever's name, rerank or guide. Default: dense, else bm25.",
        essential="stage",
    )
    unscored: Literal["drop", "keep"] = _thresholds(
        "What becomes of a candidate without the score that a threshold reads.", "drop"
    )
    relative_margin: float | Literal["auto"] | None = _thresholds(
        "Keep a candidate if score <= anchor - |anchor| * margin. The anchor is the query's lowest "
        "positive score. auto: the margin that ten percentile points of the positives' scores come to. "
        "Default: 0.05 if the score is dense and no other margin is set.",
        essential=True,
    )
    no_relative_margin: bool = _thresholds("Apply no relative margin, not even the default.", False)
    absolute_margin: float | None = _thresholds("Keep a candidate if score + margin <= anchor.")
    max_score: float | None = _thresholds("Keep a candidate if its score is at most this.")
    min_score: float | None = _thresholds("Keep a candidate if its score is at least this.")
    max_percentile: float | None = _thresholds(
        "Keep a candidate if its score is at most this percentile of all positives' scores.",
        ge=0,
        le=100,
    )
    skip_top: int = _thresholds(
        "Drop the first N ranks of the fused list.", 0, ge=0, essential="stage"
    )
    near_duplicate: float = _duplicates(
        "Drop a candidate this similar to a positive of the query: cosine of the dense vectors; "
        "without them, Jaccard of word 3-grams.",
        0.95,
        gt=0,
        le=1,
    )
    no_near_duplicate: bool = _duplicates("Do not look for near-duplicates of positives.", False)
    above_positive: float | None = _thresholds(
        "Drop a candidate if its score > anchor + this allowance."
    )
    iqr: float | None = _thresholds(
        "Drop outliers: score > Q3 + this * (Q3 - Q1) of the query's candidates. Usual: 1.5.", ge=0
    )
    max_risk: float | None = _thresholds(
        "Drop a candidate whose learned risk of being relevant is above this (0 to 1). Default: "
        "0.05 with a dense retriever or --max-leak, else off.",
        ge=0,
        le=1,
        essential=True,
    )
    no_risk: bool = _thresholds("Learn no risk, and drop nothing for it.", False, essential="stage")
    risk_weights: Literal["blend", "own", "shipped"] = _risk(
        "Which weights: learned from your data, built into negmine, or both, by how much data there is.",
        "blend",
    )
    max_signal: tuple[str, ...] = _risk(
        "Drop a candidate with a signal above a limit, as positive_similarity=0.8. Repeatable.", ()
    )
    owner_query: float | None = _duplicates(
        "Drop a candidate that is a positive of another query this similar (cosine) to the query.",
        ge=-1,
        le=1,
    )
    same_parent: str | None = _duplicates(
        "Drop a candidate that shares this corpus column (article, thread) with a positive."
    )
    contains_answer: str | None = _duplicates(
        "Drop a candidate whose text has an answer, whole words, from this queries column."
    )
    max_leak: float | None = _thresholds(
        "Choose the mildest --max-risk whose measured leak is at most this; else exit code 3. The leak counts "
        "with the upper end of its interval. With --no-risk, --relative-margin is chosen instead.",
        gt=0,
        lt=1,
        essential=True,
    )
    min_yield: float | None = _thresholds(
        "Gate: exit code 3 if less than this share of the wanted negatives is there.",
        ge=0,
        le=1,
        essential="stage",
    )
    max_dropped: float | None = _gates(
        "Gate: exit code 3 if more than this share of the candidates are dropped.", ge=0, le=1
    )
    guide_model: tuple[str, ...] = _opinions(
        "Bi-encoder that gives a second opinion. Each guide can drop a candidate. Repeatable.",
        (),
        essential=True,
    )
    guide_margin: float = _guides(
        "Drop a candidate that a guide scores above its anchor minus this margin.", 0.0
    )
    guide_margin_type: Literal["relative", "absolute"] = _guides(
        "How --guide-margin is measured: as a share of the anchor, or in the guide's score.",
        "relative",
    )
    guide_query_prompt: tuple[str, ...] = _guides(
        "Text before every query, for guides: one for all, or one for each. Default: the model's own.",
        (),
    )
    guide_document_prompt: tuple[str, ...] = _guides(
        "Text before every document, for guides: one for all, or one for each. Default: the model's own.",
        (),
    )
    guide_max_length: tuple[int, ...] = _guides(
        "Tokens a guide reads: one for all, or one for each. Default: the model's own.", ()
    )
    judge_url: str | None = _opinions(
        "LLM judge: base URL of an OpenAI-compatible endpoint. Example: http://localhost:8000/v1.",
        essential=True,
    )
    judge_model: str | None = _opinions(
        "LLM judge: the model's name at that endpoint.", essential=True
    )
    judge_local: str | None = _opinions(
        "LLM judge on this machine instead: a folder, a hub name, or a .gguf file.",
        essential="stage",
    )
    judge_first: str | None = _judge(
        "verdict: a cheaper model at the same endpoint; the judge then sees only what it flags."
    )
    judge_method: Literal["verdict", "logprob"] = _judge(
        "verdict: several candidates a call, by vote; logprob: one pair a call, by p(Yes).",
        "verdict",
    )
    judge_batch: int = _judge("verdict: candidates in one prompt.", 16, gt=0)
    judge_rounds: int = _judge("verdict: permuted rounds at most.", 5, gt=0)
    judge_vote: Literal["majority", "confidence"] = _judge(
        "verdict: one vote a round, or 0.2 for an unsure one.", "majority"
    )
    judge_beta: float = _judge(
        "logprob: relevant above the lowest positive's score minus this.", 0.01, ge=0, le=1
    )
    judge_scope: Literal["survivors", "all"] = _judge(
        "Ask about survivors of the other rules until there are enough negatives, or about all.",
        "survivors",
    )
    judge_check: int = _judge(
        "Known positives that the judge is tested on first; 0 skips the test.",
        50,
        ge=0,
        essential="stage",
    )
    min_sensitivity: float = _judge(
        "Gate: exit code 3 if the judge calls less than this share of the --judge-check positives relevant, "
        "unless --force.",
        0.8,
        ge=0,
        le=1,
    )
    judge_prompt: Path | None = _judge("Your own prompt, with {query} and {documents} in it.")
    judge_max_tokens: int | None = _judge(
        "Tokens an answer may have. Default: 16 a document and 16 more; logprob: 1.", gt=0
    )
    judge_extra: str | None = _judge(
        "JSON that is added to every call, such as a reasoning effort; null removes a field."
    )
    judge_budget: str | None = _opinions(
        "Most that one command may spend, as 5000, 5000calls or 2000000tokens.", essential="stage"
    )
    judge_concurrency: int = _judge(
        "Queries the judge is asked about at once.", 8, gt=0, speed=True
    )
    judge_timeout: float = _judge("Seconds to wait for a whole answer.", 120.0, gt=0, speed=True)
    judge_retries: int = _judge("Times a failed call is tried again.", 6, ge=0, speed=True)

    @property
    def judge(self) -> str | None:
        """The judge's name, if there is a judge."""
        return self.judge_model or self.judge_local


class WriteSettings(StageSettings):
    """Room 5: what the training files look like."""

    format: str = _output(  # one of stages/write/formats/registry.py, which is a layer above
        "Shape of the training files, as sentence-transformers names them.",
        "triplet",
        essential=True,
    )
    num_negatives: int = _output(
        "Negatives per query.", 5, gt=0, shared_with=("filter",), essential=True
    )
    relabel: bool = _output(
        "Write what the judge calls relevant as further positives (positive_label says so).",
        False,
        essential="stage",
    )
    order: str = _output(
        "Which kept candidates come first: by fused rank, or by a score, named as for --score.",
        "fused",
        shared_with=("filter",),
        essential="stage",
    )
    sampling: Literal["top", "random"] = _output(
        "Take the best-ranked kept candidates, or draw from the first --pool of them.",
        "top",
        shared_with=("filter",),
        essential="stage",
    )
    pool: int = _output(
        "Kept candidates that --sampling random draws from.", 50, gt=0, shared_with=("filter",)
    )
    seed: int = _output("Seed of --sampling random.", 13, ge=0, shared_with=("filter",))
    license: str | None = _card(
        "Licence of the texts, for the data card: the hub's word, such as cc-by-4.0, or any other text.",
        essential="stage",
    )
    language: tuple[str, ...] = _card(
        "Language of the texts, for the data card: a code such as en. Repeatable.",
        (),
        essential="stage",
    )


class Settings(StageSettings):
    """The whole house: one table per room, as in negmine.toml."""

    index: IndexSettings = IndexSettings()
    retrieve: RetrieveSettings = RetrieveSettings()
    rerank: RerankSettings = RerankSettings()
    filter: FilterSettings = FilterSettings()
    write: WriteSettings = WriteSettings()


STAGES: dict[str, type[StageSettings]] = {
    "index": IndexSettings,
    "retrieve": RetrieveSettings,
    "rerank": RerankSettings,
    "filter": FilterSettings,
    "write": WriteSettings,
}
