"""Tasks of stage 5: ids become texts here, and nowhere before."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow as pa

from negmine.data import schemas
from negmine.data.sources.columns import no_column
from negmine.data.sources.swapped import D2Q
from negmine.engine.context import Context
from negmine.engine.tasks import Folder, Parts, Stats
from negmine.errors import SettingsError
from negmine.stages.write import compute
from negmine.stages.write.bundle import Bundle
from negmine.stages.write.formats.registry import FORMATS
from negmine.stages.write.given import Given
from negmine.stages.write.teacher import require_scores
from negmine.storage.layout import QUERIES


def training(context: Context, name: str) -> Parts | Folder:
    """The training files of a format: the columns that the trainer reads, and nothing else."""
    settings, output, given = context.config.write, FORMATS[name], Given(context)

    def make(part: int) -> pa.Table:
        rows = _provenance(given, part, name)
        texts = context.corpus.texts(compute.document_ids(rows))
        return compute.training_table(rows, _queries(context, part), texts, settings, output)

    def fill(folder: Path) -> Stats:
        bundle = Bundle(
            output, settings, context.documents, context.queries.parts(),
            lambda part: _provenance(given, part, name), lambda part: _queries(context, part),
        )  # fmt: skip
        return {"rows": bundle.write(folder)}

    if output.main:
        return Folder(fill)
    return Parts(context.queries.parts(), make, threads=True, file_kind=output.file_kind)


def provenance(context: Context, name: str) -> Parts:
    """Ids, ranks, scores and retrievers, row for row beside the training file of a format."""
    given = Given(context)

    def make(part: int) -> pa.Table:
        rows = _provenance(given, part, name)
        opinions, direction = context.config.score_names, context.config.index.direction
        marked = direction if direction == D2Q else ""
        return compute.provenance_table(rows, opinions, FORMATS[name], marked)

    return Parts(context.queries.parts(), make, threads=True)


def short(context: Context) -> Parts:
    """The queries that got fewer negatives than asked, without those that are dropped as contaminated."""
    given = Given(context)

    def make(part: int) -> pa.Table:
        return compute.short_table(compute.short(given.verdicts(part), given.selection))

    return Parts(context.queries.parts(), make, threads=True)


def _queries(context: Context, part: int) -> pl.DataFrame:
    """Return query_id, query, instruction of the queries of a part. Raises SettingsError: no such column."""
    rows, settings = context.work.read(QUERIES, part), context.config.write
    own = settings.instruction_column
    if own is not None and own not in rows.columns:
        columns = [name for name in rows.columns if name not in schemas.QUERIES.names]
        raise SettingsError(no_column("--instruction-column", own, "queries", columns))
    return compute.sought(rows, settings)


def _provenance(given: Given, part: int, name: str) -> pl.DataFrame:
    config, output = given.context.config, FORMATS[name]
    verdicts = given.verdicts(part)
    rows = compute.provenance(
        verdicts,
        given.selection,
        output,
        config.score_names,
        given.scales,
        given.random_documents(part, verdicts),
    )
    teacher = compute.teacher_of(config.write, output)
    if teacher is not None:
        lacking = compute.without_score(rows, teacher)
        require_scores(lacking, teacher, name, given.context.work.name, config)
    return rows
