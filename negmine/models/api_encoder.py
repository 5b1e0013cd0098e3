"""An encoder behind an OpenAI-compatible endpoint: vLLM, TEI, or a provider (`--model-url`).

Its vectors are cached by content like those of any encoder. But the weights of an endpoint cannot be hashed:
the host, the model's name, the prompts and the dimensions are all that tells its vectors from others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from negmine.config.dense import EncoderSettings
from negmine.config.endpoints import budget_of, host_of
from negmine.config.settings import IndexSettings
from negmine.data.arrays import BatchedRows, Floats, Places
from negmine.data.identity import identity_of
from negmine.errors import RetrieverError
from negmine.models.encoder import Kind, read_as
from negmine.models.endpoint.budget import Budget, BudgetSpent, guess_tokens
from negmine.models.endpoint.embeddings import Answer, Embeddings, Refused
from negmine.models.norms import Norms

MOST_TOKENS = 16_384  # of a request, as estimated; what TEI takes by default
_SHOWN = 60  # characters of a text in a message

Rows = list[tuple[Places, Floats]]


def plan(texts: Sequence[str], most_texts: int, most_tokens: int) -> list[Places]:
    """Return the places of texts in requests, in order: at most so many texts and estimated tokens in each.

    A text of more tokens has a request of its own.
    """
    batches: list[list[int]] = []
    room = 0
    for place, text in enumerate(texts):
        tokens = guess_tokens(text)
        if not batches or len(batches[-1]) >= most_texts or tokens > room:
            batches.append([])
            room = most_tokens
        batches[-1].append(place)
        room -= tokens
    return [np.array(batch, np.int64) for batch in batches]


class ApiEncoder:
    """A model at an endpoint, with the methods of Encoder. Nothing is sent before texts are encoded."""

    dtype = "endpoint"
    own_similarity = ""

    def __init__(
        self, wanted: EncoderSettings, settings: IndexSettings, flag: str = "--model"
    ) -> None:
        assert settings.model_url is not None
        self._wanted, self._settings = wanted, settings
        self.host = host_of(settings.model_url)
        self.fingerprint = identity_of(["endpoint", self.host, wanted.model])
        self.name = f"{flag} {wanted.model} at {self.host}"
        self.norms = Norms(settings.similarity)
        allowed = budget_of("--embedding-budget", settings.embedding_budget, "texts")
        self.budget = Budget(allowed.get("texts"), allowed.get("tokens"))
        self._width = 0

    def identity(self, kind: Kind) -> str:
        """Return what tells this encoder's vectors of queries, or of documents, from all others."""
        raw = ["dot"] if self._settings.similarity == "dot" else []  # their lengths are kept
        cut = [] if self._wanted.dimensions is None else [self._wanted.dimensions]
        role = read_as(kind, self._settings)
        return identity_of([self.fingerprint, self.prompt(kind), role, *cut, *raw])

    def prompt(self, kind: Kind) -> str:
        """Return the text that goes before every query or document: as set, else nothing."""
        wanted = self._wanted
        is_query = read_as(kind, self._settings) == "query"
        return (wanted.query_prompt if is_query else wanted.document_prompt) or ""

    def plan(self, texts: Sequence[str]) -> list[Places]:
        """Return the requests of texts that have their prompts: places, within --batch-size and the budget."""
        texts_left, tokens_left = self.budget.calls, self.budget.tokens
        most = min(self._settings.batch_size, texts_left or self._settings.batch_size)
        return plan(texts, max(1, most), min(MOST_TOKENS, tokens_left or MOST_TOKENS))

    def work(self, kind: Kind, note: Callable[[str], None] = lambda message: None) -> BatchedRows:
        """Return what encodes texts request by request (see BatchedRows), as they are answered.

        Raises RetrieverError where the endpoint fails, or the budget is spent; what was answered comes before.
        """

        def encoded(texts: Sequence[str]) -> Iterator[tuple[Places, Floats]]:
            prompt, settings = self.prompt(kind), self._settings
            asked = [prompt + text for text in texts]
            with asyncio.Runner() as runner:
                endpoint = Embeddings(
                    str(settings.model_url), self._wanted.model, self._wanted.dimensions,
                    settings.embedding_timeout, settings.embedding_retries, note,
                )  # fmt: skip
                try:
                    yield from self._run(runner, endpoint, asked)
                finally:
                    runner.run(endpoint.close())

        return encoded

    def _run(
        self, runner: asyncio.Runner, endpoint: Embeddings, texts: Sequence[str]
    ) -> Iterator[tuple[Places, Floats]]:
        """Yield what is answered, a few requests at the same time; then raise the first error.

        After an error no request is sent any more. Those under way are waited for, since they are paid for.
        """
        waiting = iter(self.plan(texts))
        pending: set[asyncio.Task[Rows]] = set()
        errors: list[Exception] = []
        while True:
            while len(pending) < self._settings.embedding_concurrency and not errors:
                places = next(waiting, None)
                if places is None:
                    break
                pending.add(runner.get_loop().create_task(self._ask(endpoint, texts, places)))
            if not pending:
                break
            done, pending = runner.run(_first(pending))
            for task in done:
                error = task.exception()
                if error is None:
                    yield from task.result()
                elif not isinstance(error, Exception):
                    raise error
                else:
                    endpoint.stop()
                    self.budget.close()
                    errors.append(error)
        if errors:
            raise self._told(errors)

    async def _ask(self, endpoint: Embeddings, texts: Sequence[str], places: Places) -> Rows:
        """Return the vectors of the texts in these places; what is refused together is asked in halves."""
        batch = [texts[place] for place in places]
        try:
            answer = await self._paid(endpoint, batch)
        except Refused as error:
            if len(batch) == 1:
                endpoint.stop()
                raise RetrieverError(
                    f"{self.name} refuses a text of {len(batch[0]):,} characters, {batch[0][:_SHOWN]!r}: "
                    f"{error}. Shorten it, or check --model and --model-url. Vectors made so far are kept."
                ) from error
            half = len(batch) // 2
            first = await self._ask(endpoint, texts, places[:half])
            return [*first, *await self._ask(endpoint, texts, places[half:])]
        return [(places, self._checked(answer.vectors))]

    async def _paid(self, endpoint: Embeddings, batch: Sequence[str]) -> Answer:
        """Ask within the budget. Raises BudgetSpent."""
        tokens = sum(map(guess_tokens, batch))
        await self.budget.reserve(tokens, len(batch))
        used, is_guess = 0, False
        try:
            answer = await endpoint.ask(batch)
            used, is_guess = answer.tokens or tokens, not answer.tokens
        finally:
            self.budget.settle(tokens, used, is_guess)
        return answer

    def _checked(self, vectors: NDArray[np.float32]) -> Floats:
        """Return vectors as they are kept; raise RetrieverError where they have another width than before."""
        self._width = self._width or vectors.shape[1]
        if vectors.shape[1] != self._width:
            raise RetrieverError(
                f"{self.name} sent vectors of {vectors.shape[1]:,} dimensions after others of {self._width:,}. "
                "Does the same model still run there? Vectors made so far are kept."
            )
        return self.norms(vectors, lambda row: f"a vector of {self.name}")

    def _told(self, errors: list[Exception]) -> Exception:
        """Return the first error that says why; of a spent budget, how to go on."""
        first = next((one for one in errors if not isinstance(one, BudgetSpent)), None)
        if first is not None:
            return first
        given = self._settings.embedding_budget
        if not self.budget.asked:
            return RetrieverError(
                f"--embedding-budget {given} is too small for one text, which may come to "
                f"{self.budget.refused:,} tokens: raise it."
            )
        return RetrieverError(
            f"--embedding-budget {given} is spent ({self.budget.asked:,} texts, {self.budget.used:,} tokens, "
            "all kept): run the same command again to go on."
        )


async def _first(
    pending: set[asyncio.Task[Rows]],
) -> tuple[set[asyncio.Task[Rows]], set[asyncio.Task[Rows]]]:
    return await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
