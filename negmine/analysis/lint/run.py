"""The audit: files in, report out. One pass over the files, then one over the buckets that it puts aside."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from negmine.analysis.lint.collector import Collector
from negmine.analysis.lint.examples import examples
from negmine.analysis.lint.findings import Findings
from negmine.analysis.lint.findings_file import findings_file
from negmine.analysis.lint.read.batches import TrainingFile, batches
from negmine.analysis.lint.read.files import expand, parquet_rows
from negmine.analysis.lint.read.provenance import provenance_join, provenance_of
from negmine.analysis.lint.read.there import There
from negmine.analysis.lint.reference import read_reference
from negmine.analysis.lint.report import make_report
from negmine.analysis.lint.second_pass import check_queries, check_texts
from negmine.analysis.lint.settings import LintSettings
from negmine.analysis.lint.spill import Spill
from negmine.analysis.lint.unchecked import unchecked_rules
from negmine.config.naming import counted
from negmine.data.sources.problems import Problems
from negmine.engine.progress import Progress
from negmine.errors import InputError, SettingsError

if TYPE_CHECKING:
    from negmine.analysis.lint.checks.batch_conflicts import Sample
    from negmine.scorers.guide import Guide

BUCKET = 32 << 20  # bytes of input that make a bucket
_LEAST_BUCKETS, _MOST_BUCKETS = 16, 1024
_STEP = 1024  # rows between two steps of progress, where guides run


def audit(paths: Sequence[Path], settings: LintSettings, progress: Progress) -> dict[str, Any]:
    """Audit files of training data; return the report (see report.py).

    Rows that are compared are put aside in a temporary folder. Raises InputError for files that cannot be read,
    SettingsError where --findings would overwrite one of them.
    """
    if not paths:
        raise InputError("There is no file to look at. Name one.")
    there = There(progress)
    with there.naming():
        settings = there.data(settings)
        files = [
            TrainingFile(path, number, provenance_of(path), there.name(path))
            for number, path in enumerate(expand(paths, there))
        ]
        _check_findings(settings, files)
        with (
            findings_file(settings.findings, [file.name for file in files]) as file,
            tempfile.TemporaryDirectory(prefix="negmine-lint-") as folder,
        ):
            findings, problems = Findings(settings.rows, file), there.problems(settings)
            return Audit(files, settings, findings, problems, Path(folder), progress).run()


class Audit:
    """One audit: its files, what it puts aside of them, and what it finds."""

    def __init__(
        self,
        files: Sequence[TrainingFile],
        settings: LintSettings,
        findings: Findings,
        problems: Problems,
        folder: Path,
        progress: Progress,
    ) -> None:
        self._files, self._settings, self._findings = files, settings, findings
        self._folder, self._progress = folder, progress
        self._problems = problems
        size = sum(_uncompressed_bytes(file.path) for file in files)
        self._buckets = min(max(_LEAST_BUCKETS, size // BUCKET), _MOST_BUCKETS)
        self._spill = Spill(folder / "spill", self._buckets)
        self._guides: list[Guide] = []
        self._sample: Sample | None = None
        if settings.guide_model:
            self._open_guides()
        scorers = [guide.score for guide in self._guides]
        with_ids = settings.qrels is not None
        self._collector = Collector(self._spill, findings, scorers, with_ids)

    def run(self) -> dict[str, Any]:
        """Read the files, compare what was put aside, and return the report."""
        settings, findings, collector = self._settings, self._findings, self._collector
        self._progress.begin("lint")
        relevant = read_reference(settings, self._spill, self._problems)
        self._read()
        self._spill.close()
        findings.unchecked |= unchecked_rules(self._files, settings, relevant, collector)
        totals = dict(collector.totals)
        totals |= check_queries(
            self._spill, self._folder / "losses", self._buckets, settings, relevant,
            collector.largest_score, findings,
        )  # fmt: skip
        totals |= check_texts(self._spill, settings, totals["queries"], findings)
        collector.lengths.find(settings.length_auc, findings)
        collector.tells.find(settings.tells_auc, findings)
        if self._sample is not None and collector.has_rows:
            from negmine.analysis.lint.checks.batch_conflicts import find_conflicts

            size = settings.train_batch_size or 2
            totals["pairs"] = find_conflicts(self._sample, self._guides[0], size, findings)
        if settings.batches and collector.has_rows:
            from negmine.analysis.lint.checks.in_batch import find_in_batches

            totals["batch_rows"] = find_in_batches(self._files, settings, findings)
        shown = examples(findings, self._files, settings)
        return make_report(self._files, findings, totals, shown) | {"notes": self._notes()}

    def _open_guides(self) -> None:
        from negmine.analysis.lint.checks.batch_conflicts import MOST_BATCHES, Sample
        from negmine.analysis.lint.guides import open_guides

        store = self._settings.vector_store or self._folder / "vectors"
        self._guides = open_guides(self._settings, store, self._progress.note)
        if self._settings.train_batch_size:
            self._sample = Sample(MOST_BATCHES * self._settings.train_batch_size)

    def _read(self) -> None:
        """Read all files. Raises InputError for what cannot be read, and where there are no rows."""
        rows = parquet_rows([file.path for file in self._files])
        if rows is not None:
            self._progress.total(rows, "rows")
        for file in self._files:
            self._read_file(file)
            if not file.rows and len(self._files) > 1:
                self._problems.add(
                    "no rows",
                    file=file.path,
                    row=None,
                    message="there are no rows to look at",
                    remedy="Leave the file out, or write it again.",
                )
        self._problems.raise_if_any()
        if not self._collector.totals["rows"]:
            raise InputError(f"{self._files[0].path}: there are no rows to look at.")

    def _read_file(self, file: TrainingFile) -> None:
        join = provenance_join(file.provenance) if file.provenance else None
        for batch in batches(file, self._settings, self._problems):
            joined = join(batch) if join else batch
            for rows in joined.iter_slices(_STEP) if self._guides else [joined]:
                self._collector.take(rows)
                self._progress.advance(rows.height)
            if self._sample is not None:
                self._sample.take(batch)

    def _notes(self) -> list[str]:
        notes = [*self._problems.notes, *(note for file in self._files for note in file.notes)]
        for what, count in self._problems.skipped.items():
            left_out = f"{what}: {counted(count, 'rows')} left out"
            notes.append(what if what.endswith(": no rows") else left_out)
        return notes


def _check_findings(settings: LintSettings, files: Sequence[TrainingFile]) -> None:
    """Raise SettingsError where --findings would overwrite a file that is read."""
    if settings.findings is None:
        return
    read = (*(file.path for file in files), settings.corpus, settings.queries, settings.qrels)
    if settings.findings.resolve() in {path.resolve() for path in read if path is not None}:
        raise SettingsError(f"--findings {settings.findings} is a file that is read. Name another.")


def _uncompressed_bytes(path: Path) -> int:
    """Return the size of a file of text, and four times that of a compressed one."""
    size = path.stat().st_size
    return size if path.suffix in (".jsonl", ".csv", ".tsv", ".json", ".ndjson") else 4 * size
