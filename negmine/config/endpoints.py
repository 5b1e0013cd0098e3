"""Addresses of endpoints, and what a command may spend there: as text in a setting, checked and read."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from negmine.config.secrets import shown_url
from negmine.errors import SettingsError


def check_url(flag: str, url: str, variable: str) -> None:
    """Raise SettingsError for what is no web address, or has a secret in it.

    variable: of the environment, which has the key.
    """
    if not _is_web_address(url):
        raise SettingsError(
            f"{flag} {shown_url(url)!r} is no web address. Say http://HOST:PORT/v1 or https://HOST/v1."
        )
    if shown_url(url) != url:
        raise SettingsError(
            f"{flag} {shown_url(url)}: the address also has a user, a password or a query in it, which "
            f"would be stored. Give the address alone, and the key as {variable}."
        )


def host_of(url: str) -> str:
    """Return host and port of a web address, in lower case: `localhost:8000`."""
    return urlsplit(url).netloc.lower()


def budget_of(flag: str, text: str | None, unit: str) -> dict[str, int]:
    """Return what a budget allows, as {"calls": 5000} or {"tokens": 2000000}; nothing without one.

    unit: the other unit beside tokens, and the default. Raises SettingsError for another text.
    """
    if text is None:
        return {}
    match = re.fullmatch(rf"([\d_]+) ?({unit}|tokens)?", text)
    if match is None:
        raise SettingsError(f"{flag} {text}: say 5000, or 5000{unit}, or 2000000tokens.")
    return {match[2] or unit: int(match[1].replace("_", ""))}


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_http = parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:
        return False
    return is_http and bool(parts.hostname) and url.isascii() and not re.search(r"\s", url)
