"""The data card: `README.md` in the format of the Hugging Face hub, with what its front matter needs.

https://huggingface.co/docs/hub/datasets-cards and datasets-manual-configuration: `configs` names the files of
every configuration, so that nothing else in the folder is taken for data.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from negmine.data.markdown import one_line

SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000)
_WORDS = ("1K", "10K", "100K", "1M", "10M", "100M", "1B")
_MOST_NEGATIVES = 8  # columns that are named one by one
_IDENTIFIER = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")  # how the hub writes licences: cc-by-4.0


class Written(NamedTuple):
    """One format that lies in `5-write`: rows, columns, what it was made of, and its files.

    identity: of the artifact. file_kind: of its parts, `parquet` or `jsonl`. parts: file to its rows. main: of
    several files, the one with the training rows. has_columns: its rows are no bare lists.
    """

    name: str
    rows: int
    columns: str
    made_of: str
    identity: str
    file_kind: str
    parts: dict[str, int]
    main: str = ""
    has_columns: bool = True

    @property
    def is_loadable(self) -> bool:
        """Whether `load_dataset` can read its files."""
        return self.has_columns and self.kind in ("parquet", "jsonl")

    @property
    def kind(self) -> str:
        """How its rows are written: `parquet`, `jsonl`, `json` or `tsv`."""
        return self.main.rpartition(".")[2] or self.file_kind

    @property
    def pattern(self) -> str:
        """The files of its rows, in the folder."""
        return f"{self.name}/{self.main or f'*.{self.file_kind}'}"

    @property
    def beside(self) -> dict[str, str]:
        """The other files of the same kind that have rows, by the name of their configuration."""
        files = [file for file, rows in self.parts.items() if rows and file != self.main]
        if not self.main:
            return {}
        return {
            f"{self.name}-{file.partition('.')[0].replace('/', '-')}": f"{self.name}/{file}"
            for file in files
            if file.endswith(f".{self.kind}")
        }

    @property
    def paths(self) -> str | list[str]:
        """The files to load: a pattern, or, since `load_dataset` fails at files without rows, the others."""
        if self.main or all(self.parts.values()):
            return self.pattern
        return [f"{self.name}/{file}" for file, rows in self.parts.items() if rows]


def loadable(configs: Sequence[Written]) -> list[Written]:
    """Return the formats that `load_dataset` can read from the folder, the default one first.

    They have rows, and files of one kind: `load_dataset` reads a whole folder as Parquet, or all of it as
    JSON lines. The kind is that of the first format with rows.
    """
    filled = [one for one in configs if one.rows and one.is_loadable]
    return [one for one in filled if one.kind == filled[0].kind]


def front_matter(configs: Sequence[Written], license: str | None, languages: Sequence[str]) -> str:
    """Return the YAML of a card; the first of the `loadable` formats is the default one.

    Each has its identity as `description`: `load_dataset` caches by what the configuration says, not by what
    the files hold, and would give the rows of another run.
    """
    import yaml

    listed = loadable(configs)
    named = {
        "configs": [
            {
                "config_name": name,
                "description": f"rows {one.identity[:16]}",
                **({"default": True} if name == listed[0].name else {}),
                "data_files": [{"split": "train", "path": paths}],
            }
            for one in listed
            for name, paths in [(one.name, one.paths), *one.beside.items()]
        ]
    }
    front: dict[str, Any] = {
        **(named if listed else {}),
        **licence(license),
        **({"language": [one_line(one) for one in languages]} if languages else {}),
        "size_categories": [size_category((listed or configs)[0].rows)],
        "task_categories": ["text-retrieval", "sentence-similarity"],
        "tags": ["sentence-transformers", "hard-negatives", "negmine"],
    }
    return str(yaml.safe_dump(front, sort_keys=False, allow_unicode=True))


def column_list(names: Sequence[str]) -> str:
    """Return the names of columns for the card; of many negatives the first and the last."""
    negatives = [name for name in names if name.startswith("negative_")]
    if len(negatives) <= _MOST_NEGATIVES:
        return ", ".join(f"`{name}`" for name in names)
    others = "".join(f"`{name}`, " for name in names if name not in negatives)
    return f"{others}`{negatives[0]}` to `{negatives[-1]}`"


def licence(license: str | None) -> dict[str, str]:
    """Return the hub's licence fields: its own word for it, `other` with a name, or `unknown`."""
    if license is None:
        return {"license": "unknown"}
    if _IDENTIFIER.fullmatch(license):
        return {"license": license}
    return {"license": "other", "license_name": one_line(license)}


def size_category(rows: int) -> str:
    """Return the hub's word for a number of rows, as 1K<n<10K."""
    place = sum(rows >= size for size in SIZES)
    if place == 0:
        return f"n<{_WORDS[0]}"
    if place == len(SIZES):
        return f"n>{_WORDS[-1]}"
    return f"{_WORDS[place - 1]}<n<{_WORDS[place]}"


def leak_line(limits: dict[str, Any]) -> str:
    """Return what the card says of the leak: its measured share, or how to measure it.

    limits: the stats of `4-filter/limits`; empty where there is no such artifact.
    """
    if "budget" not in limits:
        return (
            "Not measured for this card. `negmine leak` hides known positives and counts how many of them are "
            "then written as negatives; relevant documents that nobody judged are not counted by it."
        )
    low, high = (f"{100 * limits[end]:.2f} %" for end in ("leak", "leak_high"))
    counted = f"{limits['leaked']:,} of {limits['selected']:,}; " if "leaked" in limits else ""
    return (
        f"With {limits['hide']:.0%} of a query's known positives hidden, {low} of the negatives were hidden "
        f"positives ({counted}95 % interval up to {high}); the limit was {100 * limits['budget']:g} %. "
        "Queries with one positive were not measured, and relevant documents that nobody judged are not "
        "counted: the true share may be higher."
    )
