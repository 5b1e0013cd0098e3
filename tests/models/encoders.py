"""Encoders as the first --model has them."""

from negmine.config.dense import dense_models
from negmine.config.settings import IndexSettings
from negmine.models.encoder import Encoder


def encoder_of(digest, **settings) -> Encoder:
    """Return the encoder of documents of the first model of these index settings."""
    index = IndexSettings(**settings)
    return Encoder(dense_models(index)[0].documents, index, digest)
