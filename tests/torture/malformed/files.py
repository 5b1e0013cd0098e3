"""Small valid data, and how it is written as a file of each format."""

import csv
import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq

CORPUS = [
    {"_id": f"d{n}", "title": f"title {n}", "text": f"a text about tea number {n}", "url": f"u{n}"}
    for n in range(6)
]
QUERIES = [{"_id": f"q{n}", "text": f"tea number {n}", "lang": "en"} for n in range(4)]
QRELS = [{"query-id": f"q{n}", "corpus-id": f"d{n}", "score": 1} for n in range(3)]
PAIRS = [{"anchor": f"tea number {n}", "positive": f"a text about tea {n}"} for n in range(4)]
TRIPLETS = [
    {"anchor": f"tea number {n}", "positive": f"a text about tea {n}", "negative": f"milk {n} is white"}
    for n in range(4)
]  # fmt: skip
SCORED = [
    {"query": f"tea number {n // 2}", "document": f"a text about tea {n}", "label": n % 2}
    for n in range(6)
]
LISTS = [
    {"query": f"tea number {n}", "pos": [f"a text about tea {n}"], "neg": ["milk", "water"],
     "pos_scores": [0.9], "neg_scores": [0.1, 0.2]}
    for n in range(4)
]  # fmt: skip
ROWS = {
    "corpus": CORPUS, "queries": QUERIES, "qrels": QRELS, "pairs": PAIRS, "triplets": TRIPLETS,
    "scored": SCORED, "lists": LISTS,
}  # fmt: skip


def as_jsonl(rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode(
        errors="surrogatepass"
    )


def _separated(rows, **dialect):
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", **dialect)
    writer.writerow(names)
    writer.writerows([row.get(name, "") for name in names] for row in rows)
    return text.getvalue().encode(errors="surrogatepass")


def as_csv(rows):
    return _separated(rows)


def as_tsv(rows):
    return _separated(rows, delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None, escapechar="\\")


def as_parquet(table):
    """Return the bytes of a Parquet file. table: rows, or an Arrow table."""
    sink = io.BytesIO()
    pq.write_table(table if isinstance(table, pa.Table) else pa.Table.from_pylist(table), sink)
    return sink.getvalue()


def as_arrow(rows):
    """Return the bytes of an Arrow stream, as `datasets` saves one."""
    sink, table = io.BytesIO(), pa.Table.from_pylist(rows)
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def as_feather(rows):
    """Return the bytes of an Arrow file, compressed as Feather 2 is."""
    sink, table = io.BytesIO(), pa.Table.from_pylist(rows)
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_file(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return sink.getvalue()


def as_trec(rows):
    return "".join(f"{r['query-id']} 0 {r['corpus-id']} {r['score']}\n" for r in rows).encode()


WRITERS = {
    "jsonl": as_jsonl, "csv": as_csv, "tsv": as_tsv, "parquet": as_parquet, "qrels": as_trec,
    "arrow": as_arrow, "feather": as_feather,
    "jsonl.gz": lambda rows: gzip.compress(as_jsonl(rows)), "csv.gz": lambda rows: gzip.compress(as_csv(rows)),
}  # fmt: skip
