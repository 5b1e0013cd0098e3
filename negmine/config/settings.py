"""Every setting of every room: the one source of flags, TOML keys, manifest entries and docs.

A field's name is its flag and its TOML key (`relative_margin` is `--relative-margin` and
`relative-margin`). A field marked `speed` changes no row and so belongs to no artifact's identity.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import field_validator

from negmine.config.table import SPEED, StageSettings
from negmine.config.table import setting as _setting

MOST = 10_000_000  # of what is counted in a search: beyond it numbers wrap around somewhere


class IndexSettings(StageSettings):
    """Room 1: where the data is, how it is read, and how the retrievers index it."""

    data: Path | None = _setting(
        "BEIR folder: corpus.jsonl, queries.jsonl and qrels/<split>.tsv, each plain or .gz."
    )
    qrels_split: str | None = _setting(
        "Which qrels/<split>.tsv of --data. Without it: train, else the only one."
    )
    corpus: Path | None = _setting("Documents: jsonl, csv, tsv or Parquet, plain or .gz.")
    queries: Path | None = _setting("Queries: jsonl, csv, tsv or Parquet, plain or .gz.")
    qrels: Path | None = _setting("Relevance: tsv, csv, jsonl, Parquet or TREC qrels.")
    pairs: Path | None = _setting("(query, positive) text pairs: jsonl, csv, tsv or Parquet.")
    query_column: str = _setting("Column of --pairs that holds the query.", "anchor")
    positive_column: str = _setting("Column of --pairs that holds the positive.", "positive")
    on_error: Literal["stop", "skip"] = _setting(
        "Bad rows: stop and show them, or skip and count them where that is safe.", "stop"
    )
    min_relevance: int = _setting(
        "Relevance in qrels from which a document is a positive; 0 or less is a judged negative.",
        1,
        ge=1,
    )
    title: bool = _setting("Put a document's title before its text.", True)
    title_separator: str = _setting("What stands between title and text.", " ")
    retriever: tuple[str, ...] = _setting(
        "bm25, dense, or package.module:factory for your own. Repeatable.", ("bm25", "dense")
    )
    retriever_option: tuple[str, ...] = _setting(
        "Option of your own retriever, as NAME.KEY=VALUE. Repeatable.", ()
    )
    bm25_engine: Literal["bm25s", "rank-bm25"] = _setting(
        "bm25s is fast; rank-bm25 is the slow reference (variant okapi only).", "bm25s"
    )
    bm25_variant: Literal["lucene", "robertson", "atire", "bm25l", "bm25+", "okapi"] | None = (
        _setting(
            "BM25 formula. okapi is rank-bm25's. Default: lucene, or okapi for the rank-bm25 engine."
        )
    )
    bm25_k1: float = _setting("BM25: how soon a repeated term saturates.", 1.5, ge=0)
    bm25_b: float = _setting("BM25: how much long documents are held back.", 0.75, ge=0, le=1)
    bm25_delta: float = _setting("BM25: the delta of bm25l and bm25+.", 0.5, ge=0)
    fold_accents: bool = _setting("BM25: read é as e, in Latin, Greek and Cyrillic letters.", True)
    stemmer: str | None = _setting("Snowball stemmer for BM25, such as english.")
    model: str = _setting(
        "Sentence-transformers model: a folder, a hub name, or the default.", "all-MiniLM-L6-v2"
    )
    query_prompt: str | None = _setting("Text before every query. Default: the model's own.")
    document_prompt: str | None = _setting("Text before every document. Default: the model's own.")
    max_length: int | None = _setting("Tokens the model reads. Default: the model's own.", gt=0)
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = _setting(
        "Precision of the model. auto: bfloat16 or float16 where the machine is fast at it.",
        "float32",
    )
    vector_dtype: Literal["float32", "float16"] = _setting(
        "Precision of vectors on disk.", "float32"
    )
    query_vectors: Path | None = _setting(
        "Your own query vectors (.npy), in the row order of the source file."
    )
    document_vectors: Path | None = _setting(
        "Your own document vectors (.npy), in the row order of the source file."
    )
    index: str = _setting(
        "flat looks at every vector; a FAISS factory string, as IVF4096,Flat or HNSW32, at fewer.",
        "flat",
    )
    dense_scope: Literal["all", "candidates"] = _setting(
        "Encode all documents, or only those that the other retrievers found, and positives.", "all"
    )
    memory: str = _setting(
        "Memory that a command may take, as 800MB or 16GB: sizes of parts and blocks follow from it.",
        "4GB",
        **SPEED,
    )
    device: Literal["auto", "cpu", "cuda"] = _setting("Where models run.", "auto", **SPEED)
    devices: str | None = _setting(
        "Encode in several processes, one for each device named: cuda:0,cuda:1 or cpu,cpu. "
        "Instead of --device.",
        **SPEED,
    )
    batch_size: int = _setting(
        "How much an encoder reads at once, in texts of 64 tokens (on a GPU: of 512); of shorter "
        "texts more, of longer ones fewer.",
        32,
        gt=0,
        **SPEED,
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

    k: int = _setting(
        "Depth per retriever: so many hits that are not known positives of the query.",
        100,
        gt=0,
        le=MOST,
    )
    nprobe: int | None = _setting(
        "--index IVF: cells to look into. Default: FAISS' own, 1.", gt=0, le=MOST
    )
    ef_search: int | None = _setting(
        "--index HNSW: length of the list while searching. Default: FAISS' own.", gt=0, le=MOST
    )
    min_recall: float = _setting(
        "Gate: exit code 3 if --index finds less than this share of what exact search finds.",
        0.95,
        ge=0,
        le=1,
    )

    @property
    def faiss_parameters(self) -> dict[str, int]:
        """What was said of how hard a FAISS index looks, under FAISS' names."""
        asked = {"nprobe": self.nprobe, "efSearch": self.ef_search}
        return {name: value for name, value in asked.items() if value is not None}


