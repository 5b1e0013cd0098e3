"""What each way of selecting negatives takes of the demo: the tables of docs/how-to/choose-negatives.md.

make demo
python -m tests.bench.choose_negatives demo
"""

import argparse
from pathlib import Path

import polars as pl

import negmine
from negmine.config.sampling import SETTINGS
from negmine.stages.opening import open_existing
from negmine.stages.write.selecting import selection_of

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "choose-negatives.md"
QUERY, COUNT = "317", 5
BEGIN, END = "<!-- {}: tests/bench/choose_negatives.py -->", "<!-- end of {} -->"
USUAL = {
    "sampling": "top", "num_negatives": COUNT, "per": "query", "positives": "all", "max_reuse": "none",
    "random_negatives": 0, "weight": "none", "level": False, "format": "triplet",
}  # fmt: skip
EXAMPLES = {"softmax": {"pool": 10}, "top1-random": {"pool": 10}, "diverse": {"pool": 20}}


def provenance(work, **settings):
    """Write with these settings, and return provenance with a row for every query and negative."""
    negmine.write(work, **(USUAL | settings))
    files = sorted((work / "5-write" / "provenance").glob("*.parquet"))
    rows = pl.concat(pl.read_parquet(file) for file in files)
    return rows.unique(["query_id", "negative_id"], maintain_order=True)


def flags(settings):
    return " ".join(f"--{name.replace('_', '-')} {value}" for name, value in settings.items())


def by_sampling(work):
    """Return a row per sampling: what one query gets, how hard, how far down, how alike, how often."""
    yield "| | ranks that query 317 gets | mean rank | hardness | two of a query alike | documents |"
    yield "|---|---|---|---|---|---|"
    for name in SETTINGS:
        settings = {"sampling": name, **EXAMPLES.get(name, {})}
        rows = provenance(work, **settings)
        ranks = ", ".join(map(str, rows.filter(query_id=QUERY)["rank"]))
        hard = rows["dense_score"].sum() / rows["positive_score"].sum()
        yield (
            f"| `{flags(settings)}` | {ranks} | {rows['rank'].mean():.1f} | {hard:.2f} | "
            f"{alike(work, rows):.2f} | {rows['negative_id'].n_unique()} |"
        )


def alike(work, rows):
    """Return the mean cosine of two negatives of a query."""
    opened = selection_of(open_existing(work, {})).vectors
    assert opened is not None
    vectors = opened()
    sums = []
    for _, one in rows.group_by("query_id"):
        wide = vectors.vectors[vectors.rows(one["negative_id"])].astype("float64")
        size = len(wide)
        if size > 1:
            sums.append(((wide @ wide.T).sum() - size) / (size * (size - 1)))
    return sum(sums) / len(sums)


def by_reuse(work):
    """Return a row per limit of reuse."""
    yield "| | documents | the most used serves | negatives that change | mean rank |"
    yield "|---|---|---|---|---|"
    base = provenance(work).select("query_id", "negative_id")
    for most in ("none", 5, 3, 2, 1):
        rows = provenance(work, max_reuse=most)
        counts = rows["negative_id"].value_counts()["count"]
        changed = rows.join(base, on=["query_id", "negative_id"], how="anti").height
        name = "no limit" if most == "none" else f"`--max-reuse {most}`"
        yield (
            f"| {name} | {len(counts)} | {counts.max()} {'query' if most == 1 else 'queries'} | "
            f"{changed} of {rows.height} | "
            f"{rows['rank'].mean():.1f} |"
        )


def provenance_of_one(work):
    """Return the rows of one query, as provenance has them."""
    rows = provenance(
        work, sampling="softmax", pool=10, random_negatives=1, weight="margin", level=True, num_negatives=4
    ).filter(query_id=QUERY)  # fmt: skip
    columns = (
        "negative_id", "negative_label", "rank", "dense_score", "sampling_probability", "weight", "level"
    )  # fmt: skip
    yield "| " + " | ".join(f"`{name}`" for name in columns) + " |"
    yield "|---" * len(columns) + "|"
    for row in rows.select(columns).iter_rows():
        yield "| " + " | ".join(_text(value) for value in row) + " |"


def _text(value):
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("work", type=Path)
    work = parser.parse_args().work
    page = PAGE.read_text(encoding="utf-8")
    for name, lines in (
        ("samplings", by_sampling),
        ("reuse", by_reuse),
        ("provenance", provenance_of_one),
    ):
        begin, end = BEGIN.format(name), END.format(name)
        before, _, rest = page.partition(begin)
        _, _, after = rest.partition(end)
        page = "\n".join([before + begin, "", *lines(work), "", end + after])
    PAGE.write_text(page, encoding="utf-8")
    negmine.write(work, **USUAL)


if __name__ == "__main__":
    main()
