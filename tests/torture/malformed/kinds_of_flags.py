"""Command lines: values that are no text, without end, out of range, or that FAISS dies of."""

HALF, LONG, STEERING = "a\udcffb", "x" * 100_000, "a\x1b[31m\u202eb"
THREE = (
    "--corpus",
    "FOLDER/corpus.jsonl",
    "--queries",
    "FOLDER/queries.jsonl",
    "--qrels",
    "FOLDER/qrels.tsv",
)
MINE = ("mine", "WORK", "--retriever", "bm25", *THREE)
INDEX = ("index", "WORK", *THREE)
JUDGE = ("--judge-url", "http://127.0.0.1:9/v1", "--judge-model", "m")
# Where a word may stand; VALUE is the word.
PLACES = {
    "a text": (*MINE, "--license", "VALUE"),
    "a repeated text": (*MINE, "--language", "VALUE"),
    "a separator": (*MINE, "--title-separator", "VALUE"),
    "a stemmer": (*MINE, "--stemmer", "VALUE"),
    "a language column": (*MINE, "--language-column", "VALUE"),
    "a weight": (*MINE, "--fusion-weight", "VALUE"),
    "a choice of candidates": (*MINE, "--candidates", "VALUE"),
    "a retriever": (*INDEX, "--retriever", "VALUE"),
    "a model": (*INDEX, "--retriever", "dense", "--model", "VALUE"),
    "an index": (*INDEX, "--retriever", "dense", "--index", "VALUE"),
    "a folder": ("index", "WORK", "--data", "VALUE"),
    "a split": ("index", "WORK", "--data", "FOLDER", "--qrels-split", "VALUE"),
    "a config": (*INDEX, "--config", "VALUE"),
    "a column": ("index", "WORK", "--pairs", "FOLDER/pairs.jsonl", "--query-column", "VALUE"),
    "a work directory": ("status", "VALUE"),
    "two of them": ("diff", "VALUE", "VALUE"),
    "a limit of diff": ("diff", "WORK", "WORK", "--fail-on", "VALUE"),
    "a file of lint": ("lint", "VALUE"),
    "a column of lint": ("lint", "FOLDER/triplets.jsonl", "--query-column", "VALUE"),
    "a limit of lint": ("lint", "FOLDER/triplets.jsonl", "--fail-on", "VALUE"),
    "a file of init": ("init", "VALUE", "--out", "OUT"),
    "a format": (*MINE, "--format", "VALUE"),
    "a number": (*MINE, "--num-negatives", "VALUE"),
    "memory": (*MINE, "--memory", "VALUE"),
    "devices": (*MINE, "--devices", "VALUE"),
    "a score": (*MINE, "--score", "VALUE"),
    "an order": (*MINE, "--order", "VALUE"),
    "an anchor": (*MINE, "--anchor", "VALUE"),
    "an address": (*MINE, "--judge-url", "VALUE", "--judge-model", "m"),
    "a budget": (*MINE, *JUDGE, "--judge-budget", "VALUE"),
    "JSON": (*MINE, *JUDGE, "--judge-extra", "VALUE"),
    "a flag": (*MINE, "--VALUE"),
    "a command": ("VALUE",),
    "somebody to trust": ("trust", "VALUE"),
}
MAY_BE_LONG = ("a text", "a repeated text", "a separator")  # any text will do
JSON = {
    "NaN": '{"a": NaN}',
    "infinite": '{"a": Infinity}',
    "beyond all numbers": '{"a": 1e999}',
    "half a character": '{"a": "\\ud800"}',
    "deep lists": "[" * 90_000,
    "deep objects": '{"a":' * 9000 + "1" + "}" * 9000,
    "null": "null",
    "a number": "7",
    "a list": "[]",
    "nothing": "",
    "a taken field": '{"model": 1}',
    "digits without end": '{"a": ' + "9" * 5000 + "}",
    "half": '{"a": ',
}
NUMBERS = {  # flags to values that are out of range
    "--num-negatives": ("0", "-1", "10000001", "9" * 400, "1e3", "nan", "inf", "1.5", ""),
    "--k": ("0", "-1", "10000001", "9" * 400, "nan"),
    "--pool": ("0", "10000001", "9" * 400),
    "--seed": ("-1", "9" * 400, "x"),
    "--batch-size": ("0", "-1", "x"),
    "--bm25-k1": ("nan", "inf", "-1", "1e999", "x"),
    "--bm25-b": ("nan", "1.1", "-0.1"),
    "--min-relevance": ("0", "x", "1.5"),
    "--relative-margin": ("nan", "2", "-2"),
    "--devices": (",".join(["cpu"] * 65),),  # each is a process
    "--generate-count": ("0", "1001", "9" * 12),
    "--generate-concurrency": ("0", "10001", "9" * 12),
    "--judge-concurrency": ("0", "10001", "9" * 12),
    "--embedding-concurrency": ("0", "10001", "9" * 12),
}
WIDE = ("1000000", "1001", "10000000")  # --num-negatives of n-tuple
FAISS = {  # factory strings to words of the message
    "NONSENSE": "cannot make",
    "HNSW0": "SIGABRT",
    "HNSW1": "ends the process",
    "IVF4(HNSW0),Flat": "ends the process",
    "IVF0,Flat": "cannot make",
    "PQ4x0": "ends the process",
    "PQ0": "cannot make",
    "OPQ0,PQ8": "cannot make",
    "HNSW2147483647": "cannot make",
    "IVF99999999999,Flat": "cells",
    "IVF-1,Flat": "cannot make",
    "PCA-1,Flat": "cannot make",
    "LSH": "inner products",
    ",": "cannot make",
    "IDMap,Flat": "leave IDMap out",
    "Flat,Refine(HNSW0)": "ends the process",
    "IVF4096,Flat": "cells",
    "x" * 500: "no factory string",
    "(" * 100: "cannot make",
    "IVF4,PQ3": "cannot make",
    "\x1b[31m": "no factory string",
    "fläche": "no factory string",
}
SLOW_FAISS = {"NSG0": "more than", "RQ1000000x8": "cannot make"}  # until a limit stops the child
GOOD_FAISS = ("HNSW8", "IVF2,Flat", "SQ8", "PCA2,Flat")
