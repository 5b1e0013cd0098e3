"""flagembedding: lists of texts for each query, floats for scores, a prompt in every row."""

import json

import polars as pl

from negmine.storage.json_lines import write_lines
from tests.stages.write.build import QUERIES, SCORED, written

ROW = {"query": "Q", "pos": ["P1", "P2"], "neg": ["A", "C", "D"]}


def test_a_row_has_all_positives_and_negatives_of_a_query():
    rows, provenance = written(num_negatives=3, format="flagembedding", instruction="Find: ")
    assert rows.to_dicts() == [{**ROW, "prompt": "Find: ", "type": "normal"}]
    assert provenance["positive_id"].to_list() == [["p1", "p2"]]
    assert provenance["negative_id"].to_list() == [["a", "c", "d"]]


def test_scores_stand_beside_the_texts_with_a_decimal_point(tmp_path):
    rows, _ = written(SCORED, num_negatives=3, format="flagembedding", teacher="bm25")
    with (tmp_path / "rows.jsonl").open("wb") as stream:
        write_lines(rows.to_arrow(), stream)
    line = (tmp_path / "rows.jsonl").read_text()
    assert '"pos_scores":[9.0,8.0],"neg_scores":[3.0,2.5,1.0]' in line
    scores = json.loads(line)["pos_scores"]
    assert all(isinstance(score, float) for score in scores)


def test_the_prompt_is_there_without_an_instruction_and_empty():
    rows, _ = written(num_negatives=1, format="flagembedding")
    assert rows["prompt"].to_list() == [""]


def test_each_query_may_have_its_own_instruction():
    queries = QUERIES.with_columns(task=pl.lit("Find tea: "))
    rows, _ = written(queries=queries, format="flagembedding", instruction_column="task")
    assert rows["prompt"].to_list() == ["Find tea: "]
    blank = QUERIES.with_columns(task=pl.lit(" "))
    options = {"instruction_column": "task", "instruction": "Find: "}
    rows, _ = written(queries=blank, format="flagembedding", **options)
    assert rows["prompt"].to_list() == ["Find: "]


def test_a_query_without_negatives_has_no_row():
    rows, _ = written(num_negatives=3, format="flagembedding")
    assert rows["query"].to_list() == ["Q"]
