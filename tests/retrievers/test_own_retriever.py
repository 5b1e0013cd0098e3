"""A retriever of the user's own: the example of the how-to page, and what breaks the rules."""

import re
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import negmine
from negmine.errors import RetrieverError, SettingsError
from negmine.storage.workdir import Workdir

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "add-a-retriever.md"
BROKEN = """
import numpy as np
from negmine.retrievers import Hits

class Broken:
    name = "broken"

    def __init__(self, docs, scores):
        self.docs, self.scores = docs, scores

    def search(self, queries, k):
        if self.docs == "raise":
            raise ZeroDivisionError("no documents on Tuesdays")
        rows = queries.num_rows if self.docs != "rows" else 1
        docs = np.tile(np.array(self.docs if self.docs != "rows" else [0, 1]), (rows, 1))
        return Hits(docs, np.tile(np.array(self.scores, np.float32), (rows, 1)))

def twice(documents): return Broken([3, 3], [1, 1])
def outside(documents): return Broken([0, 99], [1, 1])
def infinite(documents): return Broken([0, 1], [1, float("nan")])
def rows(documents): return Broken("rows", [1, 1])
def raises(documents): return Broken("raise", [])
def padded(documents): return Broken([3, -1], [1, float("-inf")])
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A function that writes an importable module and returns its name."""

    def write(name, text):
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.syspath_prepend(tmp_path)
        return name

    return write


def test_the_example_of_the_docs_works(tmp_path, beir, module):
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL).group(1)
    module("my_search", code)
    result = negmine.mine(tmp_path / "work", data=beir, retriever=["bm25", "my_search:titles"])
    candidates = Workdir(result.work).scan("2-retrieve/candidates").collect()
    assert {"titles_rank", "titles_score", "bm25_rank"} <= set(candidates.columns)
    found = candidates.filter(pl.col("titles_rank").is_not_null())
    assert found.height > 0
    assert (found["titles_score"] > 0).all()
    assert candidates.filter(pl.col("titles_rank").is_null())["titles_score"].is_null().all()


def test_a_threshold_on_scores_with_gaps_drops_what_has_none(tmp_path, beir, module):
    name = module("padded_search", BROKEN)
    flags = {"retriever": ["bm25", f"{name}:padded"], "score": "padded", "max_score": 5.0}
    flags["judged_negatives"] = "ignore"
    result = negmine.mine(tmp_path / "work", data=beir, **flags)
    assert result.summary["removed"]["not_scored"] > 0
    verdicts = Workdir(result.work).scan("4-filter/verdicts").filter("kept").collect()
    assert verdicts["padded_score"].null_count() == 0


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        ("twice", "a document twice for one query"),
        ("outside", "document 99"),
        ("infinite", "not finite"),
        ("rows", "for 6 queries"),
        ("raises", "ZeroDivisionError: no documents on Tuesdays"),
    ],
)
def test_hits_that_break_the_rules_are_refused(tmp_path, beir, module, factory, said):
    name = module("broken_search", BROKEN)
    with pytest.raises(RetrieverError, match=f"--retriever {name}:{factory}") as told:
        negmine.mine(tmp_path / "work", data=beir, retriever=[f"{name}:{factory}"])
    assert said in str(told.value)


@pytest.mark.parametrize(
    "spec", ["nowhere_at_all:make", "negmine.retrievers.base:nothing", "splade"]
)
def test_a_retriever_that_is_not_there_is_told(tmp_path, beir, spec):
    with pytest.raises(SettingsError, match=f"--retriever {spec}"):
        negmine.mine(tmp_path / "work", data=beir, retriever=[spec])


def test_hits_may_be_any_kind_of_numbers(tmp_path, beir, module):
    name = module("padded_search", BROKEN)
    result = negmine.mine(tmp_path / "work", data=beir, retriever=[f"{name}:padded"])
    run = Workdir(result.work).scan("2-retrieve/padded").collect()
    assert run["rank"].to_list() == [1] * run.height
    assert np.isfinite(run["score"].to_numpy()).all()


KEEPS = """
from pathlib import Path
Path(r"{mark}").touch()
import numpy as np

class Kept:
    def __init__(self, folder): self.count = int((folder / "count").read_text())
    def search(self, queries, k):
        docs = np.tile(np.arange(self.count)[:k], (queries.num_rows, 1))
        return docs, -docs.astype(np.float32)

def kept(folder): return Kept(folder)
def build(documents, folder):
    (folder / "count").write_text(str(sum(table.num_rows for table in documents())))
kept.build = build
"""


def test_analyses_and_later_stages_know_its_index_without_importing_it(tmp_path, beir, module):
    mark = tmp_path / "imported"
    module("my_kept", KEEPS.format(mark=mark))
    work = negmine.mine(tmp_path / "work", data=beir, retriever=["bm25", "my_kept:kept"]).work
    del sys.modules["my_kept"]
    mark.unlink()
    states = {one.artifact.name: one.state for one in negmine.status(work)}
    assert states["1-index/kept"] == "fresh"
    assert set(states.values()) == {"fresh"}
    negmine.filter(work, skip_top=1)
    negmine.write(work)
    assert not mark.exists()
    assert {row["outcome"] for row in negmine.retrieve(work).artifacts} == {"fresh"}
    assert mark.exists()
