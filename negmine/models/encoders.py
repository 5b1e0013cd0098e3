"""Which encoder the settings mean: a model of this machine, or one at an endpoint."""

from __future__ import annotations

from negmine.config.dense import EncoderSettings
from negmine.config.settings import IndexSettings
from negmine.models.api_encoder import ApiEncoder
from negmine.models.encoder import Encoder
from negmine.models.locate import Digest

AnyEncoder = Encoder | ApiEncoder


def open_encoder(
    wanted: EncoderSettings, settings: IndexSettings, digest: Digest, flag: str = "--model"
) -> AnyEncoder:
    """Return an encoder of a dense retriever. Nothing is loaded, and nothing sent, before it encodes.

    Raises InputError for a model that is not there.
    """
    if settings.model_url is not None:
        return ApiEncoder(wanted, settings, flag)
    return Encoder(wanted, settings, digest, flag)
