"""Templates of pages and cards: jinja2, read from the package that they lie in."""

from __future__ import annotations

from importlib.resources import files
from typing import Any


def source(package: str, name: str) -> str:
    """Return a file of a package as text, as `report.html` of `negmine.analysis.report.templates`."""
    return (files(package) / name).read_text(encoding="utf-8")


def render(package: str, name: str, escape: bool, **values: Any) -> str:
    """Render a template of a package. With `escape` every value is text: no markup in it counts."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(lambda asked: source(package, asked)),
        autoescape=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name).render(**values)
