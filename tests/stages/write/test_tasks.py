"""Training files go where they are meant to: `datasets`, and sentence-transformers' trainer."""

import polars as pl
import pytest

import negmine
from tests.models.tiny import static_model

COLUMNS = {
    "triplet": ["anchor", "positive", "negative"],
    "n-tuple": ["anchor", "positive", "negative_1", "negative_2"],
    "labeled-pair": ["anchor", "positive", "label"],
    "labeled-list": ["anchor", "positive", "labels"],
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("shape", COLUMNS)
def test_every_format_loads_with_datasets(tmp_path, beir, vectors, shape):
    from datasets import load_dataset

    result = negmine.mine(
        tmp_path / "work", data=beir, format=shape, num_negatives=2, relative_margin=0.0, **vectors
    )
    files = str(result.work / "5-write" / shape / "*.parquet")
    loaded = load_dataset("parquet", data_files=files, split="train", cache_dir=str(tmp_path))
    assert loaded.column_names == COLUMNS[shape]
    about = pl.read_parquet(result.work / "5-write" / "provenance" / "*.parquet")
    assert loaded.num_rows == about.height > 0


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("shape", ["triplet", "n-tuple"])
def test_files_go_straight_into_a_trainer(tmp_path, beir, vectors, shape):
    from datasets import load_dataset
    from sentence_transformers import (
        SentenceTransformer,
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from sentence_transformers.losses import MultipleNegativesRankingLoss

    result = negmine.mine(
        tmp_path / "work", data=beir, format=shape, num_negatives=2, relative_margin=0.0, **vectors
    )
    files = str(result.work / "5-write" / shape / "*.parquet")
    train = load_dataset("parquet", data_files=files, split="train", cache_dir=str(tmp_path))
    model = SentenceTransformer(str(static_model(tmp_path / "model")), device="cpu")
    arguments = SentenceTransformerTrainingArguments(
        str(tmp_path / "out"), max_steps=2, report_to=[], save_strategy="no", use_cpu=True
    )
    trainer = SentenceTransformerTrainer(
        model=model, args=arguments, train_dataset=train, loss=MultipleNegativesRankingLoss(model)
    )
    assert trainer.train().training_loss > 0
