"""Which encoder the settings mean: a model of this machine, or one at an endpoint."""

from __future__ import annotations

from negmine.config.settings import IndexSettings
from negmine.models.api_encoder import ApiEncoder
from negmine.models.encoder import Encoder
from negmine.models.locate import Digest

AnyEncoder = Encoder | ApiEncoder


def open_encoder(settings: IndexSettings, digest: Digest) -> AnyEncoder:
    """Return the encoder of the dense retriever. Nothing is loaded, and nothing sent, before it encodes.

    Raises InputError for a model that is not there.
    """
    if settings.model_url is not None:
        return ApiEncoder(settings)
    return Encoder(settings, digest)
