"""Report and data card of a real run, SciFact's training claims: needs ../shared, skips without."""

import re
import warnings

import pytest

import negmine
from negmine.storage.workdir import Workdir
from tests.analysis.report.conftest import Window
from tests.bench.collections import wordllama

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def work(tmp_path_factory, collections):
    pytest.importorskip("wordllama", reason="the static model's package is not installed")
    folder = tmp_path_factory.mktemp("scifact")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of sentence-transformers' old names
        model = str(wordllama(folder / "wordllama-256"))
    data = collections / "scifact"
    mined = negmine.mine(
        folder / "w",
        data=data,
        qrels_split="train",
        model=model,
        license="cc-by-4.0",
        language="en",
    )
    return mined.work


@pytest.fixture(scope="module")
def report(work):
    return negmine.report(work, html=work.parent / "page.html")


def test_the_numbers_of_the_run(work, report):
    assert (report.totals.queries, report.totals.positives) == (807, 916)
    assert report.totals.documents == 5183
    recall = {one.retriever: one for one in report.recall}
    assert recall["bm25"].at[-1].k == 100
    assert recall["bm25"].at[-1].recall > 0.85
    assert recall["bm25"].fit and recall["fused"].fit
    assert report.leak.queries > 70
    assert report.funnel[-1].left == report.totals.negatives > 3500
    assert report.totals.rows == Workdir(work).require("5-write/triplet").rows


def test_the_page_in_a_browser(chromium, work, report):
    page = work.parent / "page.html"
    assert page.stat().st_size < 2_000_000
    window = Window(chromium).open(page, width=360)
    assert chromium.get_log("browser") == []
    assert window.run("document.documentElement.scrollWidth") <= 360
    assert window.run("document.querySelectorAll('.query').length") == len(report.sample.queries)
    window.press("j")
    assert window.run("document.activeElement.tagName") == "SUMMARY"


@pytest.mark.filterwarnings("ignore")
def test_the_card_and_the_folder(tmp_path, work):
    from datasets import load_dataset

    loaded = load_dataset(str(work / "5-write"), cache_dir=str(tmp_path))
    assert list(loaded) == ["train"]
    rows = Workdir(work).require("5-write/triplet").rows
    assert (loaded["train"].num_rows, loaded["train"].column_names) == (
        rows, ["anchor", "positive", "negative"]
    )  # fmt: skip
    card = (work / "5-write" / "README.md").read_text()
    assert re.search(rf"^{rows:,} training rows", card, re.MULTILINE)
    assert "license: cc-by-4.0" in card
