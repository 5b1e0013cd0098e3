"""The audit: files in, findings out. One pass over the files, then one over the buckets."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from negmine.analysis.lint import positives as fences
from negmine.analysis.lint import query_rules, reference, text_rules
from negmine.analysis.lint.batches import File, batches
from negmine.analysis.lint.collecting import Collector
from negmine.analysis.lint.examples import examples
from negmine.analysis.lint.files import expand, parquet_rows
from negmine.analysis.lint.findings import Everything, Findings
from negmine.analysis.lint.near import near_duplicates
from negmine.analysis.lint.options import Options
from negmine.analysis.lint.provenance import beside, of_another_format, reader
from negmine.analysis.lint.report import report
from negmine.analysis.lint.spill import Spill
from negmine.data.sources.problems import Problems
from negmine.engine.progress import Progress
from negmine.errors import InputError, SettingsError

BUCKET = 32 << 20  # bytes of input that make a bucket
_MOST_BUCKETS = 1024
GUIDED = 1024  # rows between two signs of life, where models run


class Audit:
    """One lint: what it reads, what it puts aside, what it finds."""

    def __init__(
        self, paths: Sequence[Path], options: Options, folder: Path, progress: Progress
    ) -> None:
        self._options, self._progress = options, progress
        self.files = [
            File(path, number, provenance=beside(path)) for number, path in enumerate(expand(paths))
        ]
        size = sum(_bytes(file.path) for file in self.files)
        self._buckets = min(max(16, size // BUCKET), _MOST_BUCKETS)
        names = [str(file.path) for file in self.files]
        _check_findings(options, [file.path for file in self.files])
        self._everything = None if options.findings is None else Everything(options.findings, names)
        self.findings = Findings(options.keep, self._everything)
        self._spill = Spill(_made(folder / "spill"), self._buckets)
        self._fences = fences.Fences(_made(folder / "losses"), self._buckets)
        self._store = options.vector_store or folder / "vectors"
        self._problems = Problems(skip=options.skip_bad_rows)
        self._guides: list[Any] = []
        self._sample: Any = None
        self.totals: dict[str, int] = {}
        self._largest_score = 0.0

    def run(self) -> dict[str, Any]:
        """Read, compare, and return the report (see report.py); write all findings, if that was asked."""
        try:
            found = self._run()
        except BaseException:
            if self._everything is not None:
                self._everything.discard()
            raise
        if self._everything is not None:
            self._everything.close()
        return found

    def _run(self) -> dict[str, Any]:
        if self._options.guide_model:
            from negmine.analysis.lint.guides import MOST_BATCHES, Sample, open_guides

            self._guides = open_guides(self._options, self._store, self._progress.note)
            if self._options.train_batch_size:
                self._sample = Sample(MOST_BATCHES * self._options.train_batch_size)
        self._progress.begin("lint")
        relevant = reference.read(self._options, self._spill, self._problems)
        collector = self._read()
        self._problems.raise_if_any()
        if not self.totals["rows"]:
            raise InputError(f"{self.files[0].path}: there are no rows to look at.")
        self._spill.close()
        self._say_unchecked(relevant, collector)
        self._by_query(relevant)
        self._by_text()
        self._fences.tell(self.findings)
        self.totals["positive_pairs"] = self._fences.count
        self._lengths(collector)
        if self._sample is not None and collector.rowed:
            from negmine.analysis.lint.guides import conflicts

            size = self._options.train_batch_size or 2
            self.totals["pairs"] = conflicts(self._sample, self._guides[0], size, self.findings)
        shown = examples(self.findings, self.files, self._options)
        notes = [*self._problems.notes, *(g for file in self.files for g in file.guesses)]
        skipped = self._problems.skipped
        for what, count in skipped.items():
            notes.append(what if what.endswith(": no rows") else f"{what}: {count:,} rows left out")
        return report(self.files, self.findings, self.totals, shown) | {"notes": notes}

    def _read(self) -> Collector:
        guides = [guide.score for guide in self._guides]
        ids = self._options.qrels is not None
        collector = Collector(self._spill, self.findings, guides, ids)
        total = parquet_rows([file.path for file in self.files])
        if total is not None:
            self._progress.total(total, "rows")
        for file in self.files:
            join = reader(file.provenance) if file.provenance else None
            for batch in batches(
                file, self._options.columns, self._options.label_threshold, self._problems
            ):
                joined = join(batch) if join else batch
                for piece in joined.iter_slices(GUIDED) if guides else [joined]:
                    collector.take(piece)
                    self._progress.advance(piece.height)
                if self._sample is not None:
                    self._sample.take(batch)
            if not file.rows and len(self.files) > 1:
                self._no_rows(file)
        self.totals = collector.totals
        self._largest_score = collector.largest_score
        return collector

    def _no_rows(self, file: File) -> None:
        self._problems.add(
            "no rows",
            file=file.path,
            row=None,
            message="there are no rows to look at",
            remedy="Leave the file out, or write it again.",
        )

    def _by_query(self, relevant: reference.Relevant) -> None:
        options, findings = self._options, self.findings
        guides = [f"guide_{number}" for number in range(len(self._guides))]
        temperature = fences.TEMPERATURE if self._largest_score <= 1.0001 else 1.0
        temperatures = dict.fromkeys(guides, fences.TEMPERATURE) or {"score": temperature}
        self.totals["queries"] = 0
        for pairs, grams in self._spill.each("pairs", "grams"):
            if pairs is None or grams is None:
                continue
            self.totals["queries"] += pairs.select("qa", "qb").n_unique()
            positives, negatives = query_rules.split(pairs)
            query_rules.same_texts(positives, negatives, findings)
            findings.add("repeated_slot", query_rules.repeated(negatives))
            findings.add("repeated_positive", query_rules.repeated(positives).select("row"))
            query_rules.one_sided(pairs, findings)
            near_duplicates(positives, negatives, grams, options.near_duplicate, findings)
            if options.qrels is not None:
                query_rules.relevant(negatives, relevant.by_text, relevant.by_id, findings)
            query_rules.inverted(positives, negatives, "score_inverted", ["score"], findings)
            query_rules.inverted(positives, negatives, "guide_inverted", guides, findings)
            self._fences.take(fences.losses(positives, negatives, temperatures))

    def _by_text(self) -> None:
        hubs = text_rules.Hubs(
            max(text_rules.LEAST_USES, self._options.hub_share * self.totals["queries"])
        )
        self.totals["documents"] = 0
        for rows, documents, corpus in self._spill.each("rows", "documents", "corpus"):
            if rows is not None:
                text_rules.duplicates(rows, self.findings)
            if documents is not None:
                text_rules.elsewhere(documents, self.findings)
                hubs.take(documents)
                if self._options.corpus is not None:
                    count = text_rules.not_in_corpus(documents, corpus, self.findings)
                    self.totals["documents"] += count
        hubs.tell(self.findings, self._spill.each("documents"))

    def _lengths(self, collector: Collector) -> None:
        about = collector.lengths.about()
        self.findings.about["length_tells"] = about
        auc = about["auc"]
        if auc is None:
            self.findings.unchecked["length_tells"] = "needs 30 positives and 30 negatives"
            return
        self.findings.shares["length_tells"] = max(auc, 1 - auc)
        self.findings.counts["length_tells"] = int(max(auc, 1 - auc) >= self._options.length_auc)

    def _say_unchecked(self, relevant: reference.Relevant, collector: Collector) -> None:
        options, why = self._options, self.findings.unchecked
        if options.qrels is None:
            why["relevant_in_qrels"] = "no --qrels"
        elif relevant.by_text is None and not self._has_ids():
            why["relevant_in_qrels"] = self._no_ids()
        if options.corpus is None:
            why["not_in_corpus"] = "no --corpus"
        self._say_unscored(collector)
        if not collector.paired:
            why["one_sided_query"] = "there are no labeled pairs"
        if not self._guides:
            why["guide_inverted"] = "no --guide-model"
        if not options.train_batch_size:
            why["batch_conflict"] = "no --train-batch-size"
        elif not collector.rowed:
            why["batch_conflict"] = "labeled pairs are trained without in-batch negatives"

    def _say_unscored(self, collector: Collector) -> None:
        why = self.findings.unchecked
        if not self.totals["scores"]:
            why |= dict.fromkeys(("score_not_finite", "score_inverted"), "the file has no scores")
        elif not collector.anchored:
            why["score_inverted"] = "the file has no scores of positives"
        if not self.totals["scores"] and not self._guides:
            no = "no scores and no --guide-model"
            why |= {"noisy_positive": no, "faulty_positive": no}

    def _no_ids(self) -> str:
        flags = {"--queries": self._options.queries, "--corpus": self._options.corpus}
        needs = " and ".join(flag for flag, given in flags.items() if given is None)
        for file in self.files:
            other = of_another_format(file.path)
            if other:
                return (
                    f"ids are kept for the format written last, {other}: run negmine write with "
                    f"--format {file.path.parent.name} again, or give {needs}"
                )
        return f"the file has no ids: needs {needs}"

    def _has_ids(self) -> bool:
        return any(
            file.provenance or (file.shape and file.shape.query_id and file.shape.negative_ids)
            for file in self.files
        )


def audit(paths: Sequence[Path], options: Options, progress: Progress) -> dict[str, Any]:
    """Audit files of triplets; return the report. What is put aside lies in a temporary folder meanwhile."""
    if not paths:
        raise InputError("There is no file to look at. Name one.")
    with tempfile.TemporaryDirectory(prefix="negmine-lint-") as folder:
        return Audit(paths, options, Path(folder), progress).run()


def _check_findings(options: Options, files: Sequence[Path]) -> None:
    """Raise SettingsError where --findings would write over what is read."""
    read = (*files, options.corpus, options.queries, options.qrels)
    if options.findings is not None and options.findings.resolve() in {
        p.resolve() for p in read if p
    }:
        raise SettingsError(f"--findings {options.findings} is a file that is read. Name another.")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _bytes(path: Path) -> int:
    """Return a file's size, four times that of a compressed one."""
    size = path.stat().st_size
    return size if path.suffix in (".jsonl", ".csv", ".tsv", ".json", ".ndjson") else 4 * size
