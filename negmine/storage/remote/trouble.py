"""What goes wrong with addresses: which errors are tried again, and one message for each of the others."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from negmine.config.addresses import HUB, Address, shown
from negmine.config.secrets import redacted
from negmine.errors import InputError, MissingDependency, NegmineError

T = TypeVar("T")
TRIES = 4
PAUSE = 0.5  # seconds before the second try, then twice as long each time
PACKAGES = {
    "s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "abfss": "adlfs",
    "az": "adlfs", "http": "aiohttp", "https": "aiohttp", "sftp": "paramiko", "ssh": "paramiko",
}  # fmt: skip
KEYS = {
    "s3fs": "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    "gcsfs": "Set GOOGLE_APPLICATION_CREDENTIALS",
    "adlfs": "Set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
_DENIED, _GONE, _LATER = (401, 403), (404, 410), (408, 425, 429)
_QUERY = re.compile(r"[?][^\s'\")]*")
_BY_NAME = (
    "Connect",
    "Timeout",
    "Payload",
    "IncompleteRead",
    "Disconnected",
    "ProtocolError",
    "ResponseStreaming",
)


class Torn(Exception):
    """A download that does not have the bytes that it must have."""


def retried(work: Callable[[], T], pause: Callable[[float], None] = time.sleep) -> T:
    """Return what `work` returns; what may pass by itself is tried again, with longer and longer pauses."""
    for attempt in range(1, TRIES):
        try:
            return work()
        except NegmineError:
            raise
        except Exception as error:
            if not may_pass(error):
                raise
            pause(PAUSE * 2 ** (attempt - 1))
    return work()


def may_pass(error: BaseException) -> bool:
    """Tell whether an error may be gone at the next try: of the network, or of an overloaded server."""
    status = status_of(error)
    if status is not None:
        return status >= 500 or status in _LATER
    if isinstance(error, Torn):
        return True
    if isinstance(error, PermissionError):
        return False
    names = [type(one).__name__ for one in _chain(error)]
    return any(mark in name for name in names for mark in _BY_NAME)


def explained(
    address: Address,
    operation: str,
    error: Exception,
    has_bucket: bool = True,
    verb: str = "read",
) -> NegmineError:
    """Return the error to raise: what failed, at which address, and what to do; without secrets.

    operation: what was tried, such as `looking at it`. has_bucket: whether the bucket exists. verb: what cannot
    be done, such as `written`.
    """
    package = PACKAGES.get(address.scheme, "")
    start, place = f"{address} cannot be {verb}", _place(address)
    status = status_of(error)
    names = {type(one).__name__ for one in _chain(error)}
    if isinstance(error, ImportError):
        package = package or "the package that it needs"
        return MissingDependency(f"{start}: it needs {package}. Run: pip install {package}")
    if "NoCredentialsError" in names or "NoAuthTokenError" in names:
        return InputError(
            f"{start}: no credentials for {place} ({operation}). {KEYS.get(package, '')}."
        )
    if status in _DENIED or isinstance(error, PermissionError):
        how = (
            KEYS.get(package)
            or "A signed address ends sometime, and its query is never kept: name it anew"
        )
        return InputError(
            f"{start}: access to {place} is denied ({operation}{_code(error, status)}). {how}."
        )
    if status in _GONE or (isinstance(error, FileNotFoundError) and not may_pass(error)):
        return InputError(
            f"{start}: {_absent(address, place, has_bucket)} ({operation}). Check the address."
        )
    if isinstance(error, Torn):
        return InputError(f"{start}: {error} ({operation}, {TRIES} times). Try again later.")
    if may_pass(error):
        return InputError(
            f"{start}: {place} cannot be reached ({operation}{_code(error, status)}, {TRIES} times). Check the "
            f"network{_endpoint(package)}, or try again later."
        )
    return InputError(f"{start}: {place} ({operation}): {_reason(error)}.")


def _endpoint(package: str) -> str:
    """Return the variable that names another server than the usual one, where it is set."""
    set_here = [name for name in ENDPOINTS if package == "s3fs" and os.environ.get(name)]
    return f", {set_here[0]} ({shown(os.environ[set_here[0]])})" if set_here else ""


def _place(address: Address) -> str:
    """Return what is meant in words: bucket and key, or host and path."""
    if address.scheme == HUB:
        return "the Hugging Face Hub"
    container, _, rest = str(address).partition("://")[2].partition("/")
    if PACKAGES.get(address.scheme) == "aiohttp":
        return f"file /{rest} at host {container}"
    return f"bucket {container}" + (f", key {rest}" if rest else "")


def _absent(address: Address, place: str, has_bucket: bool) -> str:
    bucket, _, key = place.partition(", key ")
    if not has_bucket or not key:
        return f"there is no {bucket}"
    return f"{bucket} has no key {key}"


def _code(error: Exception, status: int | None) -> str:
    if status is not None:
        return f", status {status}"
    names = [type(one).__name__ for one in _chain(error)]
    return f", {names[-1]}"


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status that an error, or its cause, has."""
    for one in _chain(error):
        response = getattr(one, "response", None)
        status = getattr(one, "status", None) or getattr(response, "status_code", None)
        if isinstance(response, dict):  # botocore
            status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if isinstance(status, int):
            return status
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, its cause, the cause of that ..."""
    seen: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in seen:
        seen.append(current)
        yield current
        current = current.__cause__ or current.__context__


def _reason(error: Exception) -> str:
    """Return an error in words, without the query of an address, and without secrets."""
    text = next(iter(str(error).splitlines()), "") or type(error).__name__
    return redacted(_QUERY.sub("", text))[:200].rstrip(".")
