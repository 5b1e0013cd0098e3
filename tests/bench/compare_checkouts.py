"""Show that two checkouts give the same rows, JSON numbers and exit codes, command by command.

    python tests/bench/compare_checkouts.py BEFORE AFTER --data FOLDER_OF_COLLECTIONS --out FOLDER

The commands are in compare_checkouts.toml; each is a whole process. What BEFORE made stays in --out and is
used again while code and commands are the same. Without AFTER: only BEFORE. Exit code 1: something differs.
Wording (texts with spaces, notes) is shown, never counted.
"""

import argparse
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from contextlib import suppress
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl

ARTIFACT_RENAMES: dict[str, str] = {}  # all three: the name in BEFORE -> the name in AFTER
JSON_RENAMES: dict[str, str] = {"rooms": "stages", "room": "stage", "sold": "leaked"}
FLAG_RENAMES: dict[str, str] = {}
AFTER_FLAGS = {
    "mine": ["--no-fold-accents", "--judged-negatives", "ignore"]
}  # what AFTER needs to do what BEFORE did
RULES_ADDED = {"mine", "filter", "write"}  # commands whose JSON has `rules` in AFTER only
IGNORED = {"seconds", "made_at", "versions", "negmine", "bytes", "mb"}  # keys of JSON
WORDING = {"notes", "why", "message", "meaning", "why_not", "warnings"}  # keys of JSON
PLAN = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
# Modules come from the checkout only, not from an editable install.
RUNNER = """
import runpy, sys
sys.meta_path[:] = [f for f in sys.meta_path if "editable" not in getattr(f, "__module__", "")]
import importlib.util
name = "negmine" if importlib.util.find_spec("negmine.__main__") else "negmine.cli"
runpy.run_module(name, run_name="__main__", alter_sys=True)
"""
MEASURE = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
measured = {"code": subprocess.call(sys.argv[2:]), "seconds": time.perf_counter() - start}
measured["mb"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
json.dump(measured, open(sys.argv[1], "w"))
sys.exit(measured["code"] < 0)  # killed from outside: no answer to compare
"""
FOLDER = {"type": lambda text: Path(text).resolve()}


def commands(name, args):
    """Return the commands of a collection, word by word."""
    plan = PLAN["collections"][name]
    flags, queries = plan["flags"], plan["queries"].split()
    lines = [f"mine base {flags}", *PLAN["every"].strip().splitlines()]
    lines += [f"explain base {query}" for query in queries]
    for variant, more in PLAN["variants"].items() if plan.get("variants") else ():
        if "{models}" in more and not (args.models / "ce-minilm").is_dir():
            print(f"{name}: {variant} is skipped, --models has no ce-minilm")
            continue
        lines += [f"mine {variant} --since base {flags} {more}", f"leak {variant}"]
        lines += [f"explain {variant} {queries[-1]}", f"report {variant} --json - --no-leak"]
    if plan.get("variants"):
        lines += PLAN["wrong"]["calls"].strip().replace("{flags}", flags).splitlines()
    return [[word.format(**vars(args)) for word in line.split()] for line in lines]


def run(checkout, words, cwd, python):
    """Run a command with the code of a checkout; return exit code, seconds, peak MB and answer."""
    words = words[1:] if words[0] == "text" else [*words, *(["--json"] * ("--json" not in words))]
    environment = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "COLUMNS": "100"}
    env = os.environ | environment | {"PYTHONPATH": str(checkout), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-S", "-c", MEASURE, "measured", python, "-c", RUNNER, *words]
    with (cwd / "stderr").open("wb") as errors:
        output = subprocess.check_output(command, cwd=cwd, env=env, stderr=errors, text=True)
    answer = output.replace(str(cwd), "CWD")
    with suppress(ValueError):
        answer = json.loads(answer)
    return json.loads((cwd / "measured").read_text()) | {"answer": answer}


def fingerprint(checkout):
    """Return the hash of a checkout's code."""
    code = [p for p in sorted((checkout / "negmine").rglob("*.*")) if "__pycache__" not in p.parts]
    content = b"\0".join(bytes(p.relative_to(checkout)) + b"\0" + p.read_bytes() for p in code)
    return hashlib.sha256(content).hexdigest()


def make(checkout, lines, cwd, python, keep):
    """Run a collection's commands in an empty folder, unless they are to be kept and are all there."""
    record, key = cwd / "answers.json", [fingerprint(checkout), lines]
    if keep and record.exists() and json.loads(record.read_text())["key"] == key:
        return json.loads(record.read_text())["answers"]
    shutil.rmtree(cwd, ignore_errors=True)
    cwd.mkdir(parents=True)
    for file, text in PLAN["wrong"]["files"].items():
        (cwd / file).write_text(text)
    answers = []
    print(f"{cwd.name}, with the code of {checkout}")
    for words in lines:
        if words[0] == "copy":
            shutil.copytree(cwd / words[1], cwd / words[2])
            continue
        answers.append({"command": " ".join(words)} | run(checkout, words, cwd, python))
        print("  {code} {seconds:7.2f} s {mb:5} MB  {command}".format(**answers[-1]), flush=True)
    record.write_text(json.dumps({"key": key, "answers": answers}))
    return answers


def renamed(text):
    """Return a text of BEFORE, which may be JSON, with the names of AFTER."""
    keys = {f'"{old}": ': f'"{new}": ' for old, new in JSON_RENAMES.items()}
    for old, new in {**ARTIFACT_RENAMES, **FLAG_RENAMES, **keys}.items():
        text = text.replace(old, new)
    return text


def leaves(value, path=""):
    """Yield every path of a JSON value and what stands there; of lists also the length."""
    if not isinstance(value, dict | list):
        yield path, value
        return
    yield f"{path}.length", len(value) if isinstance(value, list) else not value
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        if key not in IGNORED:
            yield from leaves(item, f"{path}.{key}")


def differences(before, after):
    """Return what differs between two JSON values: numbers, names and paths; and the wording."""
    one, two = dict(leaves(before)), dict(leaves(after))
    counted, wording = [], []
    for path in {**one, **two}:
        a, b = (side.get(path, "(nothing-here)") for side in (one, two))
        if a != b or type(a) is not type(b):
            is_text = all(isinstance(text, str) and " " in text for text in (a, b))
            kind = wording if is_text or WORDING & set(path.split(".")) else counted
            kind.append(f"{path or 'text'}: {str(a)[:80]!r} -> {str(b)[:80]!r}")
    return counted, wording


def contents(folder):
    """Return what an artifact holds: the rows of its parts together, and its other files."""
    parts = sorted(folder.glob("part-*.parquet"))
    files = {"rows": pl.concat(map(pl.read_parquet, parts))} if parts else {}
    readers = {".parquet": pl.read_parquet, ".npy": np.load}
    for file in {*folder.iterdir()} - {*parts, folder / "_manifest.json"}:
        if file.is_file():
            files[file.name] = readers.get(file.suffix, Path.read_bytes)(file)
    return files


def unequal(one, two):
    """Say how two tables, arrays or files differ; nothing where they do not."""
    if type(one) is not type(two):
        return "only on one side"
    if isinstance(one, bytes):
        return "" if one == two else "other bytes"
    if not hasattr(one, "schema"):
        a, b = ((array.dtype.str, array.shape) for array in (one, two))
        return "" if a == b and one.tobytes() == two.tobytes() else f"{a} -> {b}, other numbers"
    if one.schema != two.schema or one.height != two.height:
        return f"{one.height} rows of {dict(one.schema)} -> {two.height} of {dict(two.schema)}"
    rows = {name: one[name].ne_missing(two[name]).sum() for name in one.columns}
    return ", ".join(f"{count} rows differ in {name}" for name, count in rows.items() if count)


def compare_artifacts(before, after):
    """Return what differs between two folders' artifacts, and how many have the same identity."""
    one = {renamed(str(p.parent.relative_to(before))): p for p in before.rglob("_manifest.json")}
    two, same = {str(p.parent.relative_to(after)): p for p in after.rglob("_manifest.json")}, 0
    different = [f"{name}: only on one side" for name in sorted(one.keys() ^ two.keys())]
    for name in sorted(one.keys() & two.keys()):
        ours, theirs = contents(one[name].parent), contents(two[name].parent)
        by_file = {file: unequal(ours.get(file), theirs.get(file)) for file in {**ours, **theirs}}
        different += [f"{name} {file}: {text}" for file, text in by_file.items() if text]
        a, b = json.loads(renamed(one[name].read_text())), json.loads(two[name].read_text())
        same += a["identity"] == b["identity"]
        a, b = ({key: side[key] for key in ("schema", "rows", "stats")} for side in (a, b))
        different += [f"{name} manifest {text}" for text in differences(a, b)[0]]
    return different, f"{len(one)} artifacts, {same} with the same identity"


def compare(name, args):
    """Run a collection with both checkouts, print what differs, and return how many things differ."""
    lines, folders = commands(name, args), [args.out / side / name for side in ("before", "after")]
    one = make(args.before, lines, folders[0], args.python, keep=True)
    if not args.after:
        return 0
    lines = [
        [*map(renamed, words), *(AFTER_FLAGS.get(words[0], []) if words[2:] else [])]
        for words in lines
    ]
    two = make(args.after, lines, folders[1], args.python, keep=False)
    different, artifacts = compare_artifacts(*folders)
    one, wording = json.loads(renamed(json.dumps(one))), []
    for a, b in zip(one, two, strict=True):
        if b["command"].split()[0] in RULES_ADDED and isinstance(b["answer"], dict):
            b["answer"]["data"].pop("rules", None)
        counted, worded = differences(a, b)
        counted[10:] = [f"{len(counted)} paths in all"] if counted[10:] else []
        different += [f"{a['command']}: {text}" for text in counted]
        wording += [f"(wording) {a['command']}: {text}" for text in worded]
    codes = Counter(answer["code"] for answer in one)
    print(f"{name}: {len(one)} commands, exit codes {dict(sorted(codes.items()))}, {artifacts}")
    sums = f"{name}: {len(different)} differences, {len(wording)} of wording"
    print(*wording[:10], *different, sums, sep="\n", flush=True)
    return len(different)


def time_both(name, args):
    """Run `mine` in an empty folder with both checkouts in turn; print medians and ratios."""
    lines, sides = commands(name, args)[:1], ([], [])
    for _ in range(args.time):
        for checkout, runs in zip((args.before, args.after), sides, strict=True):
            runs += make(checkout, lines, args.out / "time", args.python, keep=False)
    for key in ("seconds", "mb"):
        one, two = (median(run[key] for run in runs) for runs in sides)
        print(f"{name}: {key} {one:.2f} -> {two:.2f}, ratio {two / one:.3f}", flush=True)


def english_questions(data, folder):
    """Write XQuAD-R's English questions over the sentences of all languages."""
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(data / "corpus.jsonl.gz", folder / "corpus.jsonl.gz")
    for file, starts in (("queries.jsonl", '{"_id": "en'), ("qrels/test.tsv", ("query-id", "en"))):
        with gzip.open(data / f"{file}.gz", "rt", encoding="utf-8") as rows:
            text = "".join(row for row in rows if row.startswith(starts))
        (folder / file).write_text(text, encoding="utf-8")


def main():
    """Read the flags, compare, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", **FOLDER)
    parser.add_argument("after", nargs="?", **FOLDER)
    parser.add_argument("--data", required=True, help="folder of the open collections", **FOLDER)
    parser.add_argument("--models", default="models", help="folder with ce-minilm", **FOLDER)
    parser.add_argument("--out", required=True, **FOLDER)
    names = [*PLAN["collections"]]
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--python", default=sys.executable, help="with negmine's packages")
    parser.add_argument("--time", type=int, default=0, metavar="N", help="rounds of `mine`")
    args = parser.parse_args()
    demo = args.before / "examples/scifact-mini"
    shutil.copytree(demo, args.out / "data/scifact-mini", dirs_exist_ok=True)
    if "xquad-r" in args.only:
        english_questions(args.data / "xquad-r", args.out / "data/xquad-r-english")
    differing = sum(compare(name, args) for name in args.only)
    for name in args.only if args.time and args.after else ():
        time_both(name, args)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
