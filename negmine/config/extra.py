"""What a setting adds to the body of every call to an endpoint."""

from __future__ import annotations

import json
from typing import Any

from negmine.config.json_text import parsed
from negmine.errors import SettingsError

TAKEN = ("messages", "model", "stream", "n")


def extra_fields(flag: str, text: str | None, url_flag: str, url: str | None) -> dict[str, Any]:
    """Return the fields of a JSON object; nothing without one.

    url: the endpoint that gets them. Raises SettingsError for another text, and where there is no endpoint.
    """
    if text is None:
        return {}
    try:
        fields = parsed(text)
        json.dumps(fields, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict) or any(name in fields for name in TAKEN):
        raise SettingsError(
            f"{flag} {text}: say a JSON object without {', '.join(TAKEN)}, NaN, Infinity, "
            'as {"temperature": null, "reasoning_effort": "low"}.'
        )
    if url is None:
        raise SettingsError(f"{flag} is sent to an endpoint. Give {url_flag}.")
    return fields
