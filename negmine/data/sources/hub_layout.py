"""Datasets as the Hugging Face Hub has them: configurations and splits of files.

They stand in the head of README.md (https://huggingface.co/docs/hub/datasets-manual-configuration). Without it,
folders are configurations, and words in the names of files are splits. MTEB's retrieval datasets have the
configurations corpus, queries, and default or qrels.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from negmine.data.sources.front_matter import head_of
from negmine.errors import InputError

ENDINGS = (
    ".parquet",
    ".arrow",
    ".jsonl",
    ".jsonl.gz",
    ".json",
    ".csv",
    ".csv.gz",
    ".tsv",
    ".tsv.gz",
)
JUDGED = ("default", "qrels")
_SPLIT = re.compile(r"(?:^|[/_.-])(train|test|validation|valid|dev|val)(?=[/_.-])", re.IGNORECASE)

Splits = dict[str, list[str]]  # split to files


def configurations(names: Sequence[str], readme: Path | None) -> dict[str, Splits]:
    """Return configuration to split to files. names: all files, relative. readme: a local README.md."""
    stated = {} if readme is None else _stated(names, readme)
    return stated or _by_folders(names)


def table(names: Sequence[str], readme: Path | None, name: str) -> list[str]:
    """Return the files of the configuration `corpus` or `queries`; none where there is no such one."""
    by_split = configurations(names, readme).get(name, {})
    return [file for split in sorted(by_split) for file in by_split[split]]


def qrels(names: Sequence[str], readme: Path | None) -> Splits:
    """Return the files of judgements by split; none where no configuration has them."""
    configs = configurations(names, readme)
    if not {"corpus", "queries"} <= configs.keys():
        return {}
    others = [name for name in configs if name not in ("corpus", "queries")]
    chosen = [name for name in JUDGED if name in others] or others
    return configs[chosen[0]] if len(chosen) == 1 or chosen[:1] == ["default"] else {}


def pairs(names: Sequence[str], readme: Path | None, dataset: str) -> list[str]:
    """Return the files of the only configuration: its split train, else its only split.

    Raises InputError where there are several, with an address for each. dataset: its address.
    """
    configs = configurations(names, readme)
    choices = {(c, s): files for c, splits in configs.items() for s, files in splits.items()}
    if not choices:
        raise InputError(f"{dataset} has no Parquet, Arrow, jsonl, csv or tsv files in it.")
    if len(configs) == 1:
        (config,) = configs
        if len(choices) == 1 or (config, "train") in choices:
            return choices.get((config, "train")) or next(iter(choices.values()))
    listed = "".join(
        f"\n  {config}, {split}: {_address(dataset, files)}"
        for (config, split), files in list(choices.items())[:20]
    )
    raise InputError(f"{dataset} has several tables. Name the files of one:{listed}")


def _address(dataset: str, files: Sequence[str]) -> str:
    """Return an address of these files: of one its own, of more with a pattern."""
    if len(files) == 1:
        return f"{dataset}/{files[0]}"
    start = re.split(r"\d", files[0].rpartition("/")[2])[0]
    folder = files[0].rpartition("/")[0]
    return f"{dataset}/{folder}/{start}*".replace("//*", "/*")


def _stated(names: Sequence[str], readme: Path) -> dict[str, Splits]:
    """Return the configurations that a README.md states; none where it states none."""
    stated: dict[str, Splits] = {}
    for config in _list(head_of(readme), "configs"):
        name, files = config.get("config_name"), config.get("data_files")
        if not isinstance(name, str):
            continue
        folder = config.get("data_dir")
        below = f"{folder.strip('/')}/" if isinstance(folder, str) and folder.strip("/") else ""
        by_split: Splits = {}
        for split, patterns in _patterns(files):
            matches = [one for one in names if any(_fits(one, below + p) for p in patterns)]
            if matches := [one for one in matches if one.lower().endswith(ENDINGS)]:
                by_split.setdefault(split, []).extend(sorted(matches))
        if by_split:
            stated[name] = by_split
    return stated


def _patterns(files: Any) -> list[tuple[str, list[str]]]:
    """Return splits and their patterns, from any form that `data_files` may have."""
    if isinstance(files, dict):
        files = [{"split": split, "path": path} for split, path in files.items()]
    if isinstance(files, str) or (
        isinstance(files, list) and all(isinstance(f, str) for f in files)
    ):
        files = [{"split": "train", "path": files}]
    pairs: list[tuple[str, list[str]]] = []
    for one in files if isinstance(files, list) else []:
        path = one.get("path") if isinstance(one, dict) else None
        paths = [p for p in (path if isinstance(path, list) else [path]) if isinstance(p, str)]
        if paths:
            pairs.append((str(one.get("split", "train")), paths))
    return pairs


def _fits(name: str, pattern: str) -> bool:
    return name == pattern or fnmatchcase(name, pattern.replace("**/", "*"))


def _list(head: Any, key: str) -> list[dict[str, Any]]:
    value = head.get(key) if isinstance(head, dict) else None
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _by_folders(names: Iterable[str]) -> dict[str, Splits]:
    """Return configurations by folder, splits by words in names; of several formats the first of ENDINGS."""
    data = [one for one in names if not one.startswith(".") and one.lower().endswith(ENDINGS)]
    configs: dict[str, Splits] = {}
    for name in sorted(data):
        folder = name.rpartition("/")[0].partition("/")[0]
        config = "default" if folder in ("", "data") else folder
        match = _SPLIT.search(name)
        configs.setdefault(config, {}).setdefault(
            match[1].lower() if match else "train", []
        ).append(name)
    return {
        config: {split: _one_format(files) for split, files in splits.items()}
        for config, splits in configs.items()
    }


def _one_format(files: Sequence[str]) -> list[str]:
    ending = next(end for end in ENDINGS if any(name.lower().endswith(end) for name in files))
    return [name for name in files if name.lower().endswith(ending)]
