"""How well a student retrieves, query by query, by sentence-transformers' own evaluator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

METRICS = ("ndcg@10", "mrr@10", "recall@100")
MAIN = METRICS[0]


def evaluator(
    queries: Mapping[str, str], documents: Mapping[str, str], relevant: Mapping[str, set[str]]
) -> Any:
    """Return an InformationRetrievalEvaluator that keeps the metrics of every query in `by_query`.

    queries, documents: id to text. relevant: query to its relevant documents, at least one.
    """
    from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator

    class ByQuery(InformationRetrievalEvaluator):
        def compute_metrics(self, queries_result_list: list[Any]) -> Any:
            ids, texts = [str(name) for name in self.queries_ids], self.queries
            self.by_query: list[list[float]] = []
            for name, hits in zip(ids, queries_result_list, strict=True):
                self.queries_ids, self.queries = [name], texts[:1]  # means are over these
                one = super().compute_metrics([hits])
                values = one["ndcg@k"][10], one["mrr@k"][10], one["recall@k"][100]
                self.by_query.append([float(value) for value in values])
            self.queries_ids, self.queries = list(ids), texts
            return super().compute_metrics(queries_result_list)

    return ByQuery(
        dict(queries),
        dict(documents),
        dict(relevant),
        precision_recall_at_k=[10, 100],
        write_csv=False,
        batch_size=128,
    )


def by_query(judge: Any, model: Any) -> NDArray[np.float32]:
    """Return the metrics of every query, float32 [queries, METRICS], in the order of `judge.queries_ids`."""
    judge(model)
    return np.array(judge.by_query, np.float32)
