"""From keywords, as `negmine.lint` and the command give them, to options."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict

from negmine.analysis.lint.audit import audit
from negmine.analysis.lint.options import Options, check_gates, read_gates
from negmine.analysis.lint.shapes import Columns
from negmine.engine.progress import Progress


class LintKeywords(TypedDict, total=False):
    """The options of `negmine.lint`: the flags of `negmine lint`."""

    query_column: str | None
    positive_column: str | None
    negative_column: Sequence[str]
    label_threshold: float | None
    on_error: Literal["stop", "skip"]
    corpus: str | Path | None
    queries: str | Path | None
    qrels: str | Path | None
    min_relevance: int
    near_duplicate: float
    hub_share: float
    length_auc: float
    guide_model: Sequence[str]
    guide_query_prompt: Sequence[str]
    guide_document_prompt: Sequence[str]
    device: Literal["auto", "cpu", "cuda"]
    vector_store: str | Path | None
    train_batch_size: int | None
    rows: int
    findings: str | Path | None


def options_of(said: LintKeywords) -> Options:
    """Return the options that keywords mean. Raises SettingsError for what cannot work."""
    given: dict[str, Any] = dict(said)
    columns = Columns(
        given.pop("query_column", None),
        given.pop("positive_column", None),
        tuple(given.pop("negative_column", ())),
    )
    skip = given.pop("on_error", "stop") == "skip"
    if "rows" in given:
        given["keep"] = given.pop("rows")
    for name in ("corpus", "queries", "qrels", "vector_store", "findings"):
        if given.get(name) is not None:
            given[name] = Path(given[name])
    for name in ("guide_model", "guide_query_prompt", "guide_document_prompt"):
        one = given.get(name, ())
        given[name] = (one,) if isinstance(one, str) else tuple(one)
    return Options(columns=columns, skip_bad_rows=skip, **given)


def lint(
    files: str | Path | Sequence[str | Path],
    fail_on: Sequence[str],
    progress: Progress,
    said: LintKeywords,
) -> dict[str, Any]:
    """Audit files and return the report (see `negmine.lint`)."""
    gates = read_gates(fail_on)
    paths = [files] if isinstance(files, str | Path) else files
    found = audit([Path(path) for path in paths], options_of(said), progress)
    check_gates(found["rules"], gates)
    return found
