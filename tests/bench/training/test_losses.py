"""The weighted loss of the training measurements: its two ends are sentence-transformers' own loss."""

import pytest

torch = pytest.importorskip("torch")


def loss_of(embeddings, weights):
    from tests.bench.training.losses import weighted

    return weighted(torch.nn.Identity()).compute_loss_from_embeddings(embeddings, weights).item()


def test_weight_1_is_the_loss_of_sentence_transformers_and_weight_0_leaves_a_negative_out():
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    peer = MultipleNegativesRankingLoss(torch.nn.Identity(), scale=20.0)
    embeddings = list(torch.randn(4, 5, 8, generator=torch.Generator().manual_seed(13)))
    ones = torch.ones(5, 2)
    wanted = peer.compute_loss_from_embeddings(embeddings, ones).item()
    assert loss_of(embeddings, ones) == pytest.approx(wanted)
    far = [
        *embeddings[:2],
        -embeddings[0],
        -embeddings[0],
    ]  # own negatives that do not count anyway
    only_far = loss_of(far, torch.zeros(5, 2))
    assert only_far == pytest.approx(loss_of(far, ones), abs=1e-4)
    one_left_out = torch.tensor([[1.0, 0.0]]).repeat(5, 1)
    assert loss_of(embeddings, torch.zeros(5, 2)) < loss_of(embeddings, one_left_out) < wanted
