"""The student: loaded anew for every training, trained by sentence-transformers' own trainer."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from negmine.analysis.prove.settings import ProveSettings
from negmine.errors import MissingDependency, RetrieverError, SettingsError
from negmine.models.load import Spec, load
from negmine.models.locate import resolve_device

SCALE = 20.0  # of the loss, the default of sentence-transformers
WARM_UP = 0.1  # share of the steps
CACHED_BATCH = 32  # pairs that the cached loss reads at once
RATES, STATIC_RATES = (5e-6, 1e-5, 2e-5, 5e-5), (0.003, 0.01, 0.03, 0.1)  # that are tried
BATCH, STATIC_BATCH = 32, 128

AtStep = Callable[[int, int, Any], None]  # step, steps, model


@dataclass(frozen=True)
class Training:
    """How a student is trained.

    loss: one of --loss, or what makes a loss of a model. rate: highest learning rate; it is the best of
    `rates`, where there are any. batch: pairs. prompts: text before queries and documents.
    """

    spec: Spec
    loss: str | Callable[[Any], Any]
    epochs: float
    max_steps: int | None
    rates: tuple[float, ...]
    rate: float
    batch: int
    prompts: Mapping[str, str]

    def shaping(self) -> dict[str, Any]:
        """Return what shapes the trained model, beside its first weights, the rows and the seed."""
        return {
            "loss": self.loss,
            "scale": SCALE,
            "warm_up": WARM_UP,
            "epochs": self.epochs,
            "max_steps": self.max_steps,
            "learning_rate": self.rate,
            "batch": self.batch,
            "max_length": self.spec.max_length,
            "prompts": dict(self.prompts),
        }


def training(settings: ProveSettings, folder: Path) -> Training:
    """Return how the student in a folder is trained: what the settings leave open depends on its kind.

    Raises MissingDependency without the trainer's packages, RetrieverError for a folder that is no model,
    SettingsError for a loss that does not suit the student.
    """
    _require_packages()
    device = resolve_device(settings.device)
    spec = Spec(folder, f"--student {settings.student}", device, "float32", settings.max_length)
    model = load(spec)
    is_static = type(model[0]).__name__ == "StaticEmbedding"
    if is_static and settings.loss == "cached-mnrl":
        raise SettingsError(
            "--loss cached-mnrl saves memory of transformers, and does not work with a static student. "
            "Leave it out."
        )
    before = {
        "query": model.prompts.get("query", ""),
        "document": model.prompts.get("document", ""),
    }
    usual = STATIC_RATES if is_static else RATES
    return Training(
        spec=spec,
        loss=settings.loss,
        epochs=settings.epochs,
        max_steps=settings.max_steps,
        rates=usual if settings.learning_rate is None else (),
        rate=settings.learning_rate or usual[0],
        batch=settings.train_batch_size or (STATIC_BATCH if is_static else BATCH),
        prompts={name: text for name, text in before.items() if text},
    )


def _require_packages() -> None:
    try:
        import accelerate  # noqa: F401
        import datasets  # noqa: F401
    except ImportError as error:
        raise MissingDependency(
            "Training needs the packages datasets and accelerate. Install them: pip install 'negmine[prove]'"
        ) from error


def trained(
    how: Training, columns: Mapping[str, list[Any]], seed: int, at_step: AtStep
) -> tuple[Any, int]:
    """Return the student, trained on columns of texts, and the number of batches. at_step: called after each.

    A column `label` is no text: the loss gets it.

    Raises RetrieverError where the trainer fails, such as for want of memory.
    """
    from datasets import Dataset, disable_progress_bars
    from sentence_transformers import SentenceTransformerTrainer
    from transformers import PrinterCallback

    class Trainer(SentenceTransformerTrainer):
        def add_model_card_callback(self, default_args_dict: dict[str, Any]) -> None:
            """Do without a model card: nobody keeps the model."""

    disable_progress_bars()
    model = load(how.spec)
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            model=model,
            args=_arguments(how, list(columns), seed, folder),
            train_dataset=Dataset.from_dict(dict(columns)),
            loss=_loss(how, model),
            callbacks=[_callback(at_step)],
        )
        trainer.remove_callback(PrinterCallback)
        try:
            trainer.train()
        except (RuntimeError, MemoryError) as error:  # torch's own, such as out of memory
            raise RetrieverError(
                f"{how.spec.name}: the training failed ({str(error).splitlines()[0]}). Try a smaller "
                "--train-batch-size or --max-length, or --loss cached-mnrl."
            ) from error
    return model, int(trainer.state.global_step)


def _arguments(how: Training, columns: list[str], seed: int, folder: str) -> Any:
    from sentence_transformers import SentenceTransformerTrainingArguments
    from sentence_transformers.sentence_transformer.training_args import BatchSamplers

    prompts = {
        name: how.prompts["query" if name == "anchor" else "document"]
        for name in columns
        if ("query" if name == "anchor" else "document") in how.prompts
    }
    return SentenceTransformerTrainingArguments(
        output_dir=folder,
        num_train_epochs=how.epochs,
        max_steps=how.max_steps or -1,
        learning_rate=how.rate,
        per_device_train_batch_size=how.batch,
        warmup_steps=WARM_UP,
        seed=seed,
        prompts=prompts or None,
        batch_sampler=BatchSamplers.NO_DUPLICATES,
        use_cpu=how.spec.device == "cpu",
        dataloader_pin_memory=how.spec.device != "cpu",
        save_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )


def _loss(how: Training, model: Any) -> Any:
    from sentence_transformers.sentence_transformer.losses import (
        CachedMultipleNegativesRankingLoss,
        MultipleNegativesRankingLoss,
    )

    if callable(how.loss):
        return how.loss(model)
    if how.loss == "cached-mnrl":
        return CachedMultipleNegativesRankingLoss(model, scale=SCALE, mini_batch_size=CACHED_BATCH)
    return MultipleNegativesRankingLoss(model, scale=SCALE)


def _callback(at_step: AtStep) -> Any:
    from transformers import TrainerCallback

    class AfterStep(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            at_step(state.global_step, state.max_steps, others["model"])

    return AfterStep()
