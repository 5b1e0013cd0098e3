"""kd: the columns of an n-tuple, and the teacher's scores in the same order."""

import pytest

from tests.stages.write.build import SCORED, written


def test_scores_stand_in_the_order_of_the_texts():
    rows, provenance = written(SCORED, num_negatives=2, format="kd", teacher="bm25")
    assert rows.columns == ["anchor", "positive", "negative_1", "negative_2", "scores"]
    assert rows.rows() == [
        ("Q", "P1", "A", "C", [9.0, 3.0, 2.5]),
        ("Q", "P2", "A", "C", [8.0, 3.0, 2.5]),
    ]
    assert provenance["positive_teacher_score"].to_list() == [9.0, 8.0]


def test_a_query_that_is_short_of_negatives_has_no_row_since_lists_are_equally_long():
    rows, _ = written(SCORED, num_negatives=4, format="kd", teacher="bm25")
    assert rows.height == 0


@pytest.mark.filterwarnings("ignore")
def test_two_losses_of_sentence_transformers_take_the_scores():
    import torch
    from sentence_transformers.losses import DistillKLDivLoss, MarginMSELoss

    rows, _ = written(SCORED, num_negatives=2, format="kd", teacher="bm25")
    scores = torch.tensor(rows["scores"].to_list())
    vectors = [torch.nn.functional.normalize(torch.rand(2, 4), dim=1) for _ in range(4)]
    for loss in (DistillKLDivLoss(None), MarginMSELoss(None)):
        assert loss.compute_loss_from_embeddings(vectors, scores) >= 0
