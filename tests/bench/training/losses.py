"""The ranking loss in which a negative counts by its weight: soft weights instead of a cut."""

from negmine.analysis.prove.student import SCALE


def weighted(model):
    """Return MultipleNegativesRankingLoss whose labels are the weights of each query's own negatives.

    exp(score) of a query's own negative counts weight times in the sum that the positive is divided by; weight
    1 is the loss of sentence-transformers, weight 0 leaves the negative out. Negatives of other queries count
    in full. Labels: float32 [batch, negatives].
    """
    import torch
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    class Weighted(MultipleNegativesRankingLoss):
        def compute_loss_from_embeddings(self, embeddings, labels):
            """Return the mean loss. embeddings: of anchors, positives, and each negative's column."""
            queries, documents = embeddings[0], torch.cat(embeddings[1:], dim=0)
            scores = self.similarity_fct(queries, documents) * self.scale
            own = torch.arange(len(queries), device=scores.device)
            extra = torch.zeros_like(scores)
            for place in range(labels.shape[1]):
                log_weights = labels[:, place].to(scores).clamp_min(1e-6).log()
                extra[own, own + (place + 1) * len(queries)] = log_weights
            return torch.nn.functional.cross_entropy(scores + extra, own)

    return Weighted(model, scale=SCALE)
