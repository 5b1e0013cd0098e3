"""Guides: what other models think of the pairs, and what they would mask in a training batch (GISTEmbed)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.analysis.lint.findings import Findings
from negmine.analysis.lint.options import Options
from negmine.config.settings import FilterSettings, IndexSettings
from negmine.data.hashing import GOLDEN, splitmix64
from negmine.models.products import pair_scores
from negmine.scorers.guide import Guide
from negmine.storage.digests import Digests

MOST_BATCHES = 100
SEED = 13
Masks = dict[str, NDArray[np.bool_]]


def open_guides(options: Options, store: Path, note: Callable[[str], None]) -> list[Guide]:
    """Return the guides; vectors are kept under `store`, and `note` is told what a user should know.

    Raises InputError for a model that is not there.
    """
    settings = FilterSettings(
        guide_model=options.guide_model,
        guide_query_prompt=options.guide_query_prompt,
        guide_document_prompt=options.guide_document_prompt,
    )
    index = IndexSettings.model_validate({"device": options.device})
    store.mkdir(parents=True, exist_ok=True)
    digests = Digests(store / ".digests.json")
    places = range(len(options.guide_model))
    guides = [Guide(place, settings, index, digests, store, note) for place in places]
    digests.save()
    return guides


class Sample:
    """A random sample of the rows that have a positive and negatives, drawn by row, in random order."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._rows: pl.DataFrame | None = None

    def take(self, batch: pl.DataFrame) -> None:
        """Take in a batch of rows (see `batches`)."""
        texts = pl.concat_list("query", pl.col("positives").list.first(), "negatives")
        whole = texts.list.eval(pl.element().str.strip_chars() != "").list.all()
        usable = batch.filter(
            ~pl.col("loose"), pl.col("negatives").list.len() > 0, texts.list.drop_nulls().list.len()
            == texts.list.len(), whole,
        )  # fmt: skip
        state = usable["row"].to_numpy().astype(np.uint64) * GOLDEN + np.uint64(SEED)
        drawn = usable.select(
            "row", "query", pl.col("positives").list.first().alias("positive"), "negatives"
        ).with_columns(pl.Series("draw", splitmix64(state)))
        both = drawn if self._rows is None else pl.concat([self._rows, drawn])
        self._rows = both.sort("draw").head(self._size)

    def batches(self, size: int) -> list[pl.DataFrame]:
        """Return whole batches of `size` rows; fewer rows than that are one batch."""
        if self._rows is None or self._rows.height < 2:
            return []
        size = min(size, self._rows.height)
        return [
            self._rows.slice(start, size) for start in range(0, self._rows.height - size + 1, size)
        ]


def masks(
    qp: NDArray[np.floating],
    qn: NDArray[np.floating],
    qq: NDArray[np.floating],
    pp: NDArray[np.floating],
) -> Masks:
    """Return what GISTEmbed masks in a batch: pairs strictly above the row's own cos(q, p).

    qp, qq, pp: [rows, rows], qn: [rows, negatives], cosines by the guide. Diagonals of qq and pp are the
    texts themselves and are not counted here.
    """
    own = np.diag(qp)[:, None]
    found = {
        name: scores > own for name, scores in (("qp", qp), ("qn", qn), ("qq", qq), ("pp", pp))
    }
    for name in ("qp", "qq", "pp"):
        np.fill_diagonal(found[name], False)
    return found


def conflicts(sample: Sample, guide: Guide, size: int, findings: Findings) -> int:
    """Count what a guide would mask in random batches; return the number of pairs looked at."""
    counts, pairs = dict.fromkeys(("qp", "qn", "qq", "pp"), 0), 0
    batches = sample.batches(size)
    for batch in batches:
        found, others = _of_batch(batch, guide)
        for name, mask in found.items():
            counts[name] += int(mask.sum())
        pairs += others
        hit = np.any([mask.any(axis=1) for mask in found.values()], axis=0)
        here = sum(int(mask.sum()) for mask in found.values())
        findings.add("batch_conflict", batch.filter(pl.Series(hit)).select("row"), count=here)
    findings.about["batch_conflict"] = {
        "batches": len(batches),
        "batch_size": batches[0].height if batches else 0,
        "query_positive": counts["qp"],
        "query_negative": counts["qn"],
        "query_query": counts["qq"],
        "positive_positive": counts["pp"],
        "masked_per_row": round(sum(counts.values()) / max(sum(b.height for b in batches), 1), 3),
    }
    return pairs


def _of_batch(batch: pl.DataFrame, guide: Guide) -> tuple[Masks, int]:
    """Return the masks of a batch, a row's own negatives left out, and how many pairs that leaves."""
    rows = batch.height
    lengths = batch["negatives"].list.len().to_numpy()
    owners = np.repeat(np.arange(rows), lengths)
    queries = guide.vectors(batch["query"].to_list(), "query")
    positives = guide.vectors(batch["positive"].to_list(), "document")
    negatives = guide.vectors(batch["negatives"].explode().to_list(), "document")
    found = masks(
        _products(queries, positives),
        _products(queries, negatives),
        _products(queries, queries),
        _products(positives, positives),
    )
    found["qn"][owners, np.arange(len(owners))] = False
    return found, rows * (3 * (rows - 1) + len(owners)) - len(owners)


def _products(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return all cosines, each rounded as `pair_scores` rounds it, so that equal texts tie."""
    rows, docs = (axis.ravel() for axis in np.indices((len(left), len(right))))
    return pair_scores(left, right, rows, docs).reshape(len(left), len(right))
