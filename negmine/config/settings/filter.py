"""The settings of stage 4, filter: rules, risk, guides and the judge."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Literal

from negmine.config.table import StageSettings, setting

# The groups under which help, docs and `negmine settings` show these settings.
_thresholds = partial(setting, group="Thresholds")
_duplicates = partial(setting, group="Duplicates, parents, answers")
_risk = partial(setting, group="Risk")
_gates = partial(setting, group="Gates")
_opinions = partial(setting, group="Second opinions")
_guides = partial(setting, group="Guides")
_judge = partial(setting, group="Judge")
_decontaminate = partial(setting, group="Decontamination")
_suspects = partial(setting, group="Suspected positives")

EVAL_TESTS = ("exact", "ngrams", "span", "vectors")
SUSPECT_TESTS = ("suspect_share", "suspect_deviations", "suspect_neighbours")


class FilterSettings(StageSettings):
    """The rules that tell negatives from false negatives."""

    score: str | None = _thresholds(
        "Score that thresholds read: a retriever's name, rerank or guide. Default: dense, else the first "
        "retriever.",
        essential="stage",
    )
    unscored: Literal["drop", "keep"] = _thresholds(
        "What becomes of a candidate without the score that a threshold reads.", "drop"
    )
    relative_margin: float | Literal["auto"] | None = _thresholds(
        "Keep a candidate if score <= anchor - |anchor| * margin. The anchor is the query's lowest "
        "positive score, or what --anchor says. auto: (median - 40th percentile) / |median| of the known "
        "positives' scores. "
        "Default: 0.05 if the score is dense and no other margin is set.",
        essential=True,
    )
    anchor: float | Literal["min", "mean", "max"] = _thresholds(
        "Which of a query's positive scores margins are measured from: the lowest (min), the highest (max), "
        "their mean, or a quantile of them, from 0 to 1. With many positives, the lowest may lie far down, and "
        "leave only easy candidates.",
        "min",
    )
    no_relative_margin: bool = _thresholds("Apply no relative margin, not even the default.", False)
    absolute_margin: float | None = _thresholds("Keep a candidate if score + margin <= anchor.")
    strong_rank: int | None = _thresholds(
        "Margins do not count for a query whose anchor ranks at least this well by the score, such as 10: "
        "where the positive is strong, candidates near to it teach most.",
        gt=0,
    )
    max_score: float | None = _thresholds("Keep a candidate if its score is at most this.")
    min_score: float | None = _thresholds("Keep a candidate if its score is at least this.")
    max_percentile: float | None = _thresholds(
        "Keep a candidate if its score is at most this percentile of all positives' scores.",
        ge=0,
        le=100,
    )
    judged_negatives: Literal["first", "allow", "ignore"] = _opinions(
        "What becomes of documents that people judged not relevant. first: rules that only suspect do not drop "
        "them, and they are taken before other negatives. allow: such rules do not drop them. ignore: they are "
        "treated like documents that nobody judged.",
        "first",
        shared_with=("write",),
        essential="stage",
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
        "Weights. own: learned from your data. shipped: built in. blend: both; own count more, the more data.",
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
    near_positives: int | None = _risk(
        "Drop a candidate if, by stored vectors, so many nearest positive pairs of other queries are nearer to "
        "it than as many negative pairs, such as 10. --suspect-reference says which pairs.",
        gt=0,
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
    min_hardness: float | None = _gates(
        "Gate: exit code 3 if the hardness of the negatives to write is below this: the sum of their scores / "
        "the sum of their anchors.",
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
        "verdict: a cheaper model at the same endpoint; the judge sees only what it does not clear."
    )
    judge_method: Literal["verdict", "logprob"] = _judge(
        "verdict: several candidates a call, by vote; logprob: one pair a call, by p(Yes).",
        "verdict",
    )
    judge_batch: int = _judge("verdict: candidates in one prompt.", 16, gt=0)
    judge_rounds: int = _judge("verdict: most rounds of voting, each in another order.", 5, gt=0)
    judge_vote: Literal["majority", "confidence"] = _judge(
        "verdict: each round counts 1; with confidence, an unsure one 0.2.", "majority"
    )
    judge_beta: float = _judge(
        "logprob: relevant if p(Yes) > the positives' lowest p(Yes) minus this.", 0.01, ge=0, le=1
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
    judge_prompt: Path | None = _judge(
        "Your own prompt, with {query} and {documents} in it.", remote=True
    )
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
        "Queries that the judge answers for at the same time.", 8, gt=0, le=10_000, speed=True
    )
    judge_timeout: float = _judge("Seconds to wait for a whole answer.", 120.0, gt=0, speed=True)
    judge_retries: int = _judge("Times a failed call is tried again.", 6, ge=0, speed=True)

    suspect_share: float | None = _suspects(
        "Suspect a positive that every score puts below this share of its query's candidates, such as 0.75.",
        gt=0,
        le=1,
    )
    suspect_deviations: float | None = _suspects(
        "Suspect a positive whose scores all lie this many standard deviations (robust ones) below the median "
        "of all positives, such as 1.",
        gt=0,
    )
    suspect_neighbours: int | None = _suspects(
        "Suspect a positive if, by stored vectors, so many nearest negative pairs of other queries are nearer "
        "to it than as many positive pairs, such as 10.",
        gt=0,
    )
    suspect_reference: Literal["known", "judged"] = _suspects(
        "The pairs that --suspect-neighbours and --near-positives go by. known: all known positives, and "
        "candidates. judged: what people have labelled, and for suspects what the judge has answered.",
        "known",
    )
    judge_suspects: bool = _suspects(
        "Ask the LLM judge about suspected positives; one that it calls relevant is not suspected any more.",
        False,
    )
    decontaminate: tuple[Path, ...] = _decontaminate(
        "Evaluation set that training texts must not be in: a BEIR folder, a work directory, or a file of "
        "queries or documents. What --drop-contaminated says is dropped. Repeatable.",
        (),
        remote=True,
        dataset=True,
    )
    drop_contaminated: Literal["queries", "rows", "none"] = _decontaminate(
        "queries: drop a query that is contaminated, or has a contaminated positive, with all its rows. rows: "
        "drop what is contaminated itself: queries, positives and negatives. none: only count.",
        "queries",
    )
    eval_split: str | None = _decontaminate(
        "Split of a BEIR folder that the evaluation uses: qrels/SPLIT.tsv. Default: test, else the only one."
    )
    eval_documents: Literal["relevant", "all", "none"] = _decontaminate(
        "Documents of an evaluation set that are compared: those with a relevance above 0 in its qrels, all, "
        "or none. A file of documents, and a folder without qrels, has them all compared.",
        "relevant",
    )
    eval_test: tuple[str, ...] = _decontaminate(
        "Test that tells a contaminated text: exact (the same text), ngrams (shared n-grams), span (the "
        "longest copied span) or vectors (the cosine of stored vectors). Repeatable.",
        EVAL_TESTS,
    )
    eval_ngrams: float = _decontaminate(
        "Share of an evaluation text's word 13-grams (8-grams below 13 words) that makes a training text that "
        "has them contaminated; or the share of the training text's, the other way round.",
        0.5,
        gt=0,
        le=1,
    )
    eval_span: float = _decontaminate(
        "Share of an evaluation text's words in the longest span copied word by word, of 8 words or more, that "
        "makes a training text that has it contaminated.",
        0.5,
        gt=0,
        le=1,
    )
    eval_similarity: float = _decontaminate(
        "Cosine from which two texts of the same kind are near-duplicates, where the evaluation set is a work "
        "directory with vectors of the same model.",
        0.95,
        gt=0,
        le=1,
    )

    @property
    def suspects(self) -> tuple[str, ...]:
        """The tests of positives that are on, by their settings."""
        return tuple(name for name in SUSPECT_TESTS if getattr(self, name) is not None)

    @property
    def judge(self) -> str | None:
        """The judge's name, if there is a judge."""
        return self.judge_model or self.judge_local
