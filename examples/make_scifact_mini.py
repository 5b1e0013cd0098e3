"""Cut examples/scifact-mini out of the SciFact collection (BEIR layout).

Usage: python examples/make_scifact_mini.py SCIFACT_FOLDER

Takes the first 250 train claims that have a cited abstract, all their cited abstracts, and abstracts
from the front of the corpus until there are 700. Nothing is edited.
"""

import gzip
import json
import sys
from pathlib import Path

CLAIMS, ABSTRACTS = 250, 700


def lines(path: Path) -> list[dict[str, str]]:
    """Return the JSON objects of a jsonl file, plain or gzipped."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def main(source: Path, target: Path) -> None:
    """Write the small collection."""
    rows = (source / "qrels/train.tsv").read_text(encoding="utf-8").splitlines()
    header, judged = rows[0], [row.split("\t") for row in rows[1:]]
    asked = list(dict.fromkeys(query for query, _, _ in judged))[:CLAIMS]
    kept = [row for row in judged if row[0] in set(asked)]
    cited = {document for _, document, _ in kept}
    corpus = lines(source / "corpus.jsonl.gz")
    spare = [row["_id"] for row in corpus if row["_id"] not in cited][: ABSTRACTS - len(cited)]
    wanted = cited | set(spare)

    (target / "qrels").mkdir(parents=True, exist_ok=True)
    text = "".join("\t".join(row) + "\n" for row in kept)
    (target / "qrels/train.tsv").write_text(f"{header}\n{text}", encoding="utf-8")
    queries = [row for row in lines(source / "queries.jsonl") if row["_id"] in set(asked)]
    _write(target / "queries.jsonl", queries)
    _write(target / "corpus.jsonl.gz", [row for row in corpus if row["_id"] in wanted])


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    data = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(data, 9, mtime=0) if path.suffix == ".gz" else data)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(__file__).parent / "scifact-mini")
