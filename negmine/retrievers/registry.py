"""Which retriever a name means."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from negmine.errors import SettingsError
from negmine.retrievers import Retriever, bm25, dense

if TYPE_CHECKING:
    from negmine.house import House


def _bm25(house: House) -> Retriever:
    return bm25.open_index(house.work.folder("1-index/bm25"), house.doc_order)


def _dense(house: House) -> Retriever:
    index = house.settings.index
    folder = house.work.folder(f"1-index/{dense.name(index)}")
    return dense.open_index(folder, house.doc_order, index.device)


RETRIEVERS: dict[str, Callable[[House], Retriever]] = {"bm25": _bm25, "dense": _dense}


def check_spec(spec: str) -> None:
    """Raise SettingsError unless `spec` names a retriever or looks like package.module:factory."""
    if spec not in RETRIEVERS and ":" not in spec:
        known = ", ".join(RETRIEVERS)
        raise SettingsError(
            f"--retriever {spec}: no such retriever. There are {known}, or package.module:factory for your own."
        )


def open_retriever(spec: str, house: House) -> Retriever:
    """Open a retriever; a user's factory gets a function that yields the documents' tables."""
    check_spec(spec)
    if spec in RETRIEVERS:
        return RETRIEVERS[spec](house)
    module, factory = spec.split(":", 1)
    try:
        make = getattr(importlib.import_module(module), factory)
    except (ImportError, AttributeError) as error:
        raise SettingsError(
            f"--retriever {spec}: {error}. Is the package installed here?"
        ) from error
    return cast(Retriever, make(house.documents))
