"""Settings of the late retriever that cannot work together."""

from __future__ import annotations

from negmine.config.resolved import ResolvedConfig
from negmine.config.settings import IndexSettings
from negmine.config.settings.index import IVF
from negmine.errors import SettingsError
from negmine.models.locate import resolve_device
from negmine.retrievers.faiss_index import trial
from negmine.retrievers.faiss_index.module import faiss_or_error
from negmine.retrievers.late import approximate
from negmine.retrievers.late.names import NAME

READ_OTHERS = {NAME, "dense"}  # with --late-scope, --dense-scope candidates


def check(config: ResolvedConfig) -> None:
    """Raise SettingsError for settings under which the retriever cannot work."""
    index = config.index
    if NAME not in index.retriever:
        return
    if index.late_model is None:
        raise SettingsError(
            "--retriever late needs a late-interaction model. Name a folder or a hub name: --late-model."
        )
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


def check_index(settings: IndexSettings) -> None:
    """Raise MissingDependency without FAISS, SettingsError for an index that it does not have."""
    faiss_or_error()
    if settings.late_index != IVF:
        trial.check(approximate.wanted(settings.late_index, 0), {})
