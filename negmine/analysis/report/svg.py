"""Charts as SVG that belongs to the page: colours are CSS variables, and nothing needs a style attribute.

Matplotlib writes styles into every element. A strict Content-Security-Policy forbids that, so they become
presentation attributes; placeholder colours become variables of style.css: light and dark are one drawing.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from matplotlib.figure import Figure

WIDTH = 340.0  # points, which are CSS pixels where the page is narrow
INK, FAINT, CANDIDATE, POSITIVE, WRITTEN, OTHER = (
    "#010101", "#020202", "#030303", "#040404", "#050505", "#060606",
)  # fmt: skip
LINE_STYLES = (
    (CANDIDATE, "-", "o"),
    (WRITTEN, "--", "s"),
    (POSITIVE, "-.", "^"),
    (OTHER, ":", "D"),
)
_VARIABLES = {
    INK: "var(--ink)",
    FAINT: "var(--faint)",
    CANDIDATE: "var(--candidate)",
    POSITIVE: "var(--positive)",
    WRITTEN: "var(--written)",
    OTHER: "var(--other)",
}
_SVG, _LINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_LONG = re.compile(r"-?\d+\.\d{2,}")
_STYLE: Any = {  # Matplotlib types every key
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "negmine",
    "font.family": "DejaVu Sans",
    "font.size": 10.5,
    "hatch.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.color": FAINT,
    "ytick.labelcolor": INK,
    "axes.linewidth": 0.8,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
}


@contextmanager
def figure(height: float) -> Iterator[Figure]:
    """Yield an empty figure, `WIDTH` by `height` points, in the style of the report."""
    import matplotlib
    from matplotlib.figure import Figure

    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells when it looks for fonts
    with matplotlib.rc_context(_STYLE):
        yield Figure(figsize=(WIDTH / 72, height / 72), layout="constrained")


def svg(drawn: Figure, name: str, label: str) -> str:
    """Return the drawing as an SVG element. name: unique in the page. label: what it shows, in words."""
    buffer = io.BytesIO()
    drawn.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    root = ElementTree.fromstring(buffer.getvalue())
    for parent in root.iter():
        for child in list(parent):
            if child.tag in (f"{{{_SVG}}}metadata", f"{{{_SVG}}}style"):
                parent.remove(child)
    used = {link[1:] for link in _links(root)}
    for element in root.iter():
        _plain(element, name, used)
    for size in ("width", "height", "version"):
        root.attrib.pop(size, None)
    root.attrib |= {"role": "img", "aria-label": label}
    ElementTree.register_namespace("", _SVG)
    return ElementTree.tostring(root, encoding="unicode")


def _links(root: Element) -> Iterator[str]:
    """Yield `#id` of everything that is referred to."""
    for element in root.iter():
        for value in element.attrib.values():
            if value.startswith("#") and value not in _VARIABLES:
                yield value
            yield from re.findall(r"url\((#[^)]+)\)", value)


def _plain(element: Element, name: str, used: Collection[str]) -> None:
    """Turn styles into attributes, colours into variables; make ids the page's own; leave nothing unneeded."""
    for style in filter(None, element.attrib.pop("style", "").split(";")):
        key, value = (part.strip() for part in style.split(":", 1))
        if key == "font":
            key, value = "font-size", value.split("px")[0].split()[-1]
        element.set(key, value)
    link = element.attrib.pop(f"{{{_LINK}}}href", None)
    if link is not None:
        element.set("href", f"#{name}-{link.removeprefix('#')}")
    if element.get("id") not in used:
        element.attrib.pop("id", None)
    for key, value in element.attrib.items():
        element.set(key, _value(key, value, name))
    if not (element.text or "").strip():
        element.text = None
    element.tail = None


def _value(key: str, value: str, name: str) -> str:
    if key == "id":
        return f"{name}-{value}"
    if value.lower() in _VARIABLES:
        return _VARIABLES[value.lower()]
    if key in ("d", "x", "y", "transform", "width", "height"):
        short = _LONG.sub(lambda number: f"{float(number[0]):.1f}".removesuffix(".0"), value)
        return re.sub(r" ?([MLQCz]) ?", r"\1", " ".join(short.split()))
    return value.replace("url(#", f"url(#{name}-")
