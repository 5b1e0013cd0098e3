"""How sentence-transformers reads the files: a folder by its data card, then two training steps."""

import pytest

from tests.trainers.reading import from_card, from_json, near
from tests.trainers.steps import step


def _texts_then(rows, loaded, *columns):
    """Compare texts, column by column, and the columns that follow them."""
    for row, read in zip(rows, loaded, strict=True):
        values = list(read.values())
        texts = values[: len(values) - len(columns)]
        assert texts == [row.query, *row.documents]


def st_triplet(folder, rows, scratch):
    loaded = from_card(folder, "triplet", scratch)
    _texts_then(rows, loaded)
    step(loaded, "MultipleNegativesRankingLoss", scratch)


def st_n_tuple(folder, rows, scratch):
    loaded = from_card(folder, "n-tuple", scratch)
    _texts_then(rows, loaded)
    step(loaded, "MultipleNegativesRankingLoss", scratch)


def st_labeled_pair(folder, rows, scratch):
    loaded = from_card(folder, "labeled-pair", scratch)
    _texts_then(rows, loaded, "label")
    assert loaded["label"] == [len(row.positives) for row in rows]
    step(loaded, "ContrastiveLoss", scratch)


def st_list(folder, rows, scratch):
    loaded = from_card(folder, "labeled-list", scratch)
    assert loaded["positive"] == [row.documents for row in rows]
    step(loaded, "LambdaLoss", scratch, cross_encoder=True)


def st_kd(folder, rows, scratch):
    loaded = from_card(folder, "kd", scratch)
    _texts_then(rows, loaded, "scores")
    assert list(loaded["scores"]) == [near(row.scores) for row in rows]
    step(loaded, "DistillKLDivLoss", scratch)


def st_kd_triplet(folder, rows, scratch):
    loaded = from_card(folder, "kd-triplet", scratch)
    _texts_then(rows, loaded, "score")
    margins = [row.positive_scores[0] - row.negative_scores[0] for row in rows]
    assert list(loaded["score"]) == pytest.approx(margins, abs=1e-5)
    step(loaded, "MarginMSELoss", scratch)


def st_ids(folder, rows, scratch):
    from sentence_transformers.util import resolve_ids

    train, queries, documents = (
        from_card(folder, name, scratch) for name in ("ids", "ids-queries", "ids-documents")
    )
    lookups = {"query_id": queries, "document_ids": (documents, "document_id", "text")}
    train.set_transform(resolve_ids(lookups))
    _texts_then(rows, train, "scores")
    assert [read["scores"] for read in train] == [near(row.scores) for row in rows]
    step(train, "DistillKLDivLoss", scratch)


def st_eval(folder, rows, scratch):
    from sentence_transformers import CrossEncoder
    from sentence_transformers.cross_encoder.evaluation import CrossEncoderRerankingEvaluator

    from tests.models.tiny import cross_encoder

    samples = from_json(folder / "reranker-eval" / "*.jsonl", scratch).to_list()
    assert [(one["query"], one["positive"], one["negative"]) for one in samples] == [
        (row.query, row.positives, row.negatives) for row in rows
    ]
    model = CrossEncoder(str(cross_encoder(scratch / "model")), device="cpu")
    scores = CrossEncoderRerankingEvaluator(samples=samples, at_k=10)(model)
    assert 0 < next(value for name, value in scores.items() if name.endswith("map")) <= 1
