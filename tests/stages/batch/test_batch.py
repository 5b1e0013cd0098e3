"""`negmine batch` on a mined collection: no row contradicts another of its batch, and nothing is lost."""

import importlib
import json
import re
import shutil
from pathlib import Path

import polars as pl
import pytest

import negmine
from negmine.errors import InputError, MissingArtifact, SettingsError
from negmine.stages.batch import owners
from negmine.stages.write.formats import registry
from tests.models.tiny import static_model
from tests.stages.batch.collection import contradictions, mined, random_batches
from tests.stages.write.formats import query_lists

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "compose-batches.md"
BY = [
    ("cluster", {}),
    ("neighbour", {}),
    ("owner", {}),
    ("random", {}),
    ("source", {"source": "colour"}),
]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return mined(tmp_path_factory.mktemp("batches"))


@pytest.fixture
def work(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "work")


def read(work, name):
    return pl.read_parquet(work / name / "*.parquet")


@pytest.mark.parametrize(("by", "flags"), BY)
def test_no_row_of_a_batch_contradicts_another(work, by, flags):
    made = negmine.batch(work, by=by, batch_size=4, **flags)
    rows = pl.concat(
        [read(work, "6-batch/map"), read(work, "6-batch/provenance").drop("query_id")],
        how="horizontal",
    )
    placed = rows.filter(pl.col("batch").is_not_null()).to_dicts()
    assert contradictions(random_batches(placed, 4))  # else this test could not fail
    assert contradictions(placed) == []
    assert made["false_negatives"]["composed"]["false_negatives"] == 0
    assert made["false_negatives"]["shuffled"]["false_negatives"] > 0
    assert len(placed) > 0.8 * rows.height


@pytest.mark.parametrize(("by", "flags"), BY)
def test_the_order_does_not_depend_on_the_size_of_parts(work, tmp_path, monkeypatch, by, flags):
    monkeypatch.setattr(owners, "QUERIES", 20)  # several turns
    negmine.batch(work, by=by, batch_size=4, **flags)
    monkeypatch.setattr("negmine.config.memory.PART_QUERIES", 7)
    small = mined(tmp_path / "small")
    assert len(list((small / "4-filter" / "verdicts").glob("part-*"))) > 10
    negmine.batch(small, by=by, batch_size=4, **flags)
    assert read(small, "6-batch/map").equals(read(work, "6-batch/map"))


