"""What of the caches is damaged: vectors, scores of pairs, answers of judges. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from negmine.errors import CorruptArtifact
from negmine.storage.calls import damaged_calls
from negmine.storage.chunks import open_chunk
from negmine.storage.layout import CALLS, PAIR_SCORES, VECTORS


def damaged_caches(root: Path) -> Iterator[str]:
    """Yield a sentence for each cache file of a work directory that is damaged. Reads all of them."""
    for folder in (VECTORS, PAIR_SCORES):
        for path in sorted((root / folder).rglob("chunk-*.arrow")):
            try:
                open_chunk(path)
            except CorruptArtifact:
                yield f"{path} is damaged: the next command that needs it makes again what it held"
    for path in sorted((root / CALLS).glob("*.sqlite")):
        try:
            count = damaged_calls(path)
        except CorruptArtifact as error:
            yield str(error)
            continue
        if count:
            yield f"{path}: {count:,} of its answers damaged: asked for again where they are needed"
