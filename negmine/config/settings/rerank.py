"""The settings of stage 3, rerank: the cross-encoder."""

from __future__ import annotations

from functools import partial
from typing import Literal

from negmine.config.table import StageSettings, setting

# The groups under which help, docs and `negmine settings` show these settings.
_opinions = partial(setting, group="Second opinions")
_reranker = partial(setting, group="Reranker")


class RerankSettings(StageSettings):
    """A cross-encoder reads query and document together; off without --rerank-model."""

    rerank_model: str | None = _opinions(
        "Cross-encoder or late-interaction model: a folder or hub name. Or a registered name, or your own "
        "package.module:factory.",
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
        "Pairs of 64 tokens (GPU: 512) that the model reads at once, as --batch-size.",
        32,
        gt=0,
        speed=True,
        essential="stage",
    )
