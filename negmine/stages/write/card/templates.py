"""The templates of report and card: jinja2, read from the package."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

FOLDER = files("negmine.reporting") / "templates"


def source(name: str) -> str:
    """Return a file of the templates as it is."""
    return (FOLDER / name).read_text(encoding="utf-8")


def render(name: str, escape: bool, **values: Any) -> str:
    """Render a template. With `escape` every value is text: no markup in it counts."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(source),
        autoescape=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name).render(**values)
