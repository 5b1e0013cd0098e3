"""--since: fill a new work directory with the artifacts of an old one, so that they need not be made again.

Tables, vectors and indexes are hard links where the file system allows it: no file is changed in place, so
neither directory sees what happens in the other. Everything else is copied. Training files are left
out: they are cheap to make, and an old one must not be taken for a new one.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from negmine.config.addresses import shown
from negmine.errors import Locked, WorkdirError
from negmine.storage.linking import linked
from negmine.storage.locks import locked
from negmine.storage.moving import fill_folder, fill_store, is_filled
from negmine.storage.open import open_workdir
from negmine.storage.remembered import REMEMBERED
from negmine.storage.remote.workdir import RemoteWorkdir
from negmine.storage.workdir import PARTIAL, Workdir

_LEFT_OUT = shutil.ignore_patterns("5-write", REMEMBERED, PARTIAL, ".lock*", "*.tmp")


def _left_out(old: Path) -> Callable[[str, list[str]], set[str]]:
    """Return what is not taken over: see _LEFT_OUT, and links that lead out of the old directory."""
    root = old.resolve()

    def choose(folder: str, names: list[str]) -> set[str]:
        links = {name for name in names if (Path(folder) / name).is_symlink()}
        outside = {n for n in links if not (Path(folder) / n).resolve().is_relative_to(root)}
        return _LEFT_OUT(folder, names) | outside

    return choose


def check_old(old: Path, new: Workdir) -> None:
    """Raise WorkdirError where `old` is no work directory, or the new one itself."""
    work = open_workdir(old)
    if not work.exists():
        raise WorkdirError(
            f"--since {work.name} is no work directory of negmine. Name one that a command has filled."
        )
    if new.root.exists() and work.root.resolve() == new.root.resolve():
        raise WorkdirError(
            f"--since {work.name}: this is the new work directory itself. Leave it out."
        )


def start_from(old: Path, new: Workdir, note: Callable[[str], None]) -> None:
    """Fill the new work directory with what the old one has, unless it has begun already.

    Raises Locked where one of them is in use.
    """
    if isinstance(new, RemoteWorkdir):
        if is_filled(new):
            note(f"{new.name} has begun already: --since {shown(old)} is not used")
        else:
            fill_store(open_workdir(old), new, note)
        return
    filling = FileLock(new.root.with_name(f".{new.root.name}.since.lock"), timeout=0)
    try:
        with filling:
            _fill(old, new, note)
    except Timeout as error:
        raise Locked(f"{new.root} is just being filled by another command. Wait for it.") from error
    Path(filling.lock_file).unlink(missing_ok=True)


def _fill(old: Path, new: Workdir, note: Callable[[str], None]) -> None:
    if new.exists():
        note(f"{new.root} has begun already: --since {shown(old)} is not used")
        return
    new.create()
    waiting = new.root.with_name(f".{new.root.name}.since")
    shutil.rmtree(waiting, ignore_errors=True)
    source = open_workdir(old)
    if isinstance(source, RemoteWorkdir):
        fill_folder(source, Workdir(waiting))
    else:
        with locked(old):
            shutil.copytree(old, waiting, copy_function=linked, ignore=_left_out(old))
    for entry in new.root.iterdir():  # nothing but the lock of a first command that failed
        entry.unlink()
    waiting.replace(new.root)
    note(f"{new.root} starts from {shown(old)}: what still fits is not made again")
