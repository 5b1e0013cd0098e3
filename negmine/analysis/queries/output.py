"""The files of new queries: `queries.jsonl` and `qrels.tsv`, for --queries and --qrels."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from negmine.config.json_text import parsed
from negmine.data.schemas import GENERATED
from negmine.errors import GeneratorError, SettingsError
from negmine.stages.generate.writing import UNREADABLE, WRITTEN
from negmine.storage.files import new_folder, write_out

QUERIES, QRELS = "queries.jsonl", "qrels.tsv"


def check(out: Path) -> None:
    """Raise SettingsError where something else is there: nothing of it is to be overwritten."""
    if not out.exists() or _is_ours(out):
        return
    raise SettingsError(
        f"{out} is there already, and generate-queries has not made it. Name another --out."
    )


def _is_ours(out: Path) -> bool:
    """Tell whether a folder has nothing but our two files, and a first query with our label, if any."""
    try:
        if not {path.name for path in out.iterdir()} <= {QUERIES, QRELS}:
            return False
        with (out / QUERIES).open(encoding="utf-8") as stream:
            line = stream.readline(1 << 20)
        first = parsed(line) if line else {"label": GENERATED}  # no query was found
    except (OSError, ValueError):
        return False
    return isinstance(first, dict) and first.get("label") == GENERATED


def require_some(out: Path, counts: Mapping[str, int]) -> None:
    """Raise GeneratorError where no query is left: earlier files are worth more than empty ones.

    counts: outcome to how many requests had it.
    """
    if counts.get(WRITTEN):
        return
    ended = ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "nothing was asked"
    raise GeneratorError(
        f"No query is left ({ended}). Nothing is written: what {out} had stays. Try another model or "
        "--prompt, check --generate-url, raise "
        "--generate-max-tokens, --generate-budget or --found-within, and ask again with --force."
    )


def unreadable_notes(counts: Mapping[str, int]) -> Iterator[str]:
    """Yield a note where most answers cannot be read. counts: outcome to how many requests had it."""
    broken, total = counts.get(UNREADABLE, 0), sum(counts.values())
    if 2 * broken > total:
        yield (
            f"{broken:,} of {total:,} answers cannot be read. Try another model or --prompt, or a higher "
            "--generate-max-tokens."
        )


def write(out: Path, rows: pl.DataFrame, retrievers: Sequence[str]) -> None:
    """Write both files. Raises SettingsError where they cannot be written.

    rows: query_id, query, origin, doc_id, `<retriever>_rank`. A query has its label, its origin, the document
    that it was written for, and the ranks of that document.
    """
    lines = [json.dumps(_line(row, retrievers), ensure_ascii=False) for row in rows.to_dicts()]
    pairs = [
        f"{query_id}\t{doc_id}\t1" for query_id, doc_id in rows.select("query_id", "doc_id").rows()
    ]
    try:
        new_folder(out)
        write_out(out / QRELS, "\n".join(["query-id\tcorpus-id\tscore", *pairs, ""]))
        write_out(out / QUERIES, "".join(f"{line}\n" for line in lines))
    except OSError as error:
        raise SettingsError(f"{out} cannot be written: {error.strerror}.") from error


def _line(row: dict[str, Any], retrievers: Sequence[str]) -> dict[str, Any]:
    ranks = {name: row[f"{name}_rank"] for name in retrievers}
    return {
        "_id": row["query_id"],
        "text": row["query"],
        "label": GENERATED,
        "origin": row["origin"],
        "written_for": row["doc_id"],
        "ranks": {name: rank for name, rank in ranks.items() if rank is not None},
    }
