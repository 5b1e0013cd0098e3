"""Templates of pages and cards: jinja2, read from the package that they lie in."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from negmine.data.steering import STEERING, plain


def source(package: str, name: str) -> str:
    """Return a file of a package as text, as `report.html` of `negmine.analysis.report.templates`."""
    return (files(package) / name).read_text(encoding="utf-8")


def render(package: str, name: str, escape: bool, **values: Any) -> str:
    """Render a template of a package. With `escape` every value is text: no markup in it counts.

    What steers an editor or a page is a blank in each value. The filter `exactly` keeps it, as references: for
    attributes that nobody sees.
    """
    return str(_environment(package, escape).get_template(name).render(**values))


@cache
def _environment(package: str, escape: bool) -> Any:
    """Return the templates of a package; each is compiled once in a process."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(lambda asked: source(package, asked)),
        autoescape=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_shown,
    )
    environment.filters["exactly"] = _exactly
    return environment


def _shown(value: Any) -> Any:
    return plain(value) if type(value) is str else value


def _exactly(value: str) -> Any:
    """Return a text for an attribute of HTML."""
    from markupsafe import Markup, escape

    return Markup(STEERING.sub(lambda one: f"&#{ord(one[0])};", escape(value)))
