"""Out of memory is no reason to stop: the batch is read in pieces, and so are all later ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from negmine.data.arrays import Floats
from negmine.errors import NegmineError, RetrieverError

_SIGNS = ("out of memory", "not enough memory", "can't allocate memory")


class Halving:
    """Calls `encode` with a batch, cut into as many pieces as memory has made necessary so far.

    Later batches cost about as much as this one, so they are cut as often. Batches are cut, not planned
    anew: a run that is killed and goes on cuts them at the same places.
    """

    def __init__(
        self,
        encode: Callable[..., Floats],
        name: str,
        kind: type[NegmineError] = RetrieverError,
    ) -> None:
        self._encode, self._name, self._kind = encode, name, kind
        self.pieces = 1

    def __call__(self, texts: Sequence[Any], *how: Any) -> Floats:
        """Return what `encode(texts, *how)` makes of a batch, one row for each text or pair.

        Raises an error of `kind` where not even one fits, or the model fails for another reason.
        """
        while True:
            size = -(-len(texts) // self.pieces)
            cut = [texts[first : first + size] for first in range(0, len(texts), size)]
            try:
                return np.concatenate([self._encode(piece, *how) for piece in cut])
            except (RuntimeError, ValueError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise self._kind(f"{self._name} failed: {error}") from error
                if size == 1:
                    raise self._kind(
                        f"{self._name} runs out of memory with one text. Let it read less of a text "
                        "(its max-length), free the device of other work, or say --device cpu."
                    ) from error
            _free()  # outside of `except`: the error holds the tensors that did not fit
            self.pieces *= 2


def message(name: str, flag: str, size: int, count: int, pieces: int) -> str:
    """Return what a user is told once; `count` texts or pairs were a batch of --batch-size `size`."""
    return (
        f"{name} ran out of memory with {count:,} at once and goes on with smaller batches; "
        f"{flag} {max(1, size // pieces)} does so from the start"
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether a device ran out of memory: torch.OutOfMemoryError, or in words on other backends."""
    import torch

    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in _SIGNS)


def _free() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
