"""Which settings name something outside the work directory: a plug-in, model, file, address or endpoint.

Remembered settings may come from somebody else, with the work directory. What they name outside of it counts
only if the user has named it, too, or trusts it (storage/trust.py). OUTSIDE is the one list of such settings.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from negmine.config.naming import flag, is_address, is_plugin, split_name
from negmine.config.rounds import is_earlier
from negmine.config.settings import STAGES, Settings
from negmine.config.tables import NAMED_MODELS, stage_of_field

PLUGIN, MODEL, FILE, PROMPT, ENDPOINT = "plug-in", "model", "file", "prompt", "endpoint"
ADDRESS = "address"
SOURCES = ("data", "corpus", "queries", "qrels", "pairs")
_NAMES = ("retriever", "format")  # what is no plug-in is our own, or a run's name
_INDEX, _SEARCH, _RERANK, _FILTER = ("index",), ("index", "retrieve"), ("rerank",), ("filter",)
_GENERATE = ("generate",)
_ENCODES = (*_SEARCH, *_GENERATE)  # texts that a model wrote are encoded, too

OUTSIDE: dict[str, tuple[str, tuple[str, ...]]] = {
    **dict.fromkeys(SOURCES, (FILE, _INDEX)),
    "retriever": (PLUGIN, _SEARCH),
    "retriever_option": (PLUGIN, _SEARCH),
    "run": (FILE, _SEARCH),
    "model": (MODEL, _ENCODES),
    "earlier_model": (MODEL, _ENCODES),
    "model_url": (ENDPOINT, _ENCODES),
    "query_model": (MODEL, _SEARCH),
    "sparse_model": (MODEL, _ENCODES),
    "late_model": (MODEL, _ENCODES),
    "query_vectors": (FILE, _SEARCH),
    "document_vectors": (FILE, _SEARCH),
    "generate_url": (ENDPOINT, _GENERATE),
    "generate_model": (ENDPOINT, _GENERATE),
    "generate_extra": (ENDPOINT, _GENERATE),
    "generate_local": (MODEL, _GENERATE),
    "generate_query_only_prompt": (PROMPT, _GENERATE),
    "generate_contrast_prompt": (PROMPT, _GENERATE),
    "generate_near_topic_prompt": (PROMPT, _GENERATE),
    "rerank_model": (MODEL, _RERANK),
    "guide_model": (MODEL, _FILTER),
    "judge_url": (ENDPOINT, _FILTER),
    "judge_model": (ENDPOINT, _FILTER),
    "judge_first": (ENDPOINT, _FILTER),
    "judge_extra": (ENDPOINT, _FILTER),
    "judge_local": (MODEL, _FILTER),
    "judge_prompt": (PROMPT, _FILTER),
    "decontaminate": (FILE, _FILTER),
    "format": (PLUGIN, ("write",)),
}
"""Setting to what it names, and the stages that use it."""


class Named(NamedTuple):
    """One thing outside the work directory: the setting that names it, its kind, and its name."""

    setting: str
    kind: str
    value: str

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that use it."""
        return OUTSIDE[self.setting][1]

    def __str__(self) -> str:
        value = self.value if self.value.isprintable() else repr(self.value)
        return f"{flag(self.setting)} {value} ({self.kind})"


def named_outside(given: Settings, root: Path) -> list[Named]:
    """Return what the given settings name outside the work directory `root`, in the order of OUTSIDE.

    negmine's own defaults are not among them. A file inside `root` is not, either; a folder there is, because
    links in it may lead out. A model and a prompt always are: they decide what is computed, or sent.
    """
    things = []
    for setting, (kind, _) in OUTSIDE.items():
        table = getattr(given, stage_of_field(setting))
        if setting in table.model_fields_set:
            default = STAGES[stage_of_field(setting)].model_fields[_original(setting)].default
            for name, value in _values(setting, getattr(table, setting)):
                is_ours = setting in _NAMES and not is_plugin(value)
                path = value.partition("=")[2] if setting == "run" else value
                is_inside = kind == FILE and _inside(path, root)
                is_default = value in {text for _, text in _values(setting, default)}
                if not is_ours and not is_inside and not is_default:
                    named_by = "earlier_model" if is_earlier(name) else setting
                    things.append(Named(named_by, _kind(kind, path), value))
    return things


def _original(setting: str) -> str:
    """Return the setting that a model was given by in its own round."""
    return "model" if setting == "earlier_model" else setting


def _values(setting: str, value: Any) -> list[tuple[str, str]]:
    """Return the values of a setting as texts, each with its name: of NAME=MODEL; else the name is empty."""
    several: Iterable[Any] = value if isinstance(value, list | tuple) else [value]
    texts = [str(one) for one in several if one is not None]
    return [split_name(text) if setting in NAMED_MODELS else ("", text) for text in texts]


def _kind(kind: str, value: str) -> str:
    if kind == FILE and is_address(value):
        return ADDRESS
    return PLUGIN if kind == MODEL and is_plugin(value) else kind


def _inside(value: str, root: Path) -> bool:
    path = Path(value).resolve()
    return not is_address(value) and path.is_relative_to(root.resolve()) and path.is_file()
