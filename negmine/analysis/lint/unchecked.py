"""Which rules cannot be checked with the files and settings at hand, and why."""

from __future__ import annotations

from collections.abc import Sequence

from negmine.analysis.lint.collector import Collector
from negmine.analysis.lint.read.batches import TrainingFile
from negmine.analysis.lint.read.provenance import other_format
from negmine.analysis.lint.reference import Relevant
from negmine.analysis.lint.settings import LintSettings


def unchecked_rules(
    files: Sequence[TrainingFile], settings: LintSettings, relevant: Relevant, collector: Collector
) -> dict[str, str]:
    """Return the names of rules, each with the reason why it is not checked."""
    reasons = _without_scores(settings, collector)
    if settings.qrels is None:
        reasons["relevant_in_qrels"] = "needs --qrels"
    elif relevant.by_text is None and not any(_has_ids(file) for file in files):
        reasons["relevant_in_qrels"] = _no_ids(files, settings)
    if settings.corpus is None:
        reasons["not_in_corpus"] = "needs --corpus"
    if not collector.has_pairs:
        reasons["one_sided_query"] = "there are no labeled pairs"
    if not settings.guide_model:
        reasons["guide_inverted"] = "needs --guide-model"
    if not settings.train_batch_size:
        reasons["batch_conflict"] = "needs --train-batch-size"
    elif not collector.has_rows:
        reasons["batch_conflict"] = "labeled pairs have no in-batch negatives"
    why_not = _not_in_batches(files, settings, collector)
    if why_not is not None:
        reasons["in_batch_false_negative"] = why_not
    return reasons


def _not_in_batches(
    files: Sequence[TrainingFile], settings: LintSettings, collector: Collector
) -> str | None:
    if not settings.batches:
        return "needs --batches"
    if not collector.has_rows:
        return "labeled pairs have no in-batch negatives"
    if not any(file.provenance for file in files):
        return "needs the provenance of a work directory beside the file"
    return None


def _without_scores(settings: LintSettings, collector: Collector) -> dict[str, str]:
    has_scores = bool(collector.totals["scores"])
    reasons = {}
    if not has_scores:
        reasons = dict.fromkeys(("score_not_finite", "score_inverted"), "the file has no scores")
    elif not collector.has_positive_scores:
        reasons["score_inverted"] = "the file has no scores of positives"
    if not has_scores and not settings.guide_model:
        reason = "needs scores in the file, or --guide-model"
        reasons |= dict.fromkeys(("noisy_positive", "faulty_positive"), reason)
    return reasons


def _has_ids(file: TrainingFile) -> bool:
    shape = file.shape
    return bool(file.provenance or (shape and shape.query_id and shape.negative_ids))


def _no_ids(files: Sequence[TrainingFile], settings: LintSettings) -> str:
    """Return why documents cannot be found in the qrels, and what to do."""
    flags = {"--queries": settings.queries, "--corpus": settings.corpus}
    needs = " and ".join(flag for flag, path in flags.items() if path is None)
    for file in files:
        written = other_format(file.path)
        if written:
            return (
                f"ids are kept for the format written last, {written}: run negmine write with "
                f"--format {file.path.parent.name} again, or give {needs}"
            )
    return f"the file has no ids: needs {needs}"
