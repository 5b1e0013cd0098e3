"""The data card: what `datasets.load_dataset` makes of the folder, and when the card is made again."""

import re

import polars as pl
import pytest
import yaml

import negmine
from negmine.engine.progress import Notes
from negmine.stages.making import run_stages
from negmine.stages.opening import open_existing
from negmine.stages.write.card.text import leak_line, licence, size_category
from negmine.stages.write.formats.registry import FORMATS

COLUMNS = {
    "triplet": ["anchor", "positive", "negative"],
    "n-tuple": ["anchor", "positive", "negative_1", "negative_2"],
    "labeled-pair": ["anchor", "positive", "label"],
    "labeled-list": ["anchor", "positive", "labels"],
}
FLAGS = {"num_negatives": 2, "relative_margin": 0.0, "no_risk": True}


def read(work):
    return (work / "5-write" / "README.md").read_text(encoding="utf-8")


def front(work):
    return yaml.safe_load(re.match(r"---\n(.*?)\n---\n", read(work), re.DOTALL).group(1))


def load(work, tmp_path, *config):
    from datasets import load_dataset

    return load_dataset(str(work / "5-write"), *config, cache_dir=str(tmp_path / "cache"))


@pytest.mark.parametrize("name", FORMATS)
def test_what_the_card_says_can_be_loaded_is_loaded(name, tmp_path, beir):
    teacher = {} if FORMATS[name].teacher == "none" else {"teacher": "bm25"}
    flags = FLAGS | {"data": beir, "retriever": "bm25", "format": name, **teacher}
    work = negmine.mine(tmp_path / "w", **flags).work
    configs = [one["config_name"] for one in front(work).get("configs", ())]
    assert (name in configs) == (f'load_dataset("FOLDER", "{name}"' in read(work))
    for one in configs:
        assert load(work, tmp_path, one)["train"].num_rows > 0


def states(work, **settings):
    return {s.artifact.name: (s.state, s.why) for s in negmine.status(work, **settings)}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("shape", COLUMNS)
def test_the_folder_loads_as_its_training_split_alone(tmp_path, beir, vectors, shape):
    work = negmine.mine(tmp_path / "w", data=beir, format=shape, **FLAGS, **vectors).work
    loaded = load(work, tmp_path)
    written = pl.read_parquet(work / "5-write" / shape / "*.parquet")
    assert list(loaded) == ["train"]
    assert loaded["train"].column_names == COLUMNS[shape]
    assert loaded["train"].num_rows == written.height > 0


@pytest.mark.filterwarnings("ignore")
def test_the_cache_of_datasets_never_gives_the_rows_of_another_run(tmp_path, beir):
    """Its cache knows a folder's name and the card's configurations, and nothing of the files."""
    flags = {"retriever": ["bm25"]}
    work = negmine.mine(tmp_path / "w", data=beir, num_negatives=2, **flags).work
    other = negmine.mine(tmp_path / "v", data=beir, num_negatives=3, **flags).work
    rows = [load(where, tmp_path)["train"].num_rows for where in (work, other)]
    negmine.write(work, num_negatives=1)
    rows.append(load(work, tmp_path)["train"].num_rows)
    assert rows[1] > rows[0] > rows[2] > 0


@pytest.mark.filterwarnings("ignore")
def test_several_formats_are_several_configurations(tmp_path, beir, vectors):
    work = negmine.mine(tmp_path / "w", data=beir, **FLAGS, **vectors).work
    negmine.write(work, format="labeled-pair")
    configs = [(one["config_name"], one.get("default")) for one in front(work)["configs"]]
    assert configs == [("labeled-pair", True), ("triplet", None)]
    assert load(work, tmp_path)["train"].column_names == COLUMNS["labeled-pair"]
    assert load(work, tmp_path, "triplet")["train"].column_names == COLUMNS["triplet"]
    negmine.filter(work, relative_margin=0.2)
    negmine.write(work)
    assert "| `triplet` | " in read(work)
    assert re.search(r"^\| `triplet` .* earlier verdicts \|$", read(work), re.MULTILINE)
    assert re.search(r"^\| `labeled-pair` .* these verdicts \|$", read(work), re.MULTILINE)


def test_the_counts_are_those_of_the_run(tmp_path, beir, vectors):
    result = negmine.mine(tmp_path / "w", data=beir, **FLAGS, **vectors)
    card, summary = read(result.work), result.summary
    assert (
        f"{summary['rows_written']:,} training rows for {summary['queries_mined']:,} quer" in card
    )
    for reason, count in summary["removed"].items():
        assert f"| removed: `{reason}` | {count:,} |" in card
    assert f"| kept as possible negatives | {summary['kept']:,} |" in card
    assert "brought vectors" in card
    assert str(tmp_path) not in card


