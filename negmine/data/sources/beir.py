"""A BEIR folder: corpus, queries and qrels/<split>, each plain or .gz."""

from __future__ import annotations

from pathlib import Path

from negmine.errors import InputError

_TABLES = (".jsonl", ".jsonl.gz", ".parquet", ".tsv", ".tsv.gz", ".csv", ".csv.gz")
_QRELS = (".tsv", ".tsv.gz", ".csv", ".csv.gz", ".parquet", ".jsonl", ".jsonl.gz")


def table_file(folder: Path, name: str) -> Path:
    """Return the file of `corpus` or `queries`."""
    paths = [
        folder / f"{name}{ending}" for ending in _TABLES if (folder / f"{name}{ending}").exists()
    ]
    if not paths:
        raise InputError(f"{folder} has no {name}.jsonl (or .jsonl.gz, .parquet, .tsv, .csv).")
    if len(paths) > 1:
        names = " and ".join(path.name for path in paths)
        raise InputError(
            f"{folder} has {names}. Remove one, or use --corpus, --queries and --qrels."
        )
    return paths[0]


def splits(folder: Path) -> dict[str, Path]:
    """Return the splits under qrels/: name to file. Raises InputError where there is no folder."""
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise InputError(
            f"--data {folder} {what}. Name a folder with corpus.jsonl, queries.jsonl, qrels/."
        )
    files = sorted(path for path in (folder / "qrels").glob("*") if path.name.endswith(_QRELS))
    return {_stem(path): path for path in files}


def qrels_file(folder: Path, split: str | None) -> Path:
    """Return the qrels of a split: the one asked for, else train, else the only one."""
    paths_by_split = splits(folder)
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
            f"{folder / 'qrels'} has no qrels. Put a <split>.tsv there, or use --qrels."
        )
    raise InputError(
        f"{folder / 'qrels'} has several splits: {listed}. Choose one with --qrels-split."
    )


def _stem(path: Path) -> str:
    ending = next(
        ending for ending in sorted(_QRELS, key=len, reverse=True) if path.name.endswith(ending)
    )
    return path.name.removesuffix(ending)
