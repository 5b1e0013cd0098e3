"""The settings of `negmine lint`: one table for its flags, the keywords of `negmine.lint` and the docs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal

from negmine.config.table import SettingsTable, chosen, setting
from negmine.errors import SettingsError

# The groups that help and docs show the settings under, in this order.
_columns = partial(setting, group="Columns and rows", essential=True)
_sources = partial(setting, group="Compare with your data", essential=True)
_thresholds = partial(setting, group="Thresholds", essential=True)
_guides = partial(setting, group="Guides", essential=True)
_batches = partial(setting, group="Batches", essential=True)
_results = partial(setting, group="Results", essential=True)


class LintSettings(SettingsTable):
    """Which columns are read, what the rows are compared with, and when a rule fires."""

    query_column: str | None = _columns("Column of queries. Default: chosen by name and order.")
    positive_column: str | None = _columns("Column of positives (of documents, in labeled pairs).")
    negative_column: tuple[str, ...] = _columns("Column of negatives. Repeatable.", ())
    label_threshold: float | None = _columns(
        "Lowest label or score of a positive. Default: labels above 0."
    )
    on_error: Literal["stop", "skip"] = _columns(
        "Rows that cannot be read: stop and show them, or skip and count them.", "stop"
    )
    corpus: Path | None = _sources(
        "Documents, to check that every text is one of them.", remote=True
    )
    queries: Path | None = _sources(
        "Queries, to find the ids of --qrels by text, with --corpus.", remote=True
    )
    qrels: Path | None = _sources(
        "Relevance (file or folder), to find negatives that are relevant.", remote=True
    )
    min_relevance: int = _sources("Lowest relevance in --qrels of a relevant document.", 1)
    near_duplicate: float = _thresholds(
        "Lowest Jaccard similarity of word 3-grams of near-duplicates.", 0.8, gt=0, le=1
    )
    hub_share: float = _thresholds(
        "Lowest share of the queries that a hub is a negative of.", 0.01, gt=0, le=1
    )
    length_auc: float = _thresholds(
        "Lowest AUC at which length separates positives from negatives.", 0.7, gt=0.5, le=1
    )
    tells_auc: float = _thresholds(
        "Lowest AUC at which style separates written negatives from others.", 0.8, gt=0.5, le=1
    )
    guide_model: tuple[str, ...] = _guides("Bi-encoder for a second opinion. Repeatable.", ())
    guide_query_prompt: tuple[str, ...] = _guides(
        "Text before queries: one for all guides, or one each.", ()
    )
    guide_document_prompt: tuple[str, ...] = _guides(
        "Text before documents: one for all guides, or one each.", ()
    )
    device: Literal["auto", "cpu", "cuda"] = _guides("Where guides run.", "auto")
    vector_store: Path | None = _guides("Folder that keeps the guides' vectors for the next run.")
    train_batch_size: int | None = _guides(
        "Count conflicts in random training batches of this size.", ge=2
    )
    batches: tuple[int, ...] = _batches(
        "Count false negatives in training batches of this many rows. Repeatable.", ()
    )
    fail_on: tuple[str, ...] = _results(
        "Exit code 3 above a count (0) or a share (0.01, 1%) of a rule; `fault` is every fault. Repeatable.",
        (),
        metavar="RULE=LIMIT",
    )
    rows: int = _results("How many row numbers to give for each rule.", 20, ge=1)
    findings: Path | None = _results("Parquet file to write all findings to.")


def lint_settings(given: Mapping[str, Any]) -> LintSettings:
    """Return the checked settings. given: field names to values; None and `none` are the default.

    Raises SettingsError, with the flag in its message, for a value or a combination that cannot work.
    """
    settings = chosen(LintSettings, given, "lint")
    _check_guides(settings)
    for size in settings.batches:
        if size < 2:
            raise SettingsError(f"--batches {size}: a batch has 2 rows at least.")
    if settings.queries is not None and settings.qrels is None:
        raise SettingsError("--queries only helps to read --qrels. Give --qrels FILE too.")
    return settings


def _check_guides(settings: LintSettings) -> None:
    guides = len(settings.guide_model)
    prompts = (settings.guide_query_prompt, settings.guide_document_prompt)
    if any(len(given) > 1 and len(given) != guides for given in prompts):
        raise SettingsError("Give one prompt for all --guide-model, or one for each.")
    needs_guide = {
        "--train-batch-size": settings.train_batch_size is not None,
        "--guide-query-prompt": bool(settings.guide_query_prompt),
        "--guide-document-prompt": bool(settings.guide_document_prompt),
        "--vector-store": settings.vector_store is not None,
    }
    for name, is_given in needs_guide.items():
        if is_given and not guides:
            raise SettingsError(f"{name} needs a guide. Give --guide-model MODEL.")