def test_the_card_is_made_again_when_what_it_says_changes(tmp_path, beir):
    work = negmine.mine(tmp_path / "w", data=beir, retriever=["bm25"]).work
    assert front(work)["license"] == "unknown"
    assert "language" not in front(work)
    assert states(work, license="mit")["5-write"] == ("stale", "license none -> mit")
    outcomes = negmine.write(work, license="mit", language="en").artifacts
    made = [done["artifact"] for done in outcomes if done["outcome"] == "made"]
    assert made == ["5-write"]
    assert (front(work)["license"], front(work)["language"]) == ("mit", ["en"])
    negmine.filter(work, max_score=3.0)
    assert states(work)["5-write"][0] == "stale"
    before = read(work)
    negmine.write(work)
    assert read(work) != before
    assert "| filter | `max-score` | 3.0 |" in read(work)


def test_a_card_that_is_gone_is_noticed_and_your_own_files_stay(tmp_path, beir):
    work = negmine.mine(tmp_path / "w", data=beir, retriever=["bm25"]).work
    (work / "5-write" / ".gitattributes").write_text("*.parquet filter=lfs\n")
    (work / "5-write" / "README.md").unlink()
    assert states(work)["5-write"] == ("partial", "a part is missing or altered")
    negmine.write(work)
    assert states(work)["5-write"] == ("fresh", "")
    assert (work / "5-write" / ".gitattributes").exists()


def test_the_fields_of_the_hub():
    assert licence(None) == {"license": "unknown"}
    assert licence("cc-by-4.0") == {"license": "cc-by-4.0"}
    assert licence("Ours: ask us") == {"license": "other", "license_name": "Ours: ask us"}
    sizes = [size_category(n) for n in (0, 999, 1000, 10_000, 2_000_000, 10**9)]
    assert sizes == ["n<1K", "n<1K", "1K<n<10K", "10K<n<100K", "1M<n<10M", "n>1B"]


def test_a_leak_is_told_where_a_budget_was_met():
    limits = {"budget": 0.02, "hide": 0.5, "leak": 0.0042, "leak_high": 0.0181}
    told = leak_line(limits)
    for number in ("50%", "0.42 %", "1.81 %", "2 %"):
        assert number in told
    assert "at most" not in told  # it is an estimate of what was judged, no bound
    assert "21 of 5,000; " in leak_line(limits | {"leaked": 21, "selected": 5000})
    assert "Not measured" in leak_line({})


@pytest.mark.filterwarnings("ignore")
def test_a_format_without_a_row_is_told_and_is_no_configuration(tmp_path, beir, vectors):
    work = negmine.mine(tmp_path / "w", data=beir, **FLAGS, **vectors).work
    notes = Notes()
    asked = {"format": "n-tuple", "num_negatives": 200}
    done = run_stages(open_existing(work, asked, None, notes), ["write"])
    assert done.summary["rows_written"] == 0
    assert any("5-write/n-tuple has no row" in note for note in notes.messages)
    assert [one["config_name"] for one in front(work)["configs"]] == ["triplet"]
    assert front(work)["configs"][0]["default"] is True
    assert "**`n-tuple` has no row" in read(work)
    assert "`negative_1` to `negative_200`" in read(work)
    assert load(work, tmp_path)["train"].num_rows > 0
    report = negmine.report(work, leak=False)
    assert report.warnings[0].kind == "nothing_written"


def test_without_any_row_there_is_no_configuration_at_all(tmp_path, beir):
    flags = {"format": "n-tuple", "num_negatives": 200, "retriever": ["bm25"]}
    work = negmine.mine(tmp_path / "w", data=beir, **flags).work
    assert "configs" not in front(work)
    assert "load_dataset" not in read(work)


def test_the_settings_are_those_in_force(tmp_path, beir):
    work = negmine.mine(tmp_path / "w", data=beir, retriever=["bm25"]).work
    idle = ("`guide-margin", "`bm25-delta`", "`skip-top`")
    assert not any(name in read(work) for name in idle)
    flags = {"retriever": ["bm25"], "bm25_variant": "bm25+", "skip_top": 1}
    other = read(negmine.mine(tmp_path / "v", data=beir, **flags).work)
    assert "| index | `bm25-delta` | 0.5 |" in other
    assert "| filter | `skip-top` | 1 |" in other


@pytest.mark.filterwarnings("ignore")
def test_parts_without_rows_are_not_loaded(tmp_path, beir, monkeypatch):
    monkeypatch.setattr("negmine.config.memory.PART_QUERIES", 1)
    work = negmine.mine(tmp_path / "w", data=beir, retriever=["bm25"]).work
    rows = {
        path.name: pl.read_parquet(path).height
        for path in sorted((work / "5-write" / "triplet").glob("*.parquet"))
    }
    assert 0 in rows.values()
    (config,) = front(work)["configs"]
    paths = [f"triplet/{name}" for name, count in rows.items() if count]
    assert config["data_files"] == [{"split": "train", "path": paths}]
    assert load(work, tmp_path)["train"].num_rows == sum(rows.values()) > 0
