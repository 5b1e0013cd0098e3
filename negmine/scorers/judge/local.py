"""A chat model on this machine, through transformers: a folder, a hub name, or a .gguf file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from negmine.models.locate import Digest, model_fingerprint, quiet, resolve_device, resolve_model
from negmine.scorers.judge.base import Messages, Reply
from negmine.scorers.judge.chat import TOP
from negmine.scorers.judge.role import JUDGE, Role

_WORDS = ("Yes", " Yes", "yes", " yes", "No", " No", "no", " no")


def fingerprint(name: str, digest: Digest, role: Role = JUDGE) -> str:
    """Return what the model's files are worth as an identity."""
    file = _gguf(name)
    return (
        digest(file) if file is not None else model_fingerprint(_folder(name, digest, role), digest)
    )


class LocalChat:
    """Loads when it is first asked. Answers one question at a time, greedily."""

    def __init__(self, name: str, device: str, digest: Digest, role: Role = JUDGE) -> None:
        self._name, self._device, self._role = name, device, role
        self._file = _gguf(name)
        self._folder = self._file.parent if self._file is not None else _folder(name, digest, role)
        self._model: Any = None
        self._tokenizer: Any = None

    async def ask(self, messages: Messages, max_tokens: int, logprobs: bool, attempt: int) -> Reply:
        """Answer (see Chat). The first tokens told always have Yes and No among them."""
        import torch

        if self._model is None:
            self._load()
        asked = self._tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
        ).to(self._model.device)
        length = asked["input_ids"].shape[1]
        with torch.inference_mode():
            if logprobs:
                logits = self._model(**asked).logits[0, -1].float()
                return Reply("", self._first(torch.log_softmax(logits, dim=-1)), length, 1)
            made = self._model.generate(**asked, max_new_tokens=max_tokens, do_sample=False)
        new = made[0, length:]
        text = self._tokenizer.decode(new, skip_special_tokens=True)
        return Reply(text, (), length, len(new), whole=len(new) < max_tokens)

    async def close(self) -> None:
        """Nothing is open."""

    def _first(self, values: Any) -> tuple[tuple[str, float], ...]:
        best = set(values.topk(min(TOP, len(values))).indices.tolist())
        pieces = (self._tokenizer.encode(word, add_special_tokens=False) for word in _WORDS)
        best |= {piece[0] for piece in pieces if len(piece) == 1}
        return tuple(
            (self._tokenizer.decode([token]), float(values[token])) for token in sorted(best)
        )

    def _load(self) -> None:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        quiet()
        flag = self._role.local_flag
        gguf = {} if self._file is None else {"gguf_file": self._file.name}
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(str(self._folder), **gguf)
            model: Any = AutoModelForCausalLM.from_pretrained(
                str(self._folder), dtype="auto", **gguf
            )
        except (OSError, ValueError, KeyError, ImportError) as error:
            raise self._role.error(f"{flag} {self._name} does not load: {error}") from error
        if self._tokenizer.chat_template is None:
            raise self._role.error(
                f"{flag} {self._name} has no chat template: is it an instructed model?"
            )
        self._model = model.to(resolve_device(self._device)).eval()


def _gguf(name: str) -> Path | None:
    file = Path(name).expanduser()
    return file.resolve() if name.endswith(".gguf") and file.is_file() else None


def _folder(name: str, digest: Digest, role: Role) -> Path:
    return resolve_model(name, digest, role.local_flag)
