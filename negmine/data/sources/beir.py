"""The three tables of a folder: as BEIR has them, or as the Hub has datasets of MTEB (hub_layout.py).

BEIR: corpus, queries and qrels/<split>, each one file, plain or .gz.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from negmine.data.sources import hub_layout
from negmine.data.sources.places import LOCAL, README, Places
from negmine.errors import InputError

_TABLES = (".jsonl", ".jsonl.gz", ".parquet", ".tsv", ".tsv.gz", ".csv", ".csv.gz")
_QRELS = (".tsv", ".tsv.gz", ".csv", ".csv.gz", ".parquet", ".jsonl", ".jsonl.gz")


def table_files(folder: Path, name: str, places: Places = LOCAL) -> list[Path]:
    """Return the files of `corpus` or `queries`. Raises InputError where there is none, or several fit."""
    names = places.names(folder)
    fitting = [f"{name}{ending}" for ending in _TABLES if f"{name}{ending}" in names]
    if len(fitting) > 1:
        raise InputError(
            f"{folder} has {' and '.join(fitting)}. Remove one, or use --corpus, --queries and --qrels."
        )
    if not fitting and (parts := hub_layout.table(names, _readme(folder, names, places), name)):
        return [folder / part for part in parts]
    if not fitting:
        raise InputError(
            f"{folder} has no {name}.jsonl (or .jsonl.gz, .parquet, .tsv, .csv).{_others(names)}"
        )
    return [folder / fitting[0]]


def splits(folder: Path, places: Places = LOCAL) -> dict[str, list[Path]]:
    """Return the splits of qrels: name to files. Raises InputError where there is no folder."""
    names = places.names(folder)
    files = [name for name in names if name.startswith("qrels/") and name.endswith(_QRELS)]
    by_file = {_stem(name): [folder / name] for name in files if name.count("/") == 1}
    if by_file and _has_tables(names):
        return by_file
    by_split = hub_layout.qrels(names, _readme(folder, names, places))
    stated = {split: [folder / name for name in parts] for split, parts in by_split.items()}
    return stated or by_file


def qrels_files(folder: Path, split: str | None, places: Places = LOCAL) -> list[Path]:
    """Return the qrels of a split: the one asked for, else train, else the only one."""
    paths_by_split = splits(folder, places)
    listed = ", ".join(paths_by_split) or "none"
    if split is not None:
        if split not in paths_by_split:
            raise InputError(f"{folder / 'qrels'} has no split {split!r}. There are: {listed}.")
        return paths_by_split[split]
    if "train" in paths_by_split:
        return paths_by_split["train"]
    if len(paths_by_split) == 1:
        return next(iter(paths_by_split.values()))
    if not paths_by_split:
        raise InputError(
            f"{folder / 'qrels'} has no qrels. Put a <split>.tsv there, or use --corpus, --queries and --qrels."
        )
    raise InputError(
        f"{folder / 'qrels'} has several splits: {listed}. Choose one with --qrels-split."
    )


def _others(names: Iterable[str]) -> str:
    """Return a sentence about other files that may be the tables; nothing where there are none."""
    files = [name for name in names if name.endswith((*_TABLES, *_QRELS)) and "/" in name]
    if not files:
        return ""
    more = f" and {len(files) - 5} more" if len(files) > 5 else ""
    tables = "Name the tables: --corpus, --queries and --qrels, or --pairs."
    return f" It has {', '.join(files[:5])}{more}. {tables}"


def _has_tables(names: Iterable[str]) -> bool:
    """Tell whether a folder has corpus and queries as BEIR names them."""
    present = {name.partition(".")[0] for name in names if name.endswith(_TABLES)}
    return {"corpus", "queries"} <= present


def _readme(folder: Path, names: Iterable[str], places: Places) -> Path | None:
    return places.local(folder / README) if README in names else None


def _stem(name: str) -> str:
    name = name.rpartition("/")[2]
    ending = next(
        ending for ending in sorted(_QRELS, key=len, reverse=True) if name.endswith(ending)
    )
    return name.removesuffix(ending)
