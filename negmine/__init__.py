"""negmine mines hard negatives that are hard and really negative.

    import negmine
    result = negmine.mine("work", data="my-beir-folder")

Names load when they are first used, so that `import negmine` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from negmine.api import (
        batch,
        decontaminate,
        diff,
        explain,
        filter,
        generate,
        generate_queries,
        index,
        judge_check,
        label,
        leak,
        lint,
        mine,
        prove,
        push,
        report,
        rerank,
        retrieve,
        show,
        status,
        suggest_labels,
        sweep,
        trust,
        write,
    )
    from negmine.config.settings import Settings
    from negmine.errors import NegmineError
    from negmine.retrievers.base import Hits, Retriever
    from negmine.stages.summary import Result

__version__ = "0.1.0"

_HOMES = {
    "NegmineError": "errors",
    "Result": "stages.summary",
    "Hits": "retrievers.base",
    "Retriever": "retrievers.base",
    "Settings": "config.settings",
}

__all__ = [
    "Hits",
    "NegmineError",
    "Result",
    "Retriever",
    "Settings",
    "batch",
    "decontaminate",
    "diff",
    "explain",
    "filter",
    "generate",
    "generate_queries",
    "index",
    "judge_check",
    "label",
    "leak",
    "lint",
    "mine",
    "prove",
    "push",
    "report",
    "rerank",
    "retrieve",
    "show",
    "status",
    "suggest_labels",
    "sweep",
    "trust",
    "write",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'negmine' has no attribute {name!r}")
    return getattr(importlib.import_module(f"negmine.{_HOMES.get(name, 'api')}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
