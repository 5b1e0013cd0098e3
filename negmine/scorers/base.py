"""The scorers: second opinions on query and document, for candidates and positives alike.

A scorer is anything with a `score`. The cross-encoder and the guide live here; `--rerank-model
package.module:factory` names a user's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Scorer(Protocol):
    """Scores pairs of a query and a document."""

    def score(self, queries: Sequence[str], documents: Sequence[str]) -> NDArray[np.float32]:
        """Score documents[j] for queries[j]; float32 [pairs], higher is better.

        A pair's score does not depend on the other pairs. Raises ScorerError where the model fails.
        """
        ...
