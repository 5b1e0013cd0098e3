"""The settings as typed keywords of the Python API. docs/generate.py makes this file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict

Table = Any  # a list of dicts, a Polars or pandas DataFrame, an Arrow table, a datasets.Dataset


class SettingsKeywords(TypedDict, total=False):
    """The settings of all stages; `negmine.config.settings` says what each means."""

    data: str | Path | None
    qrels_split: str | None
    corpus: Table | str | Path | None
    queries: Table | str | Path | None
    qrels: Table | str | Path | None
    pairs: Table | str | Path | None
    pairs_format: Literal["auto", "pairs", "triplets", "flagembedding", "tevatron"]
    given_negatives: bool
    query_column: str
    positive_column: str
    direction: Literal["q2d", "d2q"]
    on_error: Literal["stop", "skip"]
    min_relevance: int
    title: bool
    title_separator: str
    retriever: str | Sequence[str]
    retriever_option: str | Sequence[str]
    run: str | Sequence[str]
    neighbour_column: str | None
    neighbour_match: Literal["auto", "same", "nearest"]
    neighbour_latitude: str | None
    neighbour_longitude: str | None
    bm25_engine: Literal["bm25s", "rank-bm25"]
    bm25_variant: Literal["lucene", "robertson", "atire", "bm25l", "bm25+", "okapi"] | None
    bm25_k1: float
    bm25_b: float
    bm25_delta: float
    fold_accents: bool
    analyzer: Literal["words", "none"]
    stemmer: str | None
    language_column: str | None
    model: str | Sequence[str]
    round: int | None
    earlier_model: str | Sequence[str]
    model_url: str | None
    query_model: str | Sequence[str]
    sparse_model: str | None
    query_prompt: str | Sequence[str]
    document_prompt: str | Sequence[str]
    max_length: int | str | Sequence[int | str]
    dimensions: int | str | Sequence[int | str]
    dtype: Literal["auto", "float32", "bfloat16", "float16"]
    similarity: Literal["cosine", "dot"]
    vector_dtype: Literal["float32", "float16", "int8"]
    query_vectors: str | Path | None
    document_vectors: str | Path | None
    vector_id_column: str | None
    vector_column: str | None
    embedding_budget: str | None
    embedding_concurrency: int
    embedding_timeout: float
    embedding_retries: int
    index: str
    dense_scope: Literal["all", "candidates"]
    late_model: str | None
    late_scope: Literal["all", "candidates"]
    late_index: str
    late_vector_dtype: Literal["float32", "float16"]
    memory: str
    shards: str
    verify: Literal["all", "sizes"]
    device: Literal["auto", "cpu", "cuda"]
    devices: str | None
    batch_size: int
    engine: Literal["local", "ray"]
    ray_address: str
    workers: int | None
    gpus: float
    k: int
    candidates: str
    fusion: Literal["rrf", "relative-score"]
    rrf_k: int
    fusion_weight: str | Sequence[str]
    sparse_query_terms: int | None
    late_tokens: int
    nprobe: int | None
    ef_search: int | None
    rescore: int | None
    min_recall: float
    generate_kind: str | Sequence[str]
    generate_url: str | None
    generate_model: str | None
    generate_local: str | None
    generate_for: Literal["queries", "short"]
    share_generated: bool
    generate_count: int
    generate_query_only_prompt: str | Path | None
    generate_contrast_prompt: str | Path | None
    generate_near_topic_prompt: str | Path | None
    generate_max_tokens: int
    generate_extra: str | None
    generate_budget: str | None
    generate_concurrency: int
    generate_timeout: float
    generate_retries: int
    rerank_model: str | None
    rerank_depth: int | None
    rerank_prompt: str | None
    rerank_activation: Literal["model", "none"]
    rerank_max_length: int | None
    rerank_dtype: Literal["auto", "float32", "bfloat16", "float16"] | None
    rerank_batch_size: int
    score: str | None
    unscored: Literal["drop", "keep"]
    relative_margin: float | Literal["auto"] | None
    anchor: float | Literal["min", "mean", "max"]
    no_relative_margin: bool
    absolute_margin: float | None
    strong_rank: int | None
    max_score: float | None
    min_score: float | None
    max_percentile: float | None
    judged_negatives: Literal["first", "allow", "ignore"]
    skip_top: int
    near_duplicate: float
    no_near_duplicate: bool
    above_positive: float | None
    iqr: float | None
    max_risk: float | None
    no_risk: bool
    risk_weights: Literal["blend", "own", "shipped"]
    max_signal: str | Sequence[str]
    owner_query: float | None
    near_positives: int | None
    same_parent: str | None
    contains_answer: str | None
    max_leak: float | None
    min_yield: float | None
    min_hardness: float | None
    max_dropped: float | None
    guide_model: str | Sequence[str]
    guide_margin: float
    guide_margin_type: Literal["relative", "absolute"]
    guide_query_prompt: str | Sequence[str]
    guide_document_prompt: str | Sequence[str]
    guide_max_length: int | Sequence[int]
    judge_url: str | None
    judge_model: str | None
    judge_local: str | None
    judge_first: str | None
    judge_method: Literal["verdict", "logprob"]
    judge_batch: int
    judge_rounds: int
    judge_vote: Literal["majority", "confidence"]
    judge_beta: float
    judge_scope: Literal["survivors", "all"]
    judge_check: int
    min_sensitivity: float
    judge_prompt: str | Path | None
    judge_max_tokens: int | None
    judge_extra: str | None
    judge_budget: str | None
    judge_concurrency: int
    judge_timeout: float
    judge_retries: int
    suspect_share: float | None
    suspect_deviations: float | None
    suspect_neighbours: int | None
    suspect_reference: Literal["known", "judged"]
    judge_suspects: bool
    decontaminate: str | Path | Sequence[str | Path]
    drop_contaminated: Literal["queries", "rows", "none"]
    eval_split: str | None
    eval_documents: Literal["relevant", "all", "none"]
    eval_test: str | Sequence[str]
    eval_ngrams: float
    eval_span: float
    eval_similarity: float
    format: str | Sequence[str]
    num_negatives: int
    teacher: str | None
    instruction: str | None
    instruction_column: str | None
    relabel: bool
    order: str
    sampling: Literal[
        "top",
        "random",
        "softmax",
        "top1-random",
        "cyclic",
        "band",
        "margin-bins",
        "diverse",
        "one-per-retriever",
        "round-robin",
    ]
    pool: int
    seed: int
    temperature: float
    step: int
    band: str
    bins: int
    diversity: float
    per: Literal["query", "positive"]
    positives: Literal["all", "best", "sample"]
    drop_positives: Literal["none", "suspected"]
    max_reuse: int | None
    keep_share: float
    include: Literal["generated"] | None
    max_generated: int
    random_negatives: int
    random_shared: int
    weight: Literal["none", "risk", "margin", "propensity"]
    level: bool
    license: str | None
    language: str | Sequence[str]


class LintKeywords(TypedDict, total=False):
    """The settings of `negmine.lint`; `negmine.analysis.lint.settings` says what each means."""

    query_column: str | None
    positive_column: str | None
    negative_column: str | Sequence[str]
    label_threshold: float | None
    on_error: Literal["stop", "skip"]
    corpus: str | Path | None
    queries: str | Path | None
    qrels: str | Path | None
    min_relevance: int
    near_duplicate: float
    hub_share: float
    length_auc: float
    tells_auc: float
    guide_model: str | Sequence[str]
    guide_query_prompt: str | Sequence[str]
    guide_document_prompt: str | Sequence[str]
    device: Literal["auto", "cpu", "cuda"]
    vector_store: str | Path | None
    train_batch_size: int | None
    batches: int | Sequence[int]
    fail_on: str | Sequence[str]
    rows: int
    findings: str | Path | None


class ProveKeywords(TypedDict, total=False):
    """The settings of `negmine.prove`; `negmine.analysis.prove.settings` says what each means."""

    student: str | None
    leave_out: str | Sequence[str]
    against: str
    holdout: float
    split_seed: int
    allow_few: bool
    seeds: int
    loss: Literal["mnrl", "cached-mnrl"]
    epochs: float
    max_steps: int | None
    learning_rate: float | None
    train_batch_size: int | None
    max_length: int | None
    device: Literal["auto", "cpu", "cuda"]
    max_minutes: float | None


class BatchKeywords(TypedDict, total=False):
    """The settings of `negmine.batch`; `negmine.stages.batch.settings` says what each means."""

    batch_size: int
    by: Literal["cluster", "neighbour", "owner", "source", "random"]
    source: str | None
    cluster_size: int | None
    layout: Literal["rows", "files"]
    seed: int
    near_copy: float


class QueryKeywords(TypedDict, total=False):
    """The settings of `negmine.generate_queries`; `negmine.analysis.queries.settings` says what each means."""

    documents: int
    found_within: int
    per_document: int
    seed: int
    prompt: str | Path | None
    generate_url: str | None
    generate_model: str | None
    generate_local: str | None
    generate_max_tokens: int
    generate_extra: str | None
    generate_budget: str | None
    generate_concurrency: int
    generate_timeout: float
    generate_retries: int
