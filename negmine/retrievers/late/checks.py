"""Settings of the late retriever that cannot work together, or without it."""

from __future__ import annotations

from negmine.config.resolved import ResolvedConfig
from negmine.config.settings import IndexSettings
from negmine.errors import SettingsError
from negmine.models.locate import resolve_device
from negmine.retrievers.late.names import NAME

READ_OTHERS = {NAME, "dense"}  # with --late-scope, --dense-scope candidates


def check(config: ResolvedConfig) -> None:
    """Raise SettingsError, also where the retriever is not in use but its settings are given."""
    index, in_use = config.index, NAME in config.index.retriever
    if in_use and index.late_model is None:
        raise SettingsError(
            "--retriever late needs a late-interaction model. Name a folder or a hub name: --late-model."
        )
    for flag, is_given in (
        (f"--late-model {index.late_model}", index.late_model is not None),
        ("--late-scope all", index.late_scope == "all"),
        (
            f"--late-vector-dtype {index.late_vector_dtype}",
            "late_vector_dtype" in index.model_fields_set and config.rerank.rerank_model is None,
        ),
    ):
        if is_given and not in_use:
            raise SettingsError(f"{flag} is for the late retriever. Add --retriever late.")
    if in_use:
        _check_scopes(index)


def _check_scopes(index: IndexSettings) -> None:
    if index.late_scope == "candidates" and set(index.retriever) <= {NAME}:
        raise SettingsError(
            "--late-scope candidates compares what another retriever finds. Name one beside late, such as "
            "--retriever bm25, or give --late-scope all."
        )
    if index.dense_scope == "candidates" and set(index.retriever) <= READ_OTHERS:
        raise SettingsError(
            "--dense-scope candidates encodes what another retriever finds, and late comes after dense. Name "
            "one more, such as --retriever bm25."
        )


def check_machine(settings: IndexSettings) -> None:
    """Find out before hours of encoding: raise SettingsError without the GPU that is asked for."""
    if settings.one_device == "cuda":
        for device in settings.encoder_devices or [settings.device]:
            resolve_device(device)
