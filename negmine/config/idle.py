"""Flags that nothing reads under the settings in force: they are refused, not ignored."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from negmine.config.naming import flag
from negmine.config.pairs_formats import FLAGEMBEDDING, TEVATRON
from negmine.config.resolved import ResolvedConfig
from negmine.config.sampling import SETTINGS as SAMPLING_SETTINGS
from negmine.config.sampling import idle_settings
from negmine.config.settings import STAGES
from negmine.config.settings.index import FLAT
from negmine.errors import SettingsError


class Family(NamedTuple):
    """Settings of one thing, by the beginning of their names.

    stage: theirs. is_on: is there the thing that reads them? remedy: the flags that turn it on.
    """

    stage: str
    beginnings: tuple[str, ...]
    is_on: Callable[[ResolvedConfig], bool]
    remedy: str


def _compares_all_tokens(config: ResolvedConfig) -> bool:
    return "late" in config.index.retriever and config.index.late_scope == "all"


FAMILIES = (
    Family(
        "index", ("pairs_format",), lambda config: config.index.pairs is not None, "--pairs",
    ),
    Family(
        "index", ("query_column", "positive_column"),
        lambda config: config.index.pairs_format not in (FLAGEMBEDDING, TEVATRON),
        "--pairs-format pairs or triplets",
    ),
    Family(
        "index", ("bm25_", "stemmer", "fold_accents", "analyzer", "language_column"),
        lambda config: "bm25" in config.index.retriever, "--retriever bm25",
    ),
    Family(
        "index", ("ray_address", "workers", "gpus"),
        lambda config: config.index.engine == "ray", "--engine ray",
    ),
    Family("retrieve", ("rrf_k",), lambda config: config.retrieve.fusion == "rrf", "--fusion rrf"),
    Family(
        "index", ("vector_id_column", "vector_column"),
        lambda config: config.index.document_vectors is not None,
        "--query-vectors and --document-vectors",
    ),
    Family(
        "index", ("embedding_",), lambda config: config.index.model_url is not None, "--model-url",
    ),
    Family(
        "index", ("query_model", "dimensions", "max_length", "query_prompt", "document_prompt"),
        lambda config: "dense" in config.index.retriever and config.index.document_vectors is None,
        "--retriever dense with a --model, without vectors of your own",
    ),
    Family(
        "index", ("vector_dtype",), lambda config: "dense" in config.index.retriever, "--retriever dense"
    ),
    *(
        Family(stage, ("sparse_",), lambda config: "sparse" in config.index.retriever, "--retriever sparse")
        for stage in ("index", "retrieve")
    ),
    Family(
        "index", ("late_model", "late_scope"),
        lambda config: "late" in config.index.retriever, "--retriever late",
    ),
    Family(
        "index", ("late_index",), _compares_all_tokens,
        "--retriever late and --late-scope all",
    ),
    Family(
        "retrieve", ("late_tokens",),
        lambda config: _compares_all_tokens(config) and config.index.late_index != FLAT,
        "--late-index ivf",
    ),
    Family(
        "index", ("late_vector_dtype",),
        lambda config: "late" in config.index.retriever or config.rerank.rerank_model is not None,
        "--retriever late, or a late-interaction model as --rerank-model",
    ),
    Family(
        "rerank", ("rerank_",), lambda config: config.rerank.rerank_model is not None, "--rerank-model"
    ),
    Family(
        "generate", ("generate_", "share_generated"), lambda config: config.generates, "--generate-kind"
    ),
    Family("write", ("include",), lambda config: config.generates, "--generate-kind"),
    Family(
        "write", ("max_generated",), lambda config: config.write.include is not None,
        "--include generated",
    ),
    Family("write", ("keep_share",), lambda config: config.round > 1, "--round, 2 or more"),
    Family(
        "filter", ("strong_rank",),
        lambda config: config.filter.relative_margin is not None or config.filter.absolute_margin is not None,
        "--relative-margin or --absolute-margin",
    ),
    Family("filter", ("guide_",), lambda config: bool(config.guides), "--guide-model"),
    Family(
        "filter", ("judge_", "min_sensitivity"), lambda config: config.filter.judge is not None,
        "--judge-url and --judge-model, or --judge-local",
    ),
    Family(
        "filter", ("judge_suspects",), lambda config: bool(config.filter.suspects),
        "--suspect-share, --suspect-deviations or --suspect-neighbours",
    ),
    Family(
        "filter", ("suspect_reference",),
        lambda config: bool(config.filter.suspect_neighbours or config.filter.near_positives),
        "--suspect-neighbours or --near-positives",
    ),
)  # fmt: skip


def refuse_idle(config: ResolvedConfig) -> None:
    """Refuse a flag that nothing reads; a flag that gives the default, and a seed, may be there.

    What a file or a work directory says may wait for the thing that reads it. Raises SettingsError.
    """
    sampling = f" under --sampling {config.write.sampling}"
    for name, remedy in sorted(_idle_of_sampling(config).items()):
        _refuse(config, "write", name, remedy, sampling)
    for family in FAMILIES:
        if not family.is_on(config):
            for name in STAGES[family.stage].model_fields:
                if name.startswith(family.beginnings):
                    _refuse(config, family.stage, name, family.remedy)


def _idle_of_sampling(config: ResolvedConfig) -> dict[str, str]:
    """Return the settings that the selection in force does not read, each with the flags that would."""
    remedies = {
        name: " or ".join(
            f"--sampling {way}" for way, names in SAMPLING_SETTINGS.items() if name in names
        )
        for name in idle_settings(config.write) - {"seed"}
    }
    if not config.write.random_negatives:
        remedies["random_shared"] = "--random-negatives"
    return remedies


def _refuse(config: ResolvedConfig, stage: str, name: str, remedy: str, where: str = "") -> None:
    value = getattr(getattr(config, stage), name)
    is_default = value == STAGES[stage].model_fields[name].default
    if config.origins.get(name) == "flag" and not is_default:
        raise SettingsError(
            f"{flag(name)}: nothing reads it{where}. Leave it out, or give {remedy}."
        )
