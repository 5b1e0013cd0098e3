"""What a server says of a file."""

from __future__ import annotations

from typing import NamedTuple


class Seen(NamedTuple):
    """A file at an address, as its server describes it.

    version: its checksum or etag, else when it was changed. size: bytes, or None where the server does not say.
    revision: the commit of a dataset of the Hub. fingerprint: what identifies its content in manifests.
    """

    version: str
    size: int | None
    fingerprint: str
    revision: str = ""
