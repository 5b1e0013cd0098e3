"""One writer per work directory on a store: `.lock/00000017`, made only where it is not there, and its beats.

The holder writes its number anew every 20 seconds. After 60 seconds without that, by the store's clock, another
command takes the next number; who sees a number above its own has lost the lock, and stops.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any

from negmine.config.json_text import parsed
from negmine.errors import Locked, NegmineError
from negmine.storage.manifest import now
from negmine.storage.remote.store import Entry, Store, Unconditional

FOLDER = ".lock"
BEAT, GONE = 20.0, 60.0  # seconds between beats, and without one until the lock counts as left
_LARGEST = 1 << 20  # bytes of a lock
_LONGEST = 1100  # digits of its number: more than a key can have
NO_CONDITIONS = (
    "{}: this store cannot create an object only where there is none, so nothing stops a second command here. "
    "Run one at a time."
)


class Held:
    """The lock of a work directory, held by this process; `check` raises Locked once it is another's."""

    def __init__(self, store: Store, number: int, about: dict[str, Any]) -> None:
        self._store, self._number, self._about = store, number, about
        self.is_lost = False
        self.leaves_nothing = False  # the lock goes with its holder: there is nothing else here

    @property
    def name(self) -> str:
        """The object of the lock."""
        return _name(self._number)

    def beat(self, released: bool = False) -> None:
        """Tell others that the lock is held, or that it is no more; raises Locked."""
        self.check()
        self._store.put(self.name, _bytes({**self._about, "beat": now(), "released": released}))

    def release(self) -> None:
        """Let others have the lock; where that fails, they wait until its last beat is old."""
        with suppress(NegmineError):
            if self.leaves_nothing:
                self._store.delete([self.name])
            else:
                self.beat(released=True)

    def check(self) -> None:
        """Raise Locked where another command has taken the lock over."""
        highest = max(_numbers(self._store.list(FOLDER)), default=self._number)
        if highest > self._number:
            self.is_lost = True
            raise Locked(
                f"{self._store.address} was taken over by another command, since this one was not heard of for "
                f"{GONE:.0f} seconds. What it made is kept. Run the same command again when the other is done."
            )


@contextmanager
def held(
    store: Store,
    mirror: str,
    note: Callable[[str], None],
    at_beat: Callable[[], None] = lambda: None,
) -> Iterator[Held]:
    """Hold the lock while the block runs. Raises Locked, naming the holder.

    mirror: the name of this machine's mirror, whose own lock this process holds: a holder with the same mirror
    is dead. note: receives a sentence where the lock is taken over, or the store cannot keep it. at_beat: is
    called, in a thread, after every beat.
    """
    entries = store.list(FOLDER)
    numbers = _numbers(entries)
    last = max(numbers, default=0)
    before = _holder(store, last, entries) if last else {}
    if last:
        _require_free(store, last, before, mirror, note)
    conditional = before["conditional"] if "conditional" in before else _has_conditions(store)
    if not conditional:
        note(NO_CONDITIONS.format(store.address))
    about = {
        "attempt": secrets.token_hex(8), "pid": os.getpid(), "host": socket.gethostname(),
        "since": now(), "mirror": mirror, "conditional": conditional,
    }  # fmt: skip
    lock = Held(store, last + 1, about)
    _take(store, lock.name, about, conditional)
    store.delete(_name(number) for number in numbers)
    try:
        lock.check()  # others may have come and gone since the listing
        with _beating(lock, at_beat):
            yield lock
    finally:
        lock.release()


def holder_at(store: Store) -> str:
    """Return what only the command has that holds the lock; empty where nobody does."""
    entries = store.list(FOLDER)
    last = max(_numbers(entries), default=0)
    holder = _holder(store, last, entries) if last else {}
    return "" if holder.get("released") else str(holder.get("attempt", ""))


def _take(store: Store, name: str, about: dict[str, Any], conditional: bool) -> None:
    data = _bytes({**about, "beat": now(), "released": False})
    if not conditional:
        store.put(name, data)
        return
    try:
        store.create(name, data)
    except FileExistsError:
        raise Locked(
            f"{store.address} is in use by another command that has just begun. Wait for it, or stop it."
        ) from None


@contextmanager
def _beating(lock: Held, at_beat: Callable[[], None]) -> Iterator[None]:
    """Beat in a thread while the block runs. A beat that fails is tried again at the next one."""
    stop = Event()

    def beats() -> None:
        while not stop.wait(BEAT):
            with suppress(NegmineError, OSError):
                lock.beat()
                at_beat()

    thread = Thread(target=beats, name="lock", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _require_free(
    store: Store, number: int, holder: dict[str, Any], mirror: str, note: Callable[[str], None]
) -> None:
    """Raise Locked where the holder of this number has been heard of lately."""
    if holder.get("released"):
        return
    who = f"{holder.get('host', 'another machine')}, process {holder.get('pid', '?')}"
    if holder.get("mirror") == mirror:
        note(f"{store.address} was left by {who}: this command goes on")
        return
    age = _age(store, _name(number))
    if age is not None and age < GONE:
        raise Locked(
            f"{store.address} is in use by {who}, last seen {age:.0f} s ago. Wait for it, or stop it: "
            f"{GONE:.0f} seconds after that, the same command goes on."
        )
    note(f"{store.address} was left by {who}: this command takes over")


def _age(store: Store, name: str) -> float | None:
    """Return the seconds since an object was written, by the store's clock; None where it is gone."""
    clock = f"{FOLDER}/clock-{secrets.token_hex(8)}"
    store.put(clock, b"now")
    try:
        entries = store.list(FOLDER)
    finally:
        store.delete([clock])
    if name not in entries or clock not in entries:
        return None
    return (entries[clock].modified - entries[name].modified).total_seconds()


def _has_conditions(store: Store) -> bool:
    """Try whether the store refuses to create an object that is there."""
    probe = f"{FOLDER}/probe-{secrets.token_hex(8)}"
    try:
        store.create(probe, secrets.token_bytes(8))
        store.create(probe, secrets.token_bytes(8))
    except FileExistsError:
        return True
    except Unconditional:
        return False
    finally:
        store.delete([probe])
    return False


def _holder(store: Store, number: int, entries: dict[str, Entry]) -> dict[str, Any]:
    """Return what a lock says of its holder; a lock that cannot be read says nothing."""
    name = _name(number)
    if name not in entries or entries[name].bytes > _LARGEST:
        return {}
    try:
        about = parsed(store.get(name))
    except (FileNotFoundError, ValueError):
        return {}
    return about if isinstance(about, dict) else {}


def _numbers(entries: dict[str, Entry]) -> list[int]:
    names = (name.rpartition("/")[2] for name in entries)
    return [
        int(name) for name in names if name.isascii() and name.isdigit() and len(name) <= _LONGEST
    ]


def _name(number: int) -> str:
    return f"{FOLDER}/{number:08d}"


def _bytes(about: dict[str, Any]) -> bytes:
    return json.dumps(about).encode()
