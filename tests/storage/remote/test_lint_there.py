"""lint of files at addresses: the findings of the same files here, under the names of the addresses."""

import io
import json
from pathlib import Path

import polars as pl
import pytest

import negmine
from negmine.errors import InputError
from tests.storage.remote.test_hub import parquet

ROWS = [
    {
        "anchor": f"question {n}",
        "positive": f"the answer {n}",
        "negative": f"the answer {n + (n > 1)}",
    }
    for n in range(6)
]


def put(s3, name, data):
    s3.put_object(Bucket="texts", Key=name, Body=data)


def findings(report):
    """Return what was found, without the names of files."""
    return [
        (rule["rule"], rule["count"], [row["row"] for row in rule["rows"]])
        for rule in report["rules"]
    ]


@pytest.mark.parametrize("name", ["train.parquet", "train.jsonl"])
@pytest.mark.parametrize("as_given", [str, Path])  # a command line makes a Path of it
def test_a_file_of_s3_has_the_findings_of_the_same_file_here(s3, tmp_path, name, as_given):
    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    data = parquet(ROWS) if name.endswith("parquet") else lines.encode()
    (tmp_path / name).write_bytes(data)
    put(s3, name, data)
    here = negmine.lint(tmp_path / name)
    there = negmine.lint(as_given(f"s3://texts/{name}"))
    assert findings(there) == findings(here)
    assert any(count for _, count, _ in findings(there))
    assert [one["file"] for one in there["files"]] == [f"s3://texts/{name}"]
    assert there["files"][0] == here["files"][0] | {"file": f"s3://texts/{name}"}
    assert "copies" not in json.dumps(there)


def test_a_pattern_a_folder_and_a_dataset_stand_for_their_files(s3, hub, tmp_path):
    for n, rows in enumerate((ROWS[:3], ROWS[3:])):
        put(s3, f"t/part-{n}.parquet", parquet(rows))
    hub.publish(
        "st/mined", {"train-0.parquet": parquet(ROWS[:3]), "train-1.parquet": parquet(ROWS[3:])}
    )
    places = ("s3://texts/t/part-*.parquet", "s3://texts/t", "hf://datasets/st/mined")
    for place in places:
        report = negmine.lint(place, findings=tmp_path / "found.parquet")
        assert report["totals"]["rows"] == 6
        names = {one["file"] for one in report["files"]}
        assert len(names) == 2 and {name.split(":")[0] for name in names} == {place.split(":")[0]}
        assert set(pl.read_parquet(tmp_path / "found.parquet")["file"]) <= names


def test_qrels_and_corpus_may_be_there_too(s3, tmp_path):
    documents = [{"_id": f"d{n}", "text": row["positive"]} for n, row in enumerate(ROWS)]
    queries = [{"_id": f"q{n}", "text": row["anchor"]} for n, row in enumerate(ROWS)]
    files = {
        "corpus.jsonl": "".join(json.dumps(one) + "\n" for one in documents),
        "queries.jsonl": "".join(json.dumps(one) + "\n" for one in queries),
        "qrels.tsv": "query-id\tcorpus-id\tscore\nq3\td4\t1\n",
    }
    for name, text in files.items():
        put(s3, name, text.encode())
        (tmp_path / name).write_text(text)
    (tmp_path / "train.parquet").write_bytes(parquet(ROWS))
    reports = [
        negmine.lint(
            tmp_path / "train.parquet", **{name.split(".")[0]: f"{place}/{name}" for name in files}
        )
        for place in (tmp_path, "s3://texts")
    ]
    assert findings(reports[0]) == findings(reports[1])
    relevant = next(rule for rule in reports[1]["rules"] if rule["rule"] == "relevant_in_qrels")
    assert relevant["checked"] and relevant["count"] == 1


def test_what_is_wrong_is_told_at_the_address(s3, web):
    put(s3, "bad.jsonl", b'{"anchor": "a", "positive": "b", "negative": "c"}\n{no json\n')
    with pytest.raises(InputError, match=r"s3://texts/bad\.jsonl, line 2: invalid JSON") as told:
        negmine.lint("s3://texts/bad.jsonl")
    assert "copies" not in str(told.value)
    put(s3, "odd.parquet", b"PAR1 no more")
    with pytest.raises(InputError, match=r"s3://texts/odd\.parquet") as told:
        negmine.lint("s3://texts/odd.parquet")
    assert "copies" not in str(told.value)
    with pytest.raises(InputError, match=r"s3://texts/none\.parquet cannot be read"):
        negmine.lint("s3://texts/none.parquet")
    with pytest.raises(InputError, match="cannot be read"):
        negmine.lint(f"{web.url}/train.jsonl")


def test_a_second_audit_fetches_nothing(web, tmp_path):
    out = io.BytesIO()
    pl.DataFrame(ROWS).write_csv(out)
    web.put("/train.csv", out.getvalue())
    for _ in range(2):
        assert negmine.lint(f"{web.url}/train.csv")["totals"]["rows"] == 6
    assert len(web.gets("/train.csv")) == 1
