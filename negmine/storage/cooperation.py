"""Machines that work on one command in a work directory at an address: what one makes, others fetch.

In a folder that all of them see, nothing is to be done. At an address each machine has a mirror of its own. A
worker puts what it makes into the store, named by its content; so nothing is written over, whoever is faster.
The process that holds the lock lists it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from negmine.storage.chunks import is_shared
from negmine.storage.contents import forget_hash
from negmine.storage.folders import files_in
from negmine.storage.parquet import identity_of_part
from negmine.storage.remote.sides import list_sent, send_cached
from negmine.storage.remote.workdir import RemoteWorkdir
from negmine.storage.workdir import PARTIAL, Workdir


def put_begun(work: Workdir, artifact: str, identity: str) -> None:
    """Put what lies in the unfinished folder of an artifact where other machines find it."""
    if isinstance(work, RemoteWorkdir):
        folder = work.local(artifact) / PARTIAL
        for file in files_in(folder, PARTIAL):
            work.put_file(artifact, file, identity, folder / file)


def bring_begun(work: Workdir, artifact: str, identity: str) -> None:
    """Fetch what `put_begun` has put, once in a process of another machine."""
    if not isinstance(work, RemoteWorkdir) or not is_shared() or work.is_guest:
        return
    if artifact not in work.begun:
        work.begun.add(artifact)
        work.listing.look_again(artifact)
        for file, one in list(work.listing.left(artifact)):
            if one == identity:
                work.bring_attempt(artifact, file, identity)


def put_piece(work: Workdir, artifact: str, file: str, identity: str) -> None:
    """Put a piece of a part, written by a worker, where other machines find it."""
    if isinstance(work, RemoteWorkdir) and is_shared():
        path = work.local(artifact) / PARTIAL / file
        work.put_file(artifact, file, identity, path)
        if not work.is_guest:
            forget_hash(path)
            path.unlink()


def has_piece(work: Workdir, artifact: str, file: str, identity: str) -> bool:
    """Tell whether the store had a piece when it was listed."""
    return isinstance(work, RemoteWorkdir) and (file, identity) in work.listing.left(artifact)


@contextmanager
def brought_piece(work: Workdir, artifact: str, file: str, identity: str) -> Iterator[Path]:
    """Give a piece in the unfinished folder; fetched while the block runs, if another machine has made it.

    A killed worker may have left one of another identity there: it does not count.
    """
    path = work.local(artifact) / PARTIAL / file
    if not isinstance(work, RemoteWorkdir) or identity_of_part(path) == identity:
        yield path
        return
    if (file, identity) not in work.listing.left(artifact):
        work.listing.look_again(artifact)
    work.bring_attempt(artifact, file, identity)
    try:
        yield path
    finally:
        forget_hash(path)
        path.unlink(missing_ok=True)


def put_cached(work: Workdir) -> None:
    """Put what a worker has added to the caches where other machines find it."""
    if isinstance(work, RemoteWorkdir) and is_shared() and not work.is_guest:
        with work.mirror.pulling(own=True):
            state = work.mirror.state()
            send_cached(work.store, work.mirror, state)
            work.mirror.save(state)


def list_cached(work: Workdir) -> None:
    """List what workers have added to the caches, in the process that holds the lock."""
    if isinstance(work, RemoteWorkdir):
        with work.sending:
            state = work.mirror.state()
            list_sent(work.store, state)
            work.mirror.save(state)
