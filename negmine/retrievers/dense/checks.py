"""Settings of the dense retriever that cannot work together, or without it."""

from __future__ import annotations

from negmine.config.dense import NAME, dense_models
from negmine.config.naming import flag
from negmine.config.resolved import ResolvedConfig
from negmine.config.settings import IndexSettings
from negmine.errors import SettingsError
from negmine.retrievers.dense.approximate import FLAT


def check(config: ResolvedConfig) -> None:
    """Raise SettingsError, also where the retriever is not in use but its settings are given."""
    index = config.index
    in_use = NAME in index.retriever
    dense_models(index)
    _check_vectors(config.given.index, in_use)
    if index.dense_scope == "candidates":
        _check_scope(index, in_use)
    encodes = (in_use and index.document_vectors is None) or {"late", "sparse"} & set(
        index.retriever
    )
    if index.devices is not None and not encodes and not config.filter.guide_model:
        raise SettingsError(
            f"--devices {index.devices}: nothing is encoded here. Leave it out, or add --retriever dense."
        )
    if index.index != FLAT and not in_use:
        raise SettingsError(
            f"--index {index.index} is for the dense retriever. Add --retriever dense."
        )
    for field in ("nprobe", "ef_search"):
        if getattr(config.retrieve, field) is not None and index.index == FLAT:
            raise SettingsError(
                f"{flag(field)}: --index flat looks at every vector. Name an index that it is for."
            )


def _check_vectors(index: IndexSettings, in_use: bool) -> None:
    if (index.query_vectors is None) != (index.document_vectors is None):
        raise SettingsError(
            "--query-vectors and --document-vectors go together. Give both or none."
        )
    if index.query_vectors and not in_use:
        raise SettingsError("--query-vectors are for the dense retriever. Add --retriever dense.")
    if index.query_vectors and "model" in index.model_fields_set:
        raise SettingsError(
            f"--model {', '.join(index.model)}: with your own vectors no model is used. Leave one of them out."
        )


def _check_scope(index: IndexSettings, in_use: bool) -> None:
    if (set(index.retriever) <= {NAME} and not index.run) or index.document_vectors is not None:
        raise SettingsError(
            "--dense-scope candidates encodes what another retriever finds. Name one beside dense, and bring "
            "no vectors along."
        )
    if not in_use:
        raise SettingsError(
            "--dense-scope candidates is for the dense retriever. Add --retriever dense."
        )
