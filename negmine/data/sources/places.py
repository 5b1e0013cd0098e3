"""Which files a path stands for: one file, those that a pattern matches, or those of a folder.

`Local` finds files of this machine. Storage has the same for addresses (storage/remote/).
"""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol

from negmine.config.json_text import parsed
from negmine.config.places import check_regular
from negmine.data.sources.formats import IPC
from negmine.errors import InputError

README = "README.md"
_PATTERN = re.compile(r"[*?\[]")
_IN_FOLDERS = (".parquet", *IPC)  # a folder may hold many of one of these
STATE, SPLITS = "state.json", "dataset_dict.json"  # of datasets' save_to_disk
_MOST_BYTES = 10_000_000  # of these


class Places(Protocol):
    """Finds files, here or elsewhere. Each method raises InputError where there is nothing to be read."""

    def names(self, folder: Path) -> list[str]:
        """Return the files of a folder, and of folders in it: relative, sorted."""

    def files(self, path: Path) -> list[Path]:
        """Return the files that a path, a pattern or a folder stands for, in the order they are read."""

    def local(self, path: Path) -> Path:
        """Return the file as it can be opened on this machine."""


class Local:
    """Finds files of this machine."""

    def names(self, folder: Path) -> list[str]:
        """Return the files of a folder, and of folders in it; raise InputError where there is none."""
        if not folder.is_dir():
            what = "is a file" if folder.exists() else "does not exist"
            raise InputError(
                f"--data {folder} {what}. Name a folder with corpus.jsonl, queries.jsonl, qrels/."
            )
        files = (one for level in ("*", "*/*") for one in folder.glob(level) if not one.is_dir())
        return sorted(one.relative_to(folder).as_posix() for one in files)

    def files(self, path: Path) -> list[Path]:
        """Return the files that a path stands for; one that stands for none is returned itself."""
        if path.is_dir():
            return in_folder(path, [one.name for one in path.iterdir()], self) or [path]
        if path.exists() or not is_pattern(str(path)):
            return [path]
        matches = [Path(one) for one in glob.glob(str(path), recursive=True)]  # noqa: PTH207 - absolute
        return not_none([one for one in matches if not one.is_dir()], path)

    def local(self, path: Path) -> Path:
        """Return the path itself."""
        return path


LOCAL = Local()


def is_pattern(text: str) -> bool:
    """Tell whether a path has wildcards: `*`, `?`, `[`."""
    return _PATTERN.search(text) is not None


def not_none(files: Iterable[Path], pattern: Path) -> list[Path]:
    """Return files by name; raise InputError where no file matches the pattern."""
    found = sorted(files)
    if not found:
        raise InputError(f"{pattern}: no file has such a name. Check the pattern.")
    return found


def in_folder(folder: Path, names: Sequence[str], places: Places) -> list[Path]:
    """Return the files that a folder stands for.

    A folder of `save_to_disk`: its Arrow files in the order of state.json. Another: its Parquet, else its Arrow
    files, by name; none where it has none. names: what lies directly in it.
    """
    if SPLITS in names:
        return _of_only_split(folder, places)
    if STATE in names:
        return [folder / name for name in _saved(places.local(folder / STATE))]
    visible = [name for name in names if not name.startswith(("_", "."))]
    for ending in _IN_FOLDERS:
        ours = sorted(name for name in visible if name.lower().endswith(ending))
        if ours:
            return [folder / name for name in _of_one_table(folder, ours)]
    return []


def _of_one_table(folder: Path, names: Sequence[str]) -> Sequence[str]:
    """Return the names. Raises InputError where they are those of different tables."""
    roles = ("corpus", "queries", "qrels")
    present = [role for role in roles if any(name.lower().startswith(role) for name in names)]
    if len(present) > 1:
        raise InputError(
            f"{folder} has files of {' and '.join(present)}. Name a file, or several by a pattern, such as "
            f"{folder / (present[0] + '*')}."
        )
    return names


def _of_only_split(folder: Path, places: Places) -> list[Path]:
    splits = _json(places.local(folder / SPLITS)).get("splits")
    names = splits if isinstance(splits, list) else []
    if len(names) != 1:
        folders = ", ".join(str(folder / str(name)) for name in names[:12]) or "none"
        raise InputError(f"{folder} has several splits. Name the folder of one: {folders}.")
    return places.files(folder / _plain(str(names[0]), folder / SPLITS))


def _saved(state: Path) -> list[str]:
    """Return the names of the Arrow files that a state.json lists."""
    listed = _json(state).get("_data_files")
    if (
        not isinstance(listed, list)
        or not listed
        or not all(isinstance(one, dict) for one in listed)
    ):
        raise InputError(
            f"{state} lists no Arrow files. Is it a folder of save_to_disk? Save it again."
        )
    return [_plain(str(one.get("filename", "")), state) for one in listed]


def _json(path: Path) -> dict[str, object]:
    check_regular(path)
    try:
        with path.open("rb") as stream:
            content = parsed(stream.read(_MOST_BYTES + 1))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path} cannot be read ({error!s:.200}). Save the dataset again."
        ) from error
    if not isinstance(content, dict):
        raise InputError(f"{path} is no JSON object. Save the dataset again.")
    return content


def _plain(name: str, source: Path) -> str:
    """Return a name of something in the same folder. Raises InputError for one that leads elsewhere."""
    if not name or PurePosixPath(name).name != name or name == "..":
        raise InputError(f"{source} names {name!r:.80}, which is no file beside it.")
    return name
