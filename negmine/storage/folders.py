"""Folders of a work directory: what may become one, and which files lie in that of an artifact."""

from __future__ import annotations

import os
from pathlib import Path

from negmine.errors import WorkdirError
from negmine.storage.links import links


def refuse_links(root: Path) -> None:
    """Raise WorkdirError for a link inside: negmine would write, or read, somewhere else.

    The work directory itself may be one.
    """
    for link in links(root):
        raise WorkdirError(
            f"{link} is a link. Nothing is read or written through links inside a work directory. To have "
            "it on another disk, move the whole directory there, and link that."
        )


def refuse_file(path: Path) -> None:
    """Raise WorkdirError for a file in place of a work directory."""
    if path.is_file():
        raise WorkdirError(
            f"{path} is a file. Name a folder for the work directory, as in: "
            f"negmine mine work --pairs {path}"
        )


def files_in(folder: Path, without: str) -> list[str]:
    """Return the files of an artifact, by their paths inside it, without those in the folder `without`.

    Raises OSError for a folder that cannot be read: pathlib's globs leave such a folder out without a word.
    """
    if not folder.exists():
        return []
    paths = (Path(top, name) for top, _, names in os.walk(folder, onerror=_fail) for name in names)
    names = (path.relative_to(folder) for path in paths if path.is_file())
    return [name.as_posix() for name in names if name.parts[0] != without]


def _fail(error: OSError) -> None:
    raise error


def size_of(path: Path) -> int:
    """Return the bytes of a file; -1 where there is none."""
    try:
        return path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return -1
