"""Records of earlier rounds: what each wrote as negatives, in `WORK/sources/round1.parquet`.

They belong to the work directory, and another one that starts from it (`--since`) takes them over: training
files of an earlier round are written over, or left behind.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from negmine.data.frames import table
from negmine.data.schemas import RANDOM, ROUND
from negmine.storage.contents import forget_hash, has_recorded_hash, record_hash
from negmine.storage.files import new_folder, table_file
from negmine.storage.given import FOLDER, kept_file
from negmine.storage.layout import CORPUS, PROVENANCE
from negmine.storage.parquet import read_part
from negmine.storage.workdir import Workdir

_ABOUT = b"negmine.round"


def record_file(work: Workdir, number: int) -> Path | None:
    """Return the record of round `number`; None where there is none."""
    return kept_file(work, f"round{number}")


def is_intact(path: Path | None) -> bool:
    """Tell whether there is a record, and it has the bytes that were written."""
    return path is not None and has_recorded_hash(path)


def read_record(path: Path, query_ids: pl.Series) -> pl.DataFrame:
    """Return query_id, doc_id, round (the one that wrote it first) of the negatives of some queries."""
    rows = pl.scan_parquet(path, glob=False)
    some = rows.filter(pl.col("query_id").is_in(query_ids.unique().implode()))
    return some.collect(engine="streaming")


def about_record(path: Path) -> dict[str, Any]:
    """Return what a record says of its round: `corpus`, the settings that shaped the documents."""
    about: dict[str, Any] = json.loads((pq.read_schema(path).metadata or {}).get(_ABOUT, b"{}"))
    return about


def written_round(work: Workdir) -> int | None:
    """Return the round whose training files a work directory has; None where it has none."""
    manifest = work.manifest(PROVENANCE)
    return None if manifest is None else int(manifest.settings.get("round", 1))


def keep_record(work: Workdir, source: Workdir, number: int) -> None:
    """Record in `work` what `source` wrote in round `number`. The caller holds the lock of `work`.

    Random negatives are left out: no round has found them. Raises CorruptArtifact for damaged files.
    """
    corpus = source.manifest(CORPUS)
    about = {"round": number, "corpus": {} if corpus is None else corpus.settings}
    metadata = {**(ROUND.metadata or {}), _ABOUT: json.dumps(about, sort_keys=True).encode()}
    schema = ROUND.with_metadata(metadata)
    files = source.part_files(PROVENANCE)
    path = new_folder(work.root / FOLDER) / f"round{number}.parquet"
    forget_hash(path)
    with table_file(path, schema) as out:
        for file in files:
            out.write(table(_negatives(read_part(file), number), schema))
    record_hash(path)


def _negatives(rows: pl.DataFrame, number: int) -> pl.DataFrame:
    """Return query_id, doc_id, round of the negatives in a part of provenance, each pair once."""
    columns = ["negative_id", "negative_label"]
    columns += ["round"] if "round" in rows.columns else []
    rows = rows.select("query_id", *columns)
    if rows.schema["negative_id"] == pl.List:
        rows = rows.explode(columns)
    first = pl.col("round") if "round" in columns else pl.lit(number)
    mined = rows.filter(pl.col("negative_id").is_not_null(), pl.col("negative_label") != RANDOM)
    pairs = mined.select("query_id", first.cast(pl.Int32).alias("round"), doc_id="negative_id")
    return pairs.unique(["query_id", "doc_id"], maintain_order=True)
