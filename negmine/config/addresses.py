"""Addresses: files and folders that are not of this machine, and datasets of the Hugging Face Hub by name."""

from __future__ import annotations

import re
from pathlib import Path, PosixPath
from typing import Any

from negmine.config.naming import is_address
from negmine.errors import SettingsError

HUB = "hf"
DATASETS = "hf://datasets/"
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w./-]+)?")
_FILE = re.compile(r"\.(jsonl?|ndjson|csv|tsv|txt|parquet|arrow|feather|ipc|npy|gz|toml)$", re.I)
_USER = re.compile(r"(?<=//)[^/?#@]*@")
_WEB = ("http", "https")
_CONTAINERS = ("abfs", "abfss")  # what is before their @ is a container
_HERE = re.compile(r"(file|local):/+", re.IGNORECASE)


class Address(PosixPath):
    """A path on another machine: `s3://bucket/key`, `hf://datasets/owner/name`, `https://host/file`.

    As text it has neither user and password nor, on the web, a query. These are in `full` alone: they are used
    to read, and never stored or shown.
    """

    @property
    def full(self) -> str:
        """The address with all that is needed to read it."""
        return re.sub(r":/+", "://", super().__str__(), count=1)

    @property
    def scheme(self) -> str:
        """What stands before the colon, in small letters: s3, hf, https."""
        return self.full.partition(":")[0].lower()

    @property
    def name(self) -> str:
        """The last part of the path, without a query."""
        return str(self).rpartition("/")[2] if self.scheme in _WEB else super().name

    def __str__(self) -> str:
        address = self.full if self.scheme in _CONTAINERS else _USER.sub("", self.full)
        return re.split("[?#]", address)[0] if self.scheme in _WEB else address

    def __repr__(self) -> str:
        return f"Address({str(self)!r})"

    def __reduce__(self) -> tuple[type[Address], tuple[str]]:
        return Address, (self.full,)


def as_address(value: Any) -> Any:
    """Return an address as an Address, file:///path as a path; anything else as it is.

    Raises ValueError for a chain of addresses (`zip://a::s3://b`) and for keys in an address of S3.
    """
    text = value.full if isinstance(value, Address) else str(value)
    if not isinstance(value, str | Path) or not is_address(text):
        return value
    if _HERE.match(text):
        return Path("/" + _HERE.sub("", text))
    if "::" in text:
        raise ValueError("this is a chain of addresses. Name the file or folder itself")
    address = Address(text)
    if address.scheme in ("s3", "s3a") and str(address) != address.full:
        raise ValueError(
            "keys do not belong in an address. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    return address


def shown(value: Any) -> Any:
    """Return what a message may show of a setting's value: of an address nothing secret."""
    is_path = isinstance(value, str | Path) and is_address(value)
    return str(Address(str(value))) if is_path else value


def place_of(path: Path, what: str) -> Path:
    """Return the path, address or dataset of the Hub that a path means; raise SettingsError, naming `what`."""
    try:
        place = as_address(path)
    except ValueError as error:
        raise SettingsError(f"{what} {shown(path)}: {error}.") from error
    return as_dataset(place) or Path(place) if not isinstance(place, Address) else place


def as_dataset(path: Path, folder: Path | None = None) -> Address | None:
    """Return the address of the dataset of the Hub that `owner/name` or `owner/name@revision` means.

    None for another path, and for one that exists. folder: what the path is relative to.
    """
    text = str(path)
    is_name = _HUB_NAME.fullmatch(text) is not None and _FILE.search(text) is None
    if isinstance(path, Address) or not is_name or (folder or Path()).joinpath(path).exists():
        return None
    return Address(DATASETS + text)
