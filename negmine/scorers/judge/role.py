"""What a chat model is asked for: how messages call it, and where its flags and its key are."""

from __future__ import annotations

from typing import NamedTuple

from negmine.errors import JudgeError, NegmineError


class Role(NamedTuple):
    """One use of a chat model.

    name: as messages call it. prefix: its flags begin with it. keys: variables of the environment, the first
    that is set has the key. error: raised where it does not answer.
    """

    name: str
    prefix: str
    keys: tuple[str, ...]
    error: type[NegmineError]

    @property
    def local_flag(self) -> str:
        """The flag that names a model on this machine."""
        return f"{self.prefix}-local"


JUDGE = Role("judge", "--judge", ("NEGMINE_JUDGE_KEY", "OPENAI_API_KEY"), JudgeError)
