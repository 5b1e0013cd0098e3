"""The data card: `README.md` in the format of the Hugging Face hub, with what its front matter needs.

https://huggingface.co/docs/hub/datasets-cards and datasets-manual-configuration: `configs` names the files of
every configuration, so that nothing else in the folder is taken for data.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000)
_WORDS = ("1K", "10K", "100K", "1M", "10M", "100M", "1B")
_MOST_NEGATIVES = 8  # columns that are named one by one
_IDENTIFIER = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")  # how the hub writes licences: cc-by-4.0


class Written(NamedTuple):
    """One format that lies in `5-write`: rows, columns, and what it was made of."""

    name: str
    rows: int
    columns: str
    made_of: str


def front_matter(configs: Sequence[Written], license: str | None, languages: Sequence[str]) -> str:
    """Return the YAML of a card; the first of `configs` that has a row is the default one.

    Those without a row are left out: `load_dataset` cannot read them.
    """
    import yaml

    filled = [one for one in configs if one.rows]
    named = {
        "configs": [
            {
                "config_name": one.name,
                **({"default": True} if place == 0 else {}),
                "data_files": [{"split": "train", "path": f"{one.name}/*.parquet"}],
            }
            for place, one in enumerate(filled)
        ]
    }
    front: dict[str, Any] = {
        **(named if filled else {}),
        **licence(license),
        **({"language": list(languages)} if languages else {}),
        "size_categories": [size_category((filled or configs)[0].rows)],
        "task_categories": ["text-retrieval", "sentence-similarity"],
        "tags": ["sentence-transformers", "hard-negatives", "negmine"],
    }
    return str(yaml.safe_dump(front, sort_keys=False, allow_unicode=True))


def columns_told(names: Sequence[str]) -> str:
    """Return columns as the card names them; of many negatives the first and the last."""
    negatives = [name for name in names if name.startswith("negative_")]
    if len(negatives) <= _MOST_NEGATIVES:
        return ", ".join(f"`{name}`" for name in names)
    others = "".join(f"`{name}`, " for name in names if name not in negatives)
    return f"{others}`{negatives[0]}` to `{negatives[-1]}`"


def licence(said: str | None) -> dict[str, str]:
    """Return the hub's licence fields: its own word for it, `other` with a name, or `unknown`."""
    if said is None:
        return {"license": "unknown"}
    if _IDENTIFIER.fullmatch(said):
        return {"license": said}
    return {"license": "other", "license_name": said}


def size_category(rows: int) -> str:
    """Return the hub's word for a number of rows, as 1K<n<10K."""
    place = sum(rows >= size for size in SIZES)
    if place == 0:
        return f"n<{_WORDS[0]}"
    if place == len(SIZES):
        return f"n>{_WORDS[-1]}"
    return f"{_WORDS[place - 1]}<n<{_WORDS[place]}"


def leak_line(limits: dict[str, Any]) -> str:
    """Say what is known of the leak: measured where a budget was set, else how to find out.

    limits: the stats of `4-filter/limits`, or nothing.
    """
    if "budget" not in limits:
        return (
            "Not measured for this card. `negmine leak` hides known positives and counts how many would "
            "have been sold as negatives; relevant documents that nobody judged are not counted by it."
        )
    low, high = (f"{100 * limits[end]:.2f} %" for end in ("leak", "leak_high"))
    counted = f"{limits['sold']:,} of {limits['selected']:,}; " if "sold" in limits else ""
    return (
        f"With {limits['hide']:.0%} of a query's known positives hidden, {low} of the negatives were hidden "
        f"positives ({counted}95 % interval up to {high}); the limit was {100 * limits['budget']:g} %. "
        "Queries with one positive were not measured, and relevant documents that nobody judged are not "
        "counted: the true share may be higher."
    )
