"""`negmine batch --layout files`: trainers take each batch from one file, as the how-to has it."""

import importlib.util
import json
from pathlib import Path

import pytest

import negmine
from tests.stages.batch.collection import mined
from tests.trainers.foreign import loader
from tests.trainers.loaders import _flag_arguments

SIZE = 4


def written(folder, name):
    """Return the files of the batches of a mined collection in a format."""
    work = mined(folder, format=name)
    made = negmine.batch(work, batch_size=SIZE, layout="files", cluster_size=24)
    return made["files"]


@pytest.mark.skipif(importlib.util.find_spec("FlagEmbedding") is None, reason="not installed")
def test_flagembedding_fills_every_batch_from_one_file(tmp_path):
    files = written(tmp_path, "flagembedding")
    file_of = {}
    for path in files:
        for line in Path(path).read_text().splitlines():
            file_of[json.loads(line)["query"]] = path
    with loader("FlagEmbedding", "abc.finetune.embedder.AbsDataset") as module:
        arguments = _flag_arguments(tmp_path, query_max_len=8)
        arguments.train_data, arguments.train_group_size = files, 3
        arguments.knowledge_distillation = False
        arguments.cache_path = str(tmp_path / "cache")
        same = module.AbsEmbedderSameDatasetTrainDataset(arguments, SIZE, 0, None)
        read = [same[number] for number in range(len(same.batch_datas))]
    batches = [[query.removeprefix("Find: ") for query in queries] for queries, *_ in read]
    assert len(batches) == sum(list(file_of.values()).count(path) // SIZE for path in files)
    for queries in batches:
        assert len({file_of[query] for query in queries}) == 1
        assert len(queries) == SIZE


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_sentence_transformers_takes_every_batch_from_one_file(tmp_path, monkeypatch):
    from datasets import load_dataset
    from sentence_transformers import (
        SentenceTransformer,
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from sentence_transformers.losses import MultipleNegativesRankingLoss

    from tests.models.tiny import static_model

    train = {
        path.stem: load_dataset(
            "parquet", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache")
        )
        for path in map(Path, written(tmp_path, "n-tuple"))
    }
    file_of = {
        (row["anchor"], row["positive"]): name for name, rows in train.items() for row in rows
    }
    model = SentenceTransformer(str(static_model(tmp_path / "model")))
    arguments = SentenceTransformerTrainingArguments(
        output_dir=str(tmp_path / "out"), per_device_train_batch_size=SIZE, report_to=[], use_cpu=True,
        dataloader_drop_last=True, max_steps=6,
    )  # fmt: skip
    trainer = SentenceTransformerTrainer(
        model=model, args=arguments, train_dataset=train, loss=MultipleNegativesRankingLoss(model)
    )
    batches, collate = [], type(trainer.data_collator).__call__

    def kept(self, rows, *others):
        batches.append([(row["anchor"], row["positive"]) for row in rows])
        return collate(self, rows, *others)

    monkeypatch.setattr(type(trainer.data_collator), "__call__", kept)
    trainer.train()
    assert len(batches) > 3
    for batch in batches:
        assert len(batch) == SIZE
        assert len({file_of[pair] for pair in batch}) == 1
