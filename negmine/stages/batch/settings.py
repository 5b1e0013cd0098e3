"""The settings of `negmine batch`: one table for its flags, the keywords of `negmine.batch` and the docs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

from negmine.config.table import SettingsTable, chosen, setting
from negmine.errors import SettingsError

By = Literal["cluster", "neighbour", "owner", "source", "random"]
FILES = "files"  # of --layout
LEAST_CLUSTER, CLUSTER_BATCHES = 256, 8

_batches = partial(setting, group="Batches", essential=True)
_conflicts = partial(setting, group="Conflicts", essential=True)


class BatchSettings(SettingsTable):
    """Which rows come together in a batch."""

    batch_size: int = _batches("Rows in a batch: the trainer's batch size.", 64, ge=2)
    by: By = _batches(
        "What queries of a batch have in common. cluster: a topic. neighbour: each other's nearest. "
        "owner: their positives are alike, the queries not. source: --source. random: nothing.",
        "cluster",
    )
    source: str | None = _batches(
        "Column of the queries: a batch has one value of it. With --by cluster, neighbour, random, too."
    )
    cluster_size: int | None = _batches(
        f"Queries in a cluster. Default: {CLUSTER_BATCHES} times --batch-size, at least {LEAST_CLUSTER}.",
        ge=2,
    )
    layout: Literal["rows", "files"] = _batches(
        "rows: full batches, one after the other. files: a file for each cluster or source, of whose rows any "
        "fit into a batch, for trainers that shuffle.",
        "rows",
    )
    seed: int = _batches("Seed of the order of rows and batches.", 13, ge=0)
    near_copy: float = _conflicts(
        "Lowest Jaccard similarity of word 3-grams of two documents that count as one.",
        0.8,
        gt=0,
        le=1,
    )

    @property
    def queries_in_cluster(self) -> int:
        """How many queries a cluster has, about."""
        return self.cluster_size or max(LEAST_CLUSTER, CLUSTER_BATCHES * self.batch_size)


def batch_settings(given: Mapping[str, Any]) -> BatchSettings:
    """Return the checked settings. given: field names to values; None and `none` are the default.

    Raises SettingsError, with the flag in its message, for a value or a combination that cannot work.
    """
    settings = chosen(BatchSettings, given, "batch")
    if settings.by == "source" and settings.source is None:
        raise SettingsError("--by source: which column of the queries? Give --source COLUMN.")
    if settings.by == "owner" and settings.source is not None:
        raise SettingsError("--by owner takes no --source. Leave it out, or give --by neighbour.")
    if settings.layout == FILES and settings.by in ("neighbour", "owner"):
        raise SettingsError(
            f"--layout files takes no --by {settings.by}, which chooses the rows of each batch. Give --by "
            "cluster, source or random, or --layout rows."
        )
    if settings.by != "cluster" and settings.cluster_size is not None:
        raise SettingsError(f"--by {settings.by} has no clusters. Leave --cluster-size out.")
    return settings
