"""From a report to its page: one HTML file that needs nothing else, and runs nothing but its own script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from negmine.analysis.report import charts
from negmine.analysis.report.schema import SECTIONS, Report
from negmine.analysis.report.sections import sample
from negmine.data.templates import render, source
from negmine.stages.write.planned import planned

TEMPLATES = "negmine.analysis.report.templates"


def html(report: Report) -> str:
    """Return the page. Every text of the report is escaped; only our own charts, style and script are not."""
    from markupsafe import Markup

    style, script = source(TEMPLATES, "style.css"), source(TEMPLATES, "script.js")
    drawn = {name: Markup(chart) for name, chart in charts.all_of(report).items()}
    return render(
        TEMPLATES,
        "report.html",
        escape=True,
        r=report,
        charts=drawn,
        kinds=sample.KINDS,
        row_per=planned(report.totals.format).row_per,
        style=Markup(style),
        script=Markup(script),
        policy=policy(style, script),
        tables=list(_tables(report)),
    ).lstrip()


class _Table(NamedTuple):
    key: str
    title: str
    lead: str
    columns: list[str]
    rows: list[dict[str, Any]]


def _tables(report: Report) -> Iterator[_Table]:
    """Yield the sections that have a title and a value: each is shown as a table of its fields."""
    for key, section in SECTIONS.items():
        value = getattr(report, key)
        if section.title and value not in (None, []):
            parts = value if isinstance(value, list) else [value]
            rows = [part.model_dump(mode="json") for part in parts if part is not None]
            columns = list(rows[0]) if rows else []
            yield _Table(key, section.title, section.lead, columns, rows)


def policy(style: str, script: str) -> str:
    """Return the Content-Security-Policy: this style, this script, nothing from anywhere."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
