"""An OpenAI-compatible /embeddings endpoint: one request, and what its answer must be."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from negmine.data.arrays import Floats
from negmine.errors import MissingDependency, RetrieverError
from negmine.models.endpoint.client import api_key, import_openai, open_client
from negmine.models.endpoint.insist import Insisting, is_passing

KEY = "NEGMINE_EMBEDDING_KEY"
MOST_BYTES = 64_000_000  # of an answer; 32 vectors of 4,096 numbers have about 3 million
NOT_THESE_TEXTS = (400, 413, 422)


class Refused(Exception):
    """The endpoint does not take these texts: too many, too long, or one of them is at fault."""


class Answer(NamedTuple):
    """What an endpoint sent. vectors: float32 [texts, dimensions]. tokens: as it counted, 0 if it does not."""

    vectors: Floats
    tokens: int


class Embeddings:
    """One endpoint and model. The key comes from the environment and is kept nowhere.

    dimensions: that are asked for, None for the model's own. timeout, retries, note: see Insisting. Raises
    MissingDependency without the openai client.
    """

    def __init__(
        self,
        url: str,
        model: str,
        dimensions: int | None,
        timeout: float,
        retries: int,
        note: Callable[[str], None] = lambda message: None,
    ) -> None:
        try:
            openai = import_openai()
        except ImportError as error:
            raise MissingDependency(
                "--model-url needs the openai client. Install it: pip install 'negmine[judge]'"
            ) from error
        self._url, self._model, self._openai = url, model, openai
        who = f"The endpoint at {url}"
        self._insist = Insisting(timeout, retries, "--embedding-timeout", who, note)
        key = api_key([KEY])
        self._headers: Any = {} if key else {"Authorization": openai.Omit()}
        self._body = {} if dimensions is None else {"dimensions": dimensions}
        self._client = open_client(url, key, timeout, _elsewhere, MOST_BYTES)

    async def ask(self, texts: Sequence[str]) -> Answer:
        """Return the vectors of texts.

        Raises Refused where the endpoint takes other texts, maybe; RetrieverError where it does not answer, or
        sends no vectors.
        """
        try:
            sent = await self._insist(partial(self._send, list(texts)))
        except self._openai.APIStatusError as error:
            if error.status_code in NOT_THESE_TEXTS:
                raise Refused(self._insist.words(error)) from error
            self.stop()
            raise self._silent(error) if is_passing(error) else self._refuses(error) from error
        except (self._openai.OpenAIError, TimeoutError) as error:
            self.stop()
            raise self._silent(error) from error
        try:
            return read(sent, len(texts))
        except ValueError as error:
            self.stop()
            raise RetrieverError(
                f"The endpoint at {self._url} sent no embeddings: {error}. Is it an OpenAI-compatible "
                f"address, and --model {self._model} an embedding model? Vectors made so far are kept."
            ) from error

    def stop(self) -> None:
        """Try no call again that fails from now on."""
        self._insist.failed = True

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _send(self, texts: list[str]) -> bytes:
        """Return the body of the answer, unread: it may be anything."""
        response = await self._client.embeddings.with_raw_response.create(
            model=self._model,
            input=texts,
            encoding_format="float",
            extra_headers=self._headers,
            extra_body=self._body,
        )
        return bytes(response.content)

    def _silent(self, error: Exception) -> RetrieverError:
        return RetrieverError(
            f"The endpoint at {self._url} does not answer ({self._insist.words(error)}). Vectors made so far "
            "are kept: run the same command again to go on."
        )

    def _refuses(self, error: Exception) -> RetrieverError:
        return RetrieverError(
            f"The endpoint at {self._url} refuses: {self._insist.words(error)}. Check {KEY}, --model-url and "
            "--model; vectors made so far are kept."
        )


def read(body: bytes, count: int) -> Answer:
    """Return the vectors of an answer, in the order of their `index`; raise ValueError, in words, for others.

    count: of texts that were sent. A vector is a list of numbers, or base64 of float32 (little-endian).
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError("the answer is no JSON") from None
    rows = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("the answer has no list `data`")
    if len(rows) != count:
        raise ValueError(f"it sent {len(rows):,} vectors for {count:,} texts")
    places = [row.get("index") for row in rows]
    if not all(type(place) is int for place in places) or sorted(places) != list(range(count)):
        raise ValueError(f"the `index` of its vectors is not each of 0 to {count - 1:,} once")
    vectors = [_vector(row.get("embedding")) for row in rows]
    if len({vector.shape for vector in vectors}) > 1:
        raise ValueError("its vectors have different numbers of dimensions")
    stacked = np.stack(vectors)
    if not np.isfinite(stacked).all() or not stacked.any(axis=1).all():
        raise ValueError("a vector is zero or not finite")
    ordered: Floats = stacked[np.argsort(places)]
    return Answer(ordered, _tokens(answer.get("usage")))


def _vector(value: Any) -> Floats:
    """Return one vector, float32 [dimensions]; raise ValueError for what is none."""
    try:
        if isinstance(value, str):
            return np.frombuffer(base64.b64decode(value, validate=True), "<f4")
        with np.errstate(over="ignore"):
            numbers = np.asarray(value)
            if numbers.dtype.kind in "if" and numbers.ndim == 1 and len(numbers):
                return numbers.astype(np.float32)
    except (ValueError, binascii.Error):
        pass
    raise ValueError("an `embedding` is no list of numbers")


def _tokens(usage: Any) -> int:
    """Return the tokens that the endpoint counted; 0 where it does not tell, or tells nonsense."""
    for name in ("total_tokens", "prompt_tokens"):
        value = usage.get(name) if isinstance(usage, dict) else None
        if type(value) is int and 0 < value < 1_000_000_000:
            return value
    return 0


def _elsewhere(home: str, target: str) -> RetrieverError:
    return RetrieverError(
        f"The endpoint at {home} redirects to {target}, and neither the key nor texts go there. If that is "
        "the endpoint you want, give its address as --model-url."
    )
