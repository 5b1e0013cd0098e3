"""Two training steps of sentence-transformers with a tiny model."""

from tests.models.tiny import cross_encoder, static_model


def step(train, loss, scratch, cross_encoder=False):
    """Train two steps; raise where the columns do not fit the loss."""
    made = _reranker(train, loss, scratch) if cross_encoder else _embedder(train, loss, scratch)
    assert made.train().training_loss >= 0


def _embedder(train, loss, scratch):
    from sentence_transformers import (
        SentenceTransformer,
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
        losses,
    )

    model = SentenceTransformer(str(static_model(scratch / "model")), device="cpu")
    arguments = SentenceTransformerTrainingArguments(str(scratch / "out"), **_TWO_STEPS)
    function = getattr(losses, loss)(model)
    return SentenceTransformerTrainer(
        model=model, args=arguments, train_dataset=train, loss=function
    )


def _reranker(train, loss, scratch):
    from sentence_transformers import CrossEncoder
    from sentence_transformers.cross_encoder import (
        CrossEncoderTrainer,
        CrossEncoderTrainingArguments,
        losses,
    )

    model = CrossEncoder(str(cross_encoder(scratch / "model")), device="cpu")
    arguments = CrossEncoderTrainingArguments(str(scratch / "out"), **_TWO_STEPS)
    function = getattr(losses, loss)(model)
    return CrossEncoderTrainer(model=model, args=arguments, train_dataset=train, loss=function)


_TWO_STEPS = {
    "max_steps": 2, "report_to": [], "save_strategy": "no", "use_cpu": True,
    "per_device_train_batch_size": 2,
}  # fmt: skip
