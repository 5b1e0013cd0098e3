"""A console on which no text of others steers the terminal: only the styles of rich do."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from negmine.data.steering import STEERING


class SafeConsole(Console):
    """Leaves out what steers, wherever it comes from; a renderer that knows of it puts blanks in its place."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yield the segments of a renderable; those of texts hold no character that steers."""
        for segment in super().render(renderable, options):
            if segment.control or not STEERING.search(segment.text):
                yield segment
            else:
                yield Segment(STEERING.sub(_as_wide, segment.text), segment.style)


def _as_wide(match: re.Match[str]) -> str:
    return " " * cell_len(match[0])
