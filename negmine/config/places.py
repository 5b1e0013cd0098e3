"""Where an input may lie: in a regular file, which can be read twice and has an end."""

from __future__ import annotations

import stat
from contextlib import suppress
from pathlib import Path

from negmine.errors import InputError, SettingsError

LARGEST_PROMPT = 1_000_000  # bytes; more than any model reads
_SUFFIXES = (
    ".jsonl",
    ".jsonl.gz",
    ".tsv",
    ".csv",
    ".parquet",
)  # of files that many may stand for a table
_OF_THE_KERNEL = ("/proc", "/sys")  # their files have no size, and may have no end


def check_regular(path: Path) -> None:
    """Raise InputError unless a path is a regular file."""
    if (why := why_not(path)) is not None:
        raise InputError(f"{path} {why}")


def _pattern(path: Path) -> str:
    """Return how to name the files of a folder that has some that a source may be; else nothing."""
    for suffix in _SUFFIXES:
        with suppress(OSError, ValueError):
            if next(path.glob(f"*{suffix}"), None) is not None:
                return f" Or all of its files, by a pattern: '{path}/*{suffix}'."
    return ""


def why_not(path: Path) -> str | None:
    """Return why a path is no regular file, and what to do, to follow its name; None where it is one."""
    try:
        mode = path.stat().st_mode
        place = path.resolve()
    except FileNotFoundError:
        return "does not exist. Check the path."
    except OSError as error:
        return f"cannot be read: {error.strerror}."
    except (ValueError, RuntimeError):
        return "is no path: it has a NUL character in it, or its links lead in a circle."
    if stat.S_ISDIR(mode):
        return f"is a folder. Name a file.{_pattern(path)}"
    if not stat.S_ISREG(mode) or place.as_posix().startswith(_OF_THE_KERNEL):
        return "is a pipe or a device. It is read more than once: copy it to a file first."
    return None


def prompt_text(name: str, path: Path) -> str:
    """Return the text of a prompt that a flag names. Raises SettingsError for an unusable file.

    name: of the flag. At most LARGEST_PROMPT bytes are read.
    """
    if (why := why_not(path)) is not None:
        raise SettingsError(f"{name} {path} {why}")
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST_PROMPT + 1)
        if len(content) > LARGEST_PROMPT:
            raise SettingsError(
                f"{name} {path} has more than {LARGEST_PROMPT:,} bytes. Name a file with a prompt in it."
            )
        return content.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name} {path} cannot be read: {error}.") from error
