"""Files of object stores and of the web, by fsspec."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from negmine.config.addresses import Address
from negmine.data.identity import identity_of
from negmine.data.sources.places import is_pattern
from negmine.errors import InputError, NegmineError
from negmine.storage.remote.cache import cache_size, too_large
from negmine.storage.remote.seen import Seen
from negmine.storage.remote.trouble import PACKAGES, Torn, explained, retried

# What servers call a checksum, else the time of the last change; the first that is there counts.
CHECKSUMS = ("sha256", "md5Hash", "ETag", "etag", "Content-MD5", "content_md5", "Digest", "crc32c")
OF_THIS_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
CHANGED = ("generation", "Last-Modified", "LastModified", "last_modified", "updated", "mtime")


def is_web(address: Address) -> bool:
    """Tell whether an address names a file of the web, where there are no folders and no patterns."""
    return PACKAGES.get(address.scheme) == "aiohttp"


def look(address: Address) -> Seen:
    """Return what the server says of a file. Raises InputError, MissingDependency."""
    info = _tried(address, "looking at it", lambda system, path: system.info(path))
    if info.get("type") == "directory":
        raise InputError(f"{address} is a folder. Name a file, or several by a pattern.")
    version = version_of(info)
    if not version:
        raise InputError(
            f"{address}: its server gives no ETag and no time of the last change, so a change would not be "
            "noticed. Download the file, and name it."
        )
    size = info.get("size")
    size = size if isinstance(size, int) else None
    where = str(address) if is_web(address) else ""  # an etag of the web is of its own server
    return Seen(version, size, f"remote:{identity_of([where, version, size])}")


def is_folder(address: Address) -> bool:
    """Tell a folder from a file. Raises InputError where there is neither."""
    info = _tried(address, "looking at it", lambda system, path: system.info(path))
    return bool(info.get("type") == "directory")


def names_below(folder: Address, depth: int) -> list[str]:
    """Return the files of a folder and, to a depth, of the folders in it: relative, sorted."""

    def below(system: Any, path: str) -> list[str]:
        found = map(str, system.find(path, maxdepth=depth))
        names = [name for one in found if (name := one.removeprefix(path.rstrip("/")).lstrip("/"))]
        if not names:
            system.ls(path)  # `find` passes over a folder that may not be read
            raise FileNotFoundError(folder.name)
        return sorted(names)

    names: list[str] = _tried(folder, "listing it", below)
    return names


def matches(pattern: Address) -> list[Address]:
    """Return the files that fit a pattern, by name."""
    before = [one for one in pattern.parents if not is_pattern(str(one))]
    root = before[0] if before else pattern

    def fitting(system: Any, path: str) -> list[str]:
        top = str(system._strip_protocol(root.full)).rstrip("/")
        return [str(one).removeprefix(top).lstrip("/") for one in system.glob(path)]

    return [root / name for name in sorted(_tried(pattern, "listing it", fitting))]


def fetch(address: Address, seen: Seen, path: Path) -> None:
    """Write a file's bytes to `path`: all of them, and of the version that was seen.

    Raises InputError where a web server sends more bytes than it said or, if it said nothing, than all copies
    may have.
    """

    def attempt(system: Any, remote: str) -> None:
        bound = {"callback": _bound(address, seen.size)} if is_web(address) else {}
        system.get_file(remote, str(path), **bound)
        size = path.stat().st_size
        if seen.size is not None and size != seen.size:
            raise Torn(f"only {size:,} of {seen.size:,} bytes came")
        if size == 0 and is_web(address):  # also a redirect to nowhere
            raise InputError(f"{address} is empty: its server sends no bytes. Check the address.")

    _tried(address, "reading it", attempt)
    if look(address).version != seen.version:
        raise InputError(f"{address} was changed while it was read. Run the command again.")


def _bound(address: Address, size: int | None) -> Any:
    """Return what counts the bytes that come, and ends a download that has too many: a body may have no end."""
    from fsspec.callbacks import Callback

    most = cache_size() if size is None else size

    class Bound(Callback):  # type: ignore[misc]
        come = 0

        def relative_update(self, inc: int = 1) -> None:
            self.come += inc
            if self.come > most and size is None:
                raise too_large(address, self.come)
            if self.come > most:
                raise InputError(
                    f"{address}: its server sends more than the {most:,} bytes that it says the file has. It "
                    "was changed while it was read, or the server is wrong. Run the command again."
                )

    return Bound()


def version_of(info: dict[str, Any]) -> str:
    """Return what tells this version of an object from others; empty where the server says nothing."""
    for name in (*CHECKSUMS, *CHANGED):
        if value := info.get(name):
            return f"{name.lower()} {str(value).strip(chr(34))}"
    return ""


def _tried(address: Address, operation: str, work: Callable[[Any, str], Any]) -> Any:
    """Return what `work` returns for file system and path of an address, tried again where that may help.

    Nothing that was listed earlier counts. Raises a NegmineError with what failed.
    """
    try:
        return retried(lambda: work(*opened(address)))
    except NegmineError:
        raise
    except Exception as error:  # of any of fsspec's many clients
        if isinstance(error, OSError) and error.errno in OF_THIS_MACHINE:
            raise
        raise explained(address, operation, error, has_bucket(address, error)) from None


def has_bucket(address: Address, error: Exception) -> bool:
    """Tell, where something is not there, whether at least its bucket is."""
    if is_web(address) or not isinstance(error, FileNotFoundError):
        return True
    try:
        system, path = opened(address)
        system.info(path.partition("/")[0])
    except FileNotFoundError:
        return False
    except Exception:  # a bucket that may not be looked at may be there
        return True
    return True


def opened(address: Address) -> tuple[Any, str]:
    """Return the file system of an address, which remembers nothing of what is there, and the path in it."""
    from fsspec.registry import known_implementations, registry

    if address.scheme not in {*known_implementations, *registry}:
        raise InputError(f"{address}: fsspec does not know {address.scheme}://.")
    if is_web(address):
        system = _made(address)
    else:
        container = address.full.partition("://")[2].partition("/")[0]
        environment = hash(frozenset(os.environ.items()))
        system = _client(os.getpid(), f"{address.scheme}://{container}", environment)
    return system, str(system._strip_protocol(address.full))


@lru_cache(maxsize=8)
def _client(process: int, root: str, environment: int) -> Any:
    """Return the file system of a bucket: making its client takes longer than a request."""
    return _made(Address(root))


def _made(address: Address) -> Any:
    from fsspec.core import url_to_fs

    options = {"use_listings_cache": False, "skip_instance_cache": True, **_options(address)}
    return url_to_fs(address.full, **options)[0]


def _options(address: Address) -> dict[str, Any]:
    """Return options for a file system: no long waits; tries are ours."""
    if PACKAGES.get(address.scheme) == "s3fs":
        return {
            "max_concurrency": 4,
            "config_kwargs": {
                "connect_timeout": 10,
                "read_timeout": 60,
                "retries": {"max_attempts": 1},
            },
        }
    if is_web(address):
        from aiohttp import ClientTimeout

        waits = ClientTimeout(
            total=None, sock_connect=10, sock_read=60
        )  # its own total is 5 minutes
        return {"client_kwargs": {"timeout": waits, "trust_env": True}}  # proxies
    return {}
