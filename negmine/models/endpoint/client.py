"""What goes over the wire to an endpoint: its key alone, to the host that was named with it.

The `openai` client reads settings, headers and secrets for OpenAI's own service from variables OPENAI_*. Here
none of them has a say. Redirects within the host are followed; elsewhere go neither key nor texts.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from negmine.errors import NegmineError, SettingsError

_PREFIX = "OPENAI_"
_UNREACHED: dict[type[OSError], str] = {
    ssl.SSLCertVerificationError: "its certificate is not valid for this host, or not known here",
    ssl.SSLError: "no TLS connection, is it http:// and not https://?",
    socket.gaierror: "the name of its host is not known: no DNS, or a typing error",
    ConnectionRefusedError: "nothing listens at this host and port: connection refused",
    ConnectionResetError: "it has cut the connection",
}
_one_at_a_time = threading.Lock()


Elsewhere = Callable[[str, str], NegmineError]
"""Makes the error of a redirect: from the host that was named to another, each as scheme://host:port."""


def api_key(variables: Sequence[str]) -> str:
    """Return the key from the first of these variables that has one, or nothing.

    Raises SettingsError for a key that cannot be sent.
    """
    name = next((name for name in variables if os.environ.get(name, "").strip()), None)
    if name is None:
        return ""
    key = os.environ[name].strip()
    if not key.isascii() or not key.isprintable():
        raise SettingsError(
            f"{name} has a character in it that is no part of a key (it must be printable ASCII). "
            "Set it again."
        )
    return key


def import_openai() -> Any:
    """Return the package, imported without what OPENAI_LOG would turn on. Raises ImportError."""
    with _without_openai_variables():
        import openai

    return openai


def open_client(url: str, key: str, timeout: float, elsewhere: Elsewhere, most_bytes: int) -> Any:
    """Return a client that sends to the host of `url` alone: a redirect elsewhere raises `elsewhere`.

    That error may come as the cause of the client's own. most_bytes: of an answer (see `bound`).
    """
    openai = import_openai()

    async def refuse_elsewhere(request: Any) -> None:
        if _origin(request.url) != home:
            raise elsewhere(_shown(home), _shown(_origin(request.url)))

    with _without_openai_variables():
        transport = openai.DefaultAsyncHttpxClient(
            timeout=timeout,
            event_hooks={"request": [refuse_elsewhere], "response": [partial(bound, most_bytes)]},
            headers={"Accept-Encoding": "identity"},
        )
        client = openai.AsyncOpenAI(
            base_url=url,
            api_key=key or "none",
            timeout=timeout,
            max_retries=0,
            http_client=transport,
        )
    home = _origin(client.base_url)
    return client


def why_unreached(error: BaseException) -> str:
    """Return why there is no connection, in words; nothing where the cause is another one.

    The client says "Connection error." of all; the reason is in the chain of causes.
    """
    cause: BaseException | None = error
    while cause is not None:
        for kind, words in _UNREACHED.items():
            if isinstance(cause, kind):
                return f"{words}: {cause.strerror or cause}" if kind is ssl.SSLError else words
        cause = cause.__cause__ or cause.__context__
    return ""


async def bound(most_bytes: int, response: Any) -> None:
    """Cut what a server sends after `most_bytes`: what is left is no JSON, and counts as no answer.

    A packed answer is not unpacked, since it may become of any size; it was not asked for. A message is read as
    UTF-8: the code that a header names may be none, or none of texts.
    """
    response.encoding = "utf-8"
    if response.headers.get("content-encoding", "identity") != "identity":
        del response.headers["content-encoding"]
    inner = response.stream
    kind = next(one for one in type(inner).__mro__ if one.__name__ == "AsyncByteStream")

    class Bounded(kind):  # type: ignore[valid-type, misc]
        async def __aiter__(self) -> AsyncIterator[bytes]:
            left = most_bytes
            async for chunk in inner:
                yield chunk[:left]
                left -= len(chunk)
                if left <= 0:
                    return

        async def aclose(self) -> None:
            await inner.aclose()

    response.stream = Bounded()


def _origin(url: Any) -> tuple[str, str, int | None]:
    """Return scheme, host and port of a URL of the client; without a port, that of the scheme."""
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)


def _shown(origin: tuple[str, str, int | None]) -> str:
    scheme, host, port = origin
    return f"{scheme}://{host}:{port}"


@contextmanager
def _without_openai_variables() -> Iterator[None]:
    """Take all variables OPENAI_* out of the environment while the client is imported and made."""
    with _one_at_a_time:
        hidden = {name: os.environ.pop(name) for name in list(os.environ) if _is_openai(name)}
        try:
            yield
        finally:
            os.environ.update(hidden)


def _is_openai(name: str) -> bool:
    return name.upper().startswith(_PREFIX)