class RerankSettings(StageSettings):
    """Room 3: a cross-encoder reads query and document together; off without --rerank-model."""

    rerank_model: str | None = _setting(
        "Cross-encoder: a folder, a hub name, or package.module:factory for your own scorer."
    )
    rerank_depth: int | None = _setting(
        "Score the first N of the fused list (and every positive). Default: all candidates.", gt=0
    )
    rerank_prompt: str | None = _setting(
        "Prompt or instruction for the model. Default: the model's own."
    )
    rerank_activation: Literal["model", "none"] = _setting(
        "model: scores as the model's activation gives them; none: raw logits.", "model"
    )
    rerank_max_length: int | None = _setting(
        "Tokens the model reads of a pair. Default: the model's own.", gt=0
    )
    rerank_dtype: Literal["auto", "float32", "bfloat16", "float16"] | None = _setting(
        "Precision of the model. Default: that of --dtype."
    )
    rerank_batch_size: int = _setting(
        "How much the model reads at once, in pairs; counted as --batch-size.", 32, gt=0, **SPEED
    )


class FilterSettings(StageSettings):
    """Room 4: the rules that tell negatives from false negatives."""

    score: str | None = _setting(
        "Score that thresholds read: a retriever's name, rerank or guide. Default: dense, else bm25."
    )
    unscored: Literal["drop", "keep"] = _setting(
        "What becomes of a candidate without the score that a threshold reads.", "drop"
    )
    relative_margin: float | Literal["auto"] | None = _setting(
        "Keep a candidate if score <= anchor - |anchor| * margin; the anchor is the query's lowest "
        "positive score. auto: what ten percentile points of the positives' scores come to. "
        "Default: 0.05 if the score is dense and no other margin is set."
    )
    no_relative_margin: bool = _setting("Apply no relative margin, not even the default.", False)
    absolute_margin: float | None = _setting("Keep a candidate if score + margin <= anchor.")
    max_score: float | None = _setting("Keep a candidate if its score is at most this.")
    min_score: float | None = _setting("Keep a candidate if its score is at least this.")
    max_percentile: float | None = _setting(
        "Keep a candidate if its score is at most this percentile of all positives' scores.",
        ge=0,
        le=100,
    )
    skip_top: int = _setting("Drop the first N ranks of the fused list.", 0, ge=0)
    near_duplicate: float = _setting(
        "Drop a candidate this similar to a positive of the query: cosine of the dense vectors; "
        "without them, Jaccard of word 3-grams.",
        0.95,
        gt=0,
        le=1,
    )
    no_near_duplicate: bool = _setting("Do not look for near-duplicates of positives.", False)
    above_positive: float | None = _setting(
        "Drop a candidate if its score > anchor + this allowance."
    )
    iqr: float | None = _setting(
        "Drop outliers: score > Q3 + this * (Q3 - Q1) of the query's candidates. Usual: 1.5.", ge=0
    )
    max_risk: float | None = _setting(
        "Drop a candidate whose learned risk of being relevant is above this (0 to 1). Default: "
        "0.05 with a dense retriever; without one it is off until you set it, or --max-leak.",
        ge=0,
        le=1,
    )
    no_risk: bool = _setting("Learn no risk, and drop nothing for it.", False)
    risk_weights: Literal["blend", "own", "shipped"] = _setting(
        "Whose weights: learned here, shipped with negmine, or both by evidence.", "blend"
    )
    max_signal: tuple[str, ...] = _setting(
        "Drop a candidate with a signal above a limit, as positive_similarity=0.8. Repeatable.", ()
    )
    owner_query: float | None = _setting(
        "Drop a candidate that is a positive of another query this similar (cosine) to the query.",
        ge=-1,
        le=1,
    )
    same_parent: str | None = _setting(
        "Drop a candidate that shares this corpus column (article, thread) with a positive."
    )
    contains_answer: str | None = _setting(
        "Drop a candidate whose text has an answer, whole words, from this queries column."
    )
    max_leak: float | None = _setting(
        "Budget: choose the mildest --max-risk (without risk: --relative-margin) whose measured leak, "
        "upper end of its interval, is at most this; else exit code 3.",
        gt=0,
        lt=1,
    )
    min_yield: float | None = _setting(
        "Gate: exit code 3 if fewer than this share of the negatives asked for are there.",
        ge=0,
        le=1,
    )
    max_dropped: float | None = _setting(
        "Gate: exit code 3 if more than this share of the candidates are dropped.", ge=0, le=1
    )
    guide_model: tuple[str, ...] = _setting(
        "Bi-encoder that gives a second opinion. Repeatable: each has its say.", ()
    )
    guide_margin: float = _setting(
        "Suspect a candidate that a guide scores above its anchor less this margin.", 0.0
    )
    guide_margin_type: Literal["relative", "absolute"] = _setting(
        "How --guide-margin is meant.", "relative"
    )
    guide_query_prompt: tuple[str, ...] = _setting(
        "Text before every query, for guides: one for all, or one for each. Default: the model's own.",
        (),
    )
    guide_document_prompt: tuple[str, ...] = _setting(
        "Text before every document, for guides: one for all, or one for each. Default: the model's own.",
        (),
    )
    guide_max_length: tuple[int, ...] = _setting(
        "Tokens a guide reads: one for all, or one for each. Default: the model's own.", ()
    )
    judge_url: str | None = _setting(
        "LLM judge: base URL of an OpenAI-compatible endpoint, such as http://localhost:8000/v1."
    )
    judge_model: str | None = _setting("LLM judge: the model's name at that endpoint.")
    judge_local: str | None = _setting(
        "LLM judge on this machine instead: a folder, a hub name, or a .gguf file."
    )
    judge_first: str | None = _setting(
        "verdict: a cheaper model at the same endpoint; the judge then sees only what it flags."
    )
    judge_method: Literal["verdict", "logprob"] = _setting(
        "verdict: several candidates a call, by vote; logprob: one pair a call, by p(Yes).",
        "verdict",
    )
    judge_batch: int = _setting("verdict: candidates in one prompt.", 16, gt=0)
    judge_rounds: int = _setting("verdict: permuted rounds at most.", 5, gt=0)
    judge_vote: Literal["majority", "confidence"] = _setting(
        "verdict: one vote a round, or 0.2 for an unsure one.", "majority"
    )
    judge_beta: float = _setting(
        "logprob: relevant above the lowest positive's score less this.", 0.01, ge=0, le=1
    )
    judge_scope: Literal["survivors", "all"] = _setting(
        "Ask about survivors of the other rules until there are enough negatives, or about all.",
        "survivors",
    )
    judge_check: int = _setting(
        "Known positives that the judge is tried on before it is believed; 0 tries none.", 50, ge=0
    )
    min_sensitivity: float = _setting(
        "Share of them that the judge must call relevant; else exit code 3, unless --force.",
        0.8,
        ge=0,
        le=1,
    )
    judge_prompt: Path | None = _setting("Your own prompt, with {query} and {documents} in it.")
    judge_max_tokens: int | None = _setting(
        "Tokens an answer may have. Default: 16 a document and 16 more; logprob: 1.", gt=0
    )
    judge_extra: str | None = _setting(
        "JSON that is added to every call, such as a reasoning effort; null removes a field."
    )
    judge_budget: str | None = _setting(
        "Most that one command may spend: 5000, or 5000calls, or 2000000tokens."
    )
    judge_concurrency: int = _setting("Queries the judge is asked about at once.", 8, gt=0, **SPEED)
    judge_timeout: float = _setting("Seconds to wait for a whole answer.", 120.0, gt=0, **SPEED)
    judge_retries: int = _setting("Times a failed call is tried again.", 6, ge=0, **SPEED)

    @property
    def judge(self) -> str | None:
        """The judge's name, if there is a judge."""
        return self.judge_model or self.judge_local


class WriteSettings(StageSettings):
    """Room 5: what the training files look like."""

    format: str = _setting(  # one of stages/write/formats/registry.py, which is a layer above
        "Shape of the training files, as sentence-transformers names them.", "triplet"
    )
    num_negatives: int = _setting("Negatives per query.", 5, gt=0)
    relabel: bool = _setting(
        "Write what the judge calls relevant as further positives (positive_label says so).", False
    )
    order: str = _setting(
        "Which survivors come first: by fused rank, or by a score, as --score names it.", "fused"
    )
    sampling: Literal["top", "random"] = _setting(
        "Take the best-ranked survivors, or draw from the first --pool of them.", "top"
    )
    pool: int = _setting("Survivors that --sampling random draws from.", 50, gt=0)
    seed: int = _setting("Seed of --sampling random.", 13, ge=0)
    license: str | None = _setting(
        "Licence of the texts, for the data card: the hub's word, such as cc-by-4.0, or any other text."
    )
    language: tuple[str, ...] = _setting(
        "Language of the texts, for the data card: a code such as en. Repeatable.", ()
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
