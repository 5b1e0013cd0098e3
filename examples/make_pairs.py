"""Write the claims of scifact-mini beside the abstracts that they rest on, as pairs: for the tutorial.

python examples/make_pairs.py pairs.jsonl
"""

import sys
from pathlib import Path

import polars as pl

FOLDER = Path(__file__).parent / "scifact-mini"


def pairs() -> pl.DataFrame:
    """Return a row for each judged pair: claim, abstract."""
    claims = pl.read_ndjson(FOLDER / "queries.jsonl").rename({"text": "claim"})
    abstracts = pl.read_ndjson(FOLDER / "corpus.jsonl.gz").rename({"text": "abstract"})
    judged = pl.read_csv(FOLDER / "qrels" / "train.tsv", separator="\t", infer_schema=False)
    rows = judged.join(claims, left_on="query-id", right_on="_id", maintain_order="left")
    rows = rows.join(abstracts, left_on="corpus-id", right_on="_id", maintain_order="left")
    return rows.select("claim", "abstract")


if __name__ == "__main__":
    pairs().write_ndjson(sys.argv[1])
