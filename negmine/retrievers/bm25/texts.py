"""BM25 scores of texts that are in no index: as if the index had them, by the corpus' own statistics.

Document frequencies and the mean length are those of the corpus, so a text that is a document's has the
document's score.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from negmine.data.arrays import Floats
from negmine.retrievers.bm25.analyzer import Analyzer
from negmine.retrievers.bm25.formula import Formula
from negmine.retrievers.bm25.shard import QueryTokens


def score_texts(
    queries: QueryTokens,
    rows: NDArray[np.int64],
    texts: Sequence[Sequence[str]],
    formula: Formula,
    mean_length: float,
) -> Floats:
    """Score texts[j] (its tokens) for query rows[j], float32 [texts]; 0.0 where they share nothing.

    Added up in float32, in the order of the query's tokens, as search.py does.
    """
    scores = np.zeros(len(texts), np.float32)
    for place, (row, tokens) in enumerate(zip(rows.tolist(), texts, strict=True)):
        counts = Counter(tokens)
        asked = queries.places[queries.offsets[row] : queries.offsets[row + 1]]
        found = np.array([counts[queries.words[word]] for word in asked], np.float32)
        there = found > 0
        if there.any():
            lengths = np.full(int(there.sum()), len(tokens), np.int64)
            component = formula.term_frequency(found[there], lengths, mean_length)
            products = queries.idf[asked[there]] * np.asarray(component, np.float64)
            scores[place] = np.cumsum(products.astype(np.float32), dtype=np.float32)[-1]
    return scores


def tokens_of(
    analyzer: Analyzer, queries: pa.Table, rows: NDArray[np.int64], texts: Sequence[str]
) -> list[list[str]]:
    """Return the tokens of texts; each is in the language of its query, where queries have one."""
    columns = {"text": pa.array(texts, pa.large_string())}
    name = analyzer.language_column
    if name is not None and name in queries.column_names:
        columns[name] = queries[name].take(pa.array(rows))
    return list(analyzer.lists(pa.table(columns)))
