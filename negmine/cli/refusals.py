"""What the operating system refuses, in words: which path, why, and what to do."""

from __future__ import annotations

import errno
import os
import re
import shutil
from pathlib import Path

from negmine.errors import CorruptArtifact
from negmine.storage.contents import damage_by_size, damage_message

_REFUSED = "OperatingSystemError"  # of such errors in JSON; the library raises the OSError itself

_AGAIN = "Then give the same command again: finished parts are kept."
_RIGHTS = f"Check owner and rights (ls -l). {_AGAIN}"
_REMEDIES = {
    errno.ENOSPC: f"Make space. {_AGAIN}",
    errno.EDQUOT: f"Your quota on this disk is used up. Make space. {_AGAIN}",
    errno.EFBIG: f"A file may not become that large here: see ulimit -f. {_AGAIN}",
    errno.EROFS: "Use a directory on a disk that can be written.",
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EIO: f"The disk, or the connection to it, fails: see the system's log. {_AGAIN}",
    errno.ENOENT: f"It was there before: another program has removed or renamed it. {_AGAIN}",
    errno.ESTALE: f"The connection to the disk was lost. {_AGAIN}",
    errno.EMFILE: f"Raise the limit of open files: ulimit -n 4096. {_AGAIN}",
    errno.ENFILE: f"The machine has no more open files to give. {_AGAIN}",
    errno.ENAMETOOLONG: "Choose a shorter name.",
    errno.ENOTDIR: "A folder is wanted where a file is.",
    errno.EISDIR: "A file is wanted where a folder is.",
    errno.ELOOP: "Links lead in a circle. Name the folder itself.",
    errno.ENOMEM: f"Memory is used up. Lower --memory, or stop other programs. {_AGAIN}",
    errno.ENODEV: "The device is gone.",
    errno.ENXIO: "The device is gone.",
}
_IN_SQLITE = {
    "database or disk is full": errno.ENOSPC,
    "readonly database": errno.EROFS,
    "disk I/O error": errno.EIO,
    "unable to open database file": errno.EACCES,
}
_NUMBER = re.compile(r"(?:os error |\[?errno:? ?)(\d+)", re.IGNORECASE)
_DAMAGE = re.compile(
    r"out of specification|corrupt|checksum|zstd|magic (bytes|number)|thrift", re.IGNORECASE
)
_FROM_LIBRARIES = ("polars", "pyarrow", "sqlite3", "faiss", "safetensors", "tokenizers")


def refusal(error: BaseException) -> dict[str, str] | None:
    """Return kind and message of an error that is no bug of ours; None for any other.

    Any error is one of damage where `--verify sizes` let a damaged file pass.
    """
    if isinstance(error, SystemExit):  # nothing of ours ends a command so
        ended = (
            f"A plug-in or a library ended the command (sys.exit({error.code!r})): it is not done."
        )
        return {"kind": "NotDone", "message": f"{ended} {_AGAIN}"}
    if message := explained(error):
        return {"kind": _REFUSED, "message": message}
    damage = damage_by_size(error)
    if not damage and _is_of_library(error) and _DAMAGE.search(str(error)):
        damage = damage_message("A file of the work directory is damaged", error)
    return {"kind": CorruptArtifact.__name__, "message": damage} if damage else None


def explained(error: BaseException) -> str | None:
    """Return the message for what the operating system refuses; None for any other error."""
    if isinstance(error, MemoryError):
        return f"Memory is used up. {_REMEDIES[errno.ENOMEM].split('. ', 1)[1]}"
    number = _number(error)
    if number is None:
        return None
    path = _path(error)
    what = f"{path}: {os.strerror(number)}" if path else _first_line(error)
    free = _free(path) if number in (errno.ENOSPC, errno.EDQUOT) else ""
    return f"{what}{free}. {_REMEDIES.get(number, _AGAIN)}"


def _number(error: BaseException) -> int | None:
    """Return the error number of the operating system, also where a library has made a text of it."""
    if isinstance(error, OSError) and error.errno:
        return error.errno
    text = str(error)
    if not (isinstance(error, OSError) or _is_of_library(error)):
        return None
    in_words = next((n for words, n in _IN_SQLITE.items() if words in text), None)
    if in_words is not None:
        return in_words
    found = _NUMBER.search(text)
    if found is not None:
        return int(found[1])
    return next((number for number in _REMEDIES if os.strerror(number) in text), None)


def _is_of_library(error: BaseException) -> bool:
    return type(error).__module__.partition(".")[0] in _FROM_LIBRARIES


def _path(error: BaseException) -> str:
    names = (getattr(error, "filename2", None), getattr(error, "filename", None))
    return next((os.fsdecode(name) for name in names if isinstance(name, str | bytes)), "")


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _free(path: str) -> str:
    """Return how much space is free where a path is, in brackets; nothing where that cannot be told."""
    there = next((one for one in (Path(path), *Path(path).parents) if one.exists()), None)
    if not path or there is None:
        return ""
    try:
        free = shutil.disk_usage(there).free
    except OSError:
        return ""
    return f" ({free / 1e6:,.1f} MB free)"
