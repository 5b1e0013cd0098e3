"""The area under the ROC curve against scikit-learn's, ties included."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from negmine.data.auc import area

ROWS = st.lists(st.tuples(st.booleans(), st.integers(-3, 3)), min_size=2, max_size=60)


@given(ROWS.filter(lambda rows: len({label for label, _ in rows}) == 2))
def test_the_area_is_that_of_scikit_learn(rows):
    labels, values = np.array([row[0] for row in rows]), np.array([row[1] / 3 for row in rows])
    assert area(labels, values) == pytest.approx(roc_auc_score(labels, values))
    assert area(labels, -values) == pytest.approx(1 - area(labels, values))
