"""Every format, read by the trainer's own code: what it hands on must be what provenance says was written."""

import importlib.metadata
import importlib.util
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.trainers import loaders, sentence


@dataclass(frozen=True)
class Check:
    """One format and one trainer.

    module: what must be importable, else the check is skipped. package: whose version is shown; of a
    repository that is on no index, its commit. run(folder of 5-write, rows, scratch folder): asserts.
    """

    format: str
    trainer: str
    module: str
    package: str
    what: str
    run: Callable[[Path, list, Path], None]

    @property
    def name(self):
        return f"{self.format}-{self.trainer}".replace(" ", "-")

    def is_installed(self):
        try:
            return importlib.util.find_spec(self.module) is not None
        except (ImportError, ValueError):
            return False

    def version(self):
        """Return the version, or the commit of a repository."""
        if not self.package.startswith("commit "):
            return importlib.metadata.version(self.package)
        return self.package


_ST = ("sentence-transformers", "sentence_transformers", "sentence-transformers")

CHECKS = (
    Check("triplet", *_ST, "two training steps, MultipleNegativesRankingLoss", sentence.st_triplet),
    Check("n-tuple", *_ST, "two training steps, MultipleNegativesRankingLoss", sentence.st_n_tuple),
    Check("labeled-pair", *_ST, "two training steps, ContrastiveLoss", sentence.st_labeled_pair),
    Check("labeled-list", *_ST, "two training steps of a cross-encoder, LambdaLoss", sentence.st_list),
    Check("kd", *_ST, "two training steps, DistillKLDivLoss", sentence.st_kd),
    Check("kd-triplet", *_ST, "two training steps, MarginMSELoss", sentence.st_kd_triplet),
    Check("ids", *_ST, "`resolve_ids`, then two training steps, DistillKLDivLoss", sentence.st_ids),
    Check("reranker-eval", *_ST, "CrossEncoderRerankingEvaluator, to its score", sentence.st_eval),
    Check(
        "ids", "PyLate", "pylate", "pylate", "`KDProcessing`, every row", loaders.pylate_ids
    ),
    Check(
        "flagembedding", "FlagEmbedding", "FlagEmbedding", "FlagEmbedding",
        "`AbsEmbedderTrainDataset`, with distillation, without and with the instruction, and the same with "
        "`same_dataset_within_batch`: every row", loaders.flag_embedder,
    ),
    Check(
        "flagembedding", "FlagEmbedding reranker", "FlagEmbedding", "FlagEmbedding",
        "`AbsRerankerTrainDataset`: every row", loaders.flag_reranker,
    ),
    Check(
        "tevatron", "Tevatron", "tevatron.retriever", "commit dd06310",
        "`TrainDataset`, older form: every row", loaders.tevatron,
    ),
    Check(
        "tevatron-ids", "Tevatron", "tevatron.retriever", "commit dd06310",
        "`TrainDataset` with a corpus: every row", loaders.tevatron_ids,
    ),
    Check(
        "swift", "ms-swift", "swift", "ms-swift", "`load_dataset`: every row", loaders.swift
    ),
    Check(
        "swift-reranker", "ms-swift", "swift", "ms-swift", "`load_dataset`: every row",
        loaders.swift_reranker,
    ),
    Check(
        "colbert", "ColBERT", "colbert", "colbert-ai",
        "`Queries`, `Collection`, `Examples` with nway: every row", loaders.colbert,
    ),
    Check(
        "nemo", "NeMo Automodel", "nemo_automodel", "nemo-automodel",
        "`make_retrieval_dataset`: every row", loaders.nemo,
    ),
    Check(
        "nemo-inline", "NeMo Automodel", "nemo_automodel", "nemo-automodel",
        "`make_retrieval_dataset`: every row", loaders.nemo_inline,
    ),
    Check(
        "gritlm", "GritLM", "training.GradCache", "commit 9710681", "`CustomDataset`: every row",
        loaders.gritlm,
    ),
    Check(
        "beir", "BEIR", "beir", "beir", "`GenericDataLoader`: corpus, queries, qrels", loaders.beir
    ),
    Check(
        "beir", "negmine", "negmine", "negmine", "`negmine mine --data`: mined again", loaders.again
    ),
    Check(
        "arctic", "ArcticTraining", "arctic_embed", "commit b28638e",
        "`pretokenize_and_batch_mined_data`: batches, every label", loaders.arctic,
    ),
    Check(
        "lightning-ir", "Lightning IR", "lightning_ir", "lightning-ir",
        "`RunDataset`: every query with its texts and scores", loaders.lightning_ir,
    ),
    Check(
        "gpl", "GPL", "gpl", "gpl",
        "`GenerativePseudoLabelingDataset` and `HardNegativeDataset`: every row", loaders.gpl,
    ),
    Check(
        "rank-llm", "rank_llm", "utils.loss", "commit 1b3cabb",
        "`RankingDataset` and `GenerationDataset`: every row", loaders.rank_llm,
    ),
    Check("dpr", "DPR", "dpr", "commit a31212d", "`JsonQADataset`: every row", loaders.dpr),
)  # fmt: skip


def tried(check):
    """Return the row of the table for a check that has passed."""
    return {
        "format": check.format, "trainer": check.trainer, "version": check.version(),
        "what": check.what,
    }  # fmt: skip


def as_json(rows):
    """Return the rows as a file holds them."""
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"
