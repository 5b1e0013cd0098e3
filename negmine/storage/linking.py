"""Files that no command changes in place are linked, where the file system allows it; others are copied."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

_NEVER_CHANGED = (".parquet", ".arrow", ".npy", ".faiss")


def linked(source: str, target: str) -> None:
    """Have at `target` the file that is at `source`."""
    if source.endswith(_NEVER_CHANGED):
        Path(target).unlink(missing_ok=True)
        with suppress(OSError):
            os.link(source, target)
            return
    shutil.copy2(source, target)
