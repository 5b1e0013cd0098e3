"""Where an input may lie: in a regular file, which can be read twice and has an end."""

from __future__ import annotations

import stat
from pathlib import Path

from negmine.errors import InputError

_OF_THE_KERNEL = ("/proc", "/sys")  # their files have no size, and may have no end


def check_regular(path: Path) -> None:
    """Raise InputError unless a path is a regular file."""
    if (why := why_not(path)) is not None:
        raise InputError(f"{path} {why}")


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
        return "is a folder. Name a file."
    if not stat.S_ISREG(mode) or place.as_posix().startswith(_OF_THE_KERNEL):
        return "is a pipe or a device. It is read more than once: copy it to a file first."
    return None
