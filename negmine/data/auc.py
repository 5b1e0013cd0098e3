"""The area under the ROC curve (AUC), without the seconds that importing scikit-learn takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def area(labels: NDArray[np.bool_], values: NDArray[np.floating]) -> float:
    """Return P(value of a true row > value of a false row) + P(equal) / 2. labels, values: [rows].

    There is at least one true and one false row, and no NaN.
    """
    places = np.unique(values, return_inverse=True)[1]
    most = int(places.max()) + 1
    counts = (np.bincount(places[chosen], minlength=most) for chosen in (labels, ~labels))
    return area_of_counts(*counts)


def area_of_counts(positives: NDArray[np.integer], negatives: NDArray[np.integer]) -> float:
    """Return P(positive > negative) + P(equal) / 2. positives, negatives: counts [values], by rising value.

    It is Mann and Whitney's U / (n m) (Hanley and McNeil 1982).
    """
    p, n = positives.astype(np.float64), negatives.astype(np.float64)
    below = np.cumsum(n) - n
    return float((p * (below + n / 2)).sum() / (p.sum() * n.sum()))
