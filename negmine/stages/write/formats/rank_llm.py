"""The format `rank-llm`: conversations in which passages are ranked, for listwise rerankers."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.hashing import random_draws
from negmine.data.schemas import POSITIVE_TEACHER, TEXT, training_schema
from negmine.stages.write.formats.base import OutputFormat
from negmine.stages.write.formats.joins import row_per_positive, with_text

_LETTERS = "ABCDEFGHIJKLMNOPQRST"  # of the 20 passages that a conversation may have
# The words of RankZephyr: rank_llm 0.25.7, prompt_templates/rank_zephyr_alpha_template.yaml.
_SYSTEM = (
    "You are RankLLM, an intelligent assistant that can rank passages based on their relevancy to the "
    "query"
)
_PREFIX = (
    "I will provide you with {} passages, each indicated by an alphabetical identifier []. Rank the "
    "passages based on their relevance to the search query: {}.\n"
)
_SUFFIX = (
    "Search Query: {}.\nRank the {} passages above based on their relevance to the search query. All the "
    "passages should be included and listed using identifiers, in descending order of relevance. The "
    "output format should be [] > [], e.g., [B] > [A], Answer concisely and directly and only respond "
    "with the ranking results, do not say any word or explain."
)


def _schema(settings: WriteSettings) -> pa.Schema:
    turn = pa.struct([("from", TEXT), ("value", TEXT)])
    return training_schema({"conversations": pa.large_list(turn)})


def _turn(who: str, value: pl.Expr) -> pl.Expr:
    return pl.struct(pl.lit(who).alias("from"), value.alias("value"))


def _passages(
    provenance: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings
) -> pl.DataFrame:
    """Return the passages of every row, each with its text, a letter drawn for it, and its place."""
    scores = {}
    if settings.teacher is not None:
        scores = {"score": pl.concat_list(POSITIVE_TEACHER, "teacher_score")}
    seed = pl.concat_str("query_id", "positive_id", separator="\t")
    ids = pl.concat_list("positive_id", "negative_id")
    rows = provenance.with_row_index("row").select("row", doc_id=ids, draw_of=seed, **scores)
    long = with_text(rows.explode("doc_id", *scores), "doc_id", texts, "text")
    long = long.with_columns(place=pl.int_range(pl.len()).over("row"))
    draws = pl.Series("draw", random_draws(long["draw_of"], long["place"], settings.seed))
    letters = dict(enumerate(_LETTERS))
    best_first = pl.col("score").rank("ordinal", descending=True) if scores else pl.col("place")
    return long.with_columns(draws).with_columns(
        letter=(pl.col("draw").rank("ordinal").over("row") - 1)
        .cast(pl.Int64)
        .replace_strict(letters, return_dtype=pl.String),
        best=best_first.over("row"),
    )


def _rows(provenance: pl.DataFrame, texts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    long = _passages(provenance, texts, settings)
    by_row = pl.col("letter").sort_by("best")
    joined = (
        long.sort("row", "letter")
        .group_by("row", maintain_order=True)
        .agg(
            number=pl.len(),
            passages=pl.format("[{}] {}", "letter", "text").str.join("\n"),
            ranking=pl.format("[{}]", by_row).str.join(" > "),
        )
    )
    query, number = pl.col("query"), pl.col("number")
    asked = pl.format(_PREFIX + "{}\n" + _SUFFIX, number, query, "passages", query, number)
    turns = [
        _turn("system", pl.lit(_SYSTEM)),
        _turn("human", asked),
        _turn("gpt", pl.col("ranking")),
    ]
    return pl.concat([provenance, joined], how="horizontal").select(
        conversations=pl.concat_list(turns)
    )


FORMAT = OutputFormat(
    name="rank-llm",
    schema=_schema,
    provenance=row_per_positive,
    rows=_rows,
    has_lists=True,
    row_per="positive",
    reading="A row per query and positive: a conversation in which its passages are ranked.",
    columns="`conversations` is what rank_llm's training reads.",
    command=(
        "accelerate launch train_rankllm.py --model_name_or_path HuggingFaceH4/zephyr-7b-beta \\\n"
        "  --train_dataset_path work/5-write/rank-llm/train.json --objective combined --output_dir out"
    ),
    about=(
        "Each passage has a letter, drawn by `--seed`: else A would always be the best. The answer has "
        "letters and nothing else, as `[B] > [A]`, because rank_llm takes every letter of it for a passage. "
        "It orders by `--teacher`, or else the positive first, then negatives, best first. There is a place "
        "for 19 negatives. A query without negatives has no row."
    ),
    teacher="optional",
    most_negatives=len(_LETTERS) - 1,
    main="train.json",
)
