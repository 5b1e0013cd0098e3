"""`--generate-for short`: which queries got too few negatives when the model was asked to write for them.

The list is recorded in the work directory (`WORK/sources/generate_for.parquet`): once the model has written for
these queries, they are not short any more.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from negmine.data import schemas
from negmine.data.frames import table
from negmine.engine.context import Context
from negmine.errors import MissingArtifact
from negmine.storage.asked_for import asked_for_file, keep_asked_for, read_asked_for
from negmine.storage.layout import SHORT


def short_shaping(context: Context) -> dict[str, str]:
    """Return the hash of the list of queries; nothing where the model writes for all."""
    if context.config.generate.generate_for != "short":
        return {}
    path = asked_for_file(context.work)
    return {"for_short": "" if path is None else context.work.digest(path)[:16]}


def is_wanted(context: Context) -> pl.Expr:
    """Tell of a query whether the model writes for it."""
    if context.config.generate.generate_for != "short":
        return pl.lit(True)
    return pl.col("query_id").is_in(read_asked_for(context.work).implode())


def begin_short(context: Context, stages: Sequence[str]) -> None:
    """Record the queries of 5-write/short, unless there is a record; with --force, anew.

    Raises MissingArtifact where they are not known.
    """
    config = context.config
    if "generate" not in stages or not config.generates or config.generate.generate_for != "short":
        return
    if asked_for_file(context.work) is not None and not context.force:
        return
    require_short(context)
    with context.work.hold():
        queries = context.work.scan(SHORT).select("query_id").collect()
        keep_asked_for(context.work, table(queries, schemas.ASKED_FOR))


def require_short(context: Context) -> None:
    """Raise MissingArtifact where --generate-for short is given, and those queries are not known."""
    is_known = asked_for_file(context.work) or context.work.manifest(SHORT)
    if context.config.generate.generate_for == "short" and not is_known:
        raise MissingArtifact(
            "--generate-for short: which queries got too few negatives is known when training files are "
            f"written. Run negmine write {context.work.name} before, without --generate-kind, or leave "
            "--generate-for out."
        )
