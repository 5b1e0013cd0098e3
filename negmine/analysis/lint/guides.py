"""Guides: bi-encoders that give a second opinion on the pairs of a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from negmine.analysis.lint.settings import LintSettings
from negmine.config.settings import FilterSettings, IndexSettings
from negmine.scorers.guide import Guide
from negmine.storage.digests import Digests
from negmine.storage.files import new_folder


def open_guides(settings: LintSettings, store: Path, note: Callable[[str], None]) -> list[Guide]:
    """Return the guides; vectors are kept under `store`, and `note` gets what the user should know.

    Raises InputError for a model that is not there.
    """
    guide_settings = FilterSettings(
        guide_model=settings.guide_model,
        guide_query_prompt=settings.guide_query_prompt,
        guide_document_prompt=settings.guide_document_prompt,
    )
    index = IndexSettings(device=settings.device)
    digests = Digests(new_folder(store) / ".digests.json")
    guides = [
        Guide(place, guide_settings, index, digests, store, note)
        for place in range(len(settings.guide_model))
    ]
    digests.save()
    return guides