@pytest.mark.parametrize(("by", "flags"), BY)
def test_batches_are_full_and_every_row_is_there_once(work, by, flags):
    made = negmine.batch(work, by=by, batch_size=4, **flags)
    rows, old = read(work, "6-batch/map"), read(work, "5-write/n-tuple")
    assert sorted(rows["row"]) == list(range(old.height))
    assert read(work, "6-batch/n-tuple").equals(old[rows["row"]])
    about = read(work, "5-write/provenance")[rows["row"]]
    assert read(work, "6-batch/provenance").equals(about)
    assert rows["query_id"].equals(about["query_id"])
    placed = rows.filter(pl.col("batch").is_not_null())
    assert (
        placed["batch"].to_list()
        == [n // 4 for n in range(placed.height)]
        == rows["batch"][: placed.height].to_list()
    )
    assert placed["place"].to_list() == [n % 4 for n in range(placed.height)]
    assert made["in_batches"] == placed.height == 4 * made["batches"]
    assert sum(made["left_over"].values()) == rows.height - placed.height
    assert made["why"] == dict(sorted(rows["why"].value_counts().iter_rows()))


def test_the_same_seed_gives_the_same_order_and_another_one_another(work):
    negmine.batch(work, by="cluster", batch_size=4)
    first = read(work, "6-batch/map")
    negmine.batch(work, by="cluster", batch_size=4, force=True)
    assert read(work, "6-batch/map").equals(first)
    negmine.batch(work, by="cluster", batch_size=4, seed=14)
    assert not read(work, "6-batch/map").equals(first)


def test_a_batch_has_one_value_of_the_source(work):
    for by in ("source", "cluster", "neighbour"):
        negmine.batch(work, by=by, batch_size=4, source="colour")
        queries = read(work, "1-index/queries").select("query_id", "colour")
        rows = (
            read(work, "6-batch/map")
            .join(queries, on="query_id")
            .filter(pl.col("batch").is_not_null())
        )
        assert rows.group_by("batch").agg(pl.col("colour").n_unique())[
            "colour"
        ].unique().to_list() == [1]


def test_the_queries_of_a_batch_have_more_in_common_than_those_of_a_random_one(work):
    for by in ("cluster", "neighbour"):
        flags = {"cluster_size": 16} if by == "cluster" else {}
        cosines = negmine.batch(work, by=by, batch_size=4, **flags)["coherence"]
        assert cosines["composed"]["mean"] > cosines["shuffled"]["mean"] + 0.05


def test_batches_are_up_to_date_until_the_run_changes(work):
    negmine.batch(work, batch_size=4)
    states = {one.artifact.name: one.state for one in negmine.status(work)}
    assert [states[f"6-batch/{name}"] for name in ("map", "provenance", "n-tuple")] == ["fresh"] * 3
    again = negmine.batch(work, batch_size=4)
    assert {one["outcome"] for one in again["artifacts"]} == {"fresh"}
    negmine.write(work, num_negatives=1)
    states = {one.artifact.name: one.state for one in negmine.status(work)}
    assert states["6-batch/map"] == "stale"
    assert negmine.batch(work, batch_size=4)["artifacts"][0]["outcome"] == "made"


def test_a_run_without_vectors_has_batches_at_random_and_by_source(tmp_path):
    work = mined(tmp_path, retriever="bm25")
    for by in ("cluster", "neighbour", "owner"):
        with pytest.raises(SettingsError, match="needs the vectors of a retriever"):
            negmine.batch(work, by=by, batch_size=4)
    made = negmine.batch(work, by="source", source="colour", batch_size=4)
    assert made["false_negatives"]["composed"]["false_negatives"] == 0 < made["batches"]
    assert "coherence" not in made


def test_json_lines_come_in_the_order_of_batches_as_they_were(work, monkeypatch):
    monkeypatch.setitem(registry.MODULES, query_lists.NAME, query_lists.MODULE)
    negmine.write(work, format=query_lists.NAME)
    made = negmine.batch(work, batch_size=4)
    old, new = (_lines(work / stage / query_lists.NAME) for stage in ("5-write", "6-batch"))
    assert new == [old[row] for row in read(work, "6-batch/map")["row"]]
    assert made["files"][0].endswith("6-batch/query-lists/part-00000.jsonl")


@pytest.mark.parametrize("name", list(registry.MODULES))
def test_every_format_comes_in_the_order_of_batches(work, name):
    output = registry.FORMATS[name]
    teacher = {} if output.teacher != "required" else {"teacher": "dense"}
    negmine.write(work, format=name, **teacher)
    if output.main:
        with pytest.raises(SettingsError, match=f"--format {name} has several files"):
            negmine.batch(work, by="random", batch_size=3)
        return
    negmine.batch(work, by="random", batch_size=3)
    order = read(work, "6-batch/map")["row"].to_list()
    if output.file_kind == "jsonl":
        written, batched = (_lines(work / stage / name) for stage in ("5-write", "6-batch"))
        assert [json.loads(line) for line in batched] == [json.loads(written[row]) for row in order]
    else:
        assert read(work, f"6-batch/{name}").equals(read(work, f"5-write/{name}")[order])


def _lines(folder):
    files = sorted(folder.glob("part-*.jsonl"))
    return [line for file in files for line in file.read_text("utf-8").splitlines()]


def test_a_batch_that_is_too_large_is_an_error_that_says_what_fits(work):
    with pytest.raises(
        InputError, match=r"no batch of 90 rows .* the most .* [0-9]+ rows.*--positives best"
    ) as error:
        negmine.batch(work, by="random", batch_size=90)
    fits = int(re.search(r"--batch-size ([0-9]+) or less", str(error.value))[1])
    assert negmine.batch(work, by="random", batch_size=fits)["batches"] > 0
    negmine.write(work, format="triplet")
    with pytest.raises(InputError, match=r"one row per query and positive \(--format n-tuple\)"):
        negmine.batch(work, by="random", batch_size=900)


def test_a_training_file_without_rows_has_no_batches(work):
    negmine.write(work, format="n-tuple", num_negatives=900)
    with pytest.raises(InputError, match="The training file has no row"):
        negmine.batch(work, by="random", batch_size=4)


def test_batches_of_an_earlier_format_are_stale(work):
    negmine.batch(work, by="random", batch_size=4)
    negmine.write(work, format="triplet")
    negmine.batch(work, by="random", batch_size=2)
    states = {one.artifact.name: one.state for one in negmine.status(work)}
    assert states["6-batch/triplet"] == "fresh"
    assert states["6-batch/n-tuple"] == "stale"


def test_settings_that_cannot_work_are_refused(work, tmp_path):
    for flags, message in (
        ({"by": "source"}, "Give --source COLUMN"),
        ({"by": "owner", "source": "colour"}, "takes no --source"),
        ({"by": "random", "cluster_size": 5}, "has no clusters"),
        ({"batch_size": 1}, "--batch-size 1"),
        ({"size": 4}, "no setting 'size'"),
    ):
        with pytest.raises(SettingsError, match=message):
            negmine.batch(work, **flags)
    with pytest.raises(InputError, match="no such column"):
        negmine.batch(work, by="source", source="color")
    shutil.rmtree(work / "5-write" / "provenance")
    with pytest.raises(MissingArtifact, match="negmine write"):
        negmine.batch(work)


@pytest.mark.filterwarnings("ignore")
def test_the_sampler_of_the_docs_gives_the_trainer_the_batches_as_they_are(
    work, tmp_path, monkeypatch
):
    from sentence_transformers.losses import MultipleNegativesRankingLoss

    negmine.batch(work, by="cluster", batch_size=4)
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL).group(1)
    model = static_model(tmp_path / "student")
    code = code.replace("sentence-transformers/all-MiniLM-L6-v2", str(model))
    code = code.replace(
        'output_dir="trained"', 'output_dir="trained", max_steps=3, use_cpu=True, report_to=[]'
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    seen = []
    forward = MultipleNegativesRankingLoss.forward

    def watch(self, features, labels):
        seen.append([[ids.tolist() for ids in _token_lists(one)] for one in features])
        return forward(self, features, labels)

    monkeypatch.setattr(MultipleNegativesRankingLoss, "forward", watch)
    (tmp_path / "recipe_of_batches.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    recipe = importlib.import_module("recipe_of_batches")
    rows = read(work, "6-batch/n-tuple")
    tokens = recipe.model.tokenizer
    wanted = [
        [
            [
                tokens.encode(text, add_special_tokens=False).ids
                for text in rows[name][4 * n : 4 * n + 4]
            ]
            for name in rows.columns
        ]
        for n in range(3)
    ]
    assert seen == wanted
    assert (
        len(recipe.train)
        == json.loads((work / "6-batch/map/_manifest.json").read_text())["stats"]["in_batches"]
    )


def _token_lists(features):
    """Return the tokens of each text as a static model gets them: one row of ids, and where texts begin."""
    import torch

    ends = [*features["offsets"].tolist()[1:], len(features["input_ids"])]
    return torch.tensor_split(features["input_ids"], ends[:-1])


@pytest.mark.parametrize(
    ("by", "flags"),
    [("cluster", {"cluster_size": 24}), ("random", {}), ("source", {"source": "colour"})],
)
def test_with_layout_files_no_two_rows_of_a_file_contradict_each_other(work, by, flags):
    made = negmine.batch(work, by=by, batch_size=4, layout="files", **flags)
    where = read(work, "6-batch/map")
    placed = where.filter(pl.col("batch").is_not_null())
    files = sorted((work / "6-batch" / "n-tuple").glob("*.parquet"))
    sizes = placed.group_by("batch", maintain_order=True).len()["len"].to_list()
    assert [pl.read_parquet(file).height for file in files] == sizes
    assert min(sizes) >= 4
    assert max(sizes) > 8
    provenance = read(work, "6-batch/provenance")
    rows = pl.concat([placed, provenance.drop("query_id")], how="horizontal")
    assert contradictions(rows.to_dicts()) == []
    assert made["in_batches"] == placed.height > 0.5 * where.height
    assert made["batches"] == sum(size // 4 for size in sizes)
    assert made["false_negatives"]["composed"]["false_negatives"] == 0
    before = read(work, "5-write/n-tuple")
    assert read(work, "6-batch/n-tuple").equals(before[placed["row"].to_list()])
    if by == "cluster":
        assert placed.group_by("batch").agg(pl.col("cluster").n_unique())["cluster"].max() == 1
    if by == "source":
        colours = pl.read_parquet(work / "1-index" / "queries" / "*.parquet")
        joined = placed.join(colours, on="query_id", how="left")
        assert joined.group_by("batch").agg(pl.col("colour").n_unique())["colour"].max() == 1


def test_a_map_without_files_keeps_its_identity_and_the_layout_is_part_of_it(work):
    negmine.batch(work, batch_size=4)
    manifest = work / "6-batch" / "map" / "_manifest.json"
    before = json.loads(manifest.read_text())
    assert "layout" not in before["settings"]
    negmine.batch(work, batch_size=4, layout="files")
    after = json.loads(manifest.read_text())
    assert (after["settings"]["layout"], after["identity"] != before["identity"]) == ("files", True)
    states = {one.artifact.name: one.state for one in negmine.status(work)}
    assert states["6-batch/n-tuple"] == "fresh"


def test_files_and_rows_that_draw_others_in_do_not_go_together(work):
    with pytest.raises(SettingsError, match="--layout files takes no --by owner"):
        negmine.batch(work, by="owner", layout="files", batch_size=4)
