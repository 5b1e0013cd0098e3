"""The names of negmine's own output formats, as --format takes them, and where a format's files lie."""

from __future__ import annotations

import re
from collections.abc import Sequence

from negmine.config.naming import is_plugin, nearest, plugin_name
from negmine.errors import SettingsError

FORMAT_NAMES = (
    "triplet",
    "n-tuple",
    "labeled-pair",
    "labeled-list",
    "kd",
    "kd-triplet",
    "ids",
    "flagembedding",
    "tevatron",
    "tevatron-ids",
    "swift",
    "swift-reranker",
    "colbert",
    "nemo",
    "nemo-inline",
    "gritlm",
    "beir",
    "reranker-eval",
    "arctic",
    "lightning-ir",
    "gpl",
    "rank-llm",
    "dpr",
)
"""In the order of `--help`. The module of a format is called like it: stages/write/formats/n_tuple.py."""

_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_TAKEN = ("provenance", "short", "reuse", "scales", "refresh")  # other folders of stage write


def check_formats(specs: Sequence[str], names: Sequence[str], registered: Sequence[str]) -> None:
    """Refuse what is no format, or has the folder of another. Imports no plug-in.

    names: of negmine's own formats. registered: of installed ones, for the message. Raises SettingsError.
    """
    folders = [plugin_name(spec) for spec in specs]
    if not folders or len(set(folders)) != len(folders):
        raise SettingsError(
            f"--format: name each once, and at least one. Given: {', '.join(specs) or 'none'}."
        )
    for spec in specs:
        if is_plugin(spec):
            _check_plugin(spec)
        elif spec not in names:
            choices = [*names, *registered]
            if set(spec.split(",")) <= set(choices):
                each = " ".join(f"--format {one}" for one in spec.split(","))
                raise SettingsError(f"--format {spec}: give the flag once for each: {each}.")
            raise SettingsError(
                f"--format {spec}: there is no such format.{nearest(spec, choices)} There are: "
                f"{', '.join(choices)}, or package.module:FORMAT for your own."
            )


def _check_plugin(spec: str) -> None:
    name, colons = plugin_name(spec), spec.count(":")
    if colons > 2 or not all(spec.split(":")) or not _FOLDER.fullmatch(name):
        raise SettingsError(
            f"--format {spec!r}: give package.module:FORMAT, or package.module:FORMAT:NAME. The last of them "
            "is the folder of its files: letters, digits, - and _."
        )
    taken = name.lower()
    if taken in (*FORMAT_NAMES, *_TAKEN) or taken.startswith("provenance-"):
        raise SettingsError(
            f"--format {spec}: 5-write/{name} is a folder of negmine's own. Choose another name: "
            f"{spec.rsplit(':', colons - 1)[0] if colons > 1 else spec}:my_{taken.replace('-', '_')}."
        )
