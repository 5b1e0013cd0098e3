"""Everything that can go wrong for a user.

NegmineError
├── InputError          the user's files: a missing column, a duplicate id, a row that cannot be read
├── SettingsError       flags or a TOML file that cannot work (exit code 2)
├── SchemaError         a table does not fit its contract
├── WorkdirError
│   ├── NotTrusted      the work directory names a plug-in, model, file or endpoint that the user did not
│   ├── MissingArtifact an earlier stage has not been run
│   ├── CorruptArtifact a listed part is missing or altered, a file is damaged
│   └── Locked          another negmine is working in the same directory
├── MissingDependency   a package is not installed
├── RetrieverError      a model or a user's retriever failed; finished parts are kept
├── ScorerError         a cross-encoder or a user's scorer failed; finished scores are kept
├── FormatError         a user's own output format failed; finished parts are kept
├── JudgeError          an LLM judge does not answer or refuses; calls made so far are kept
├── GeneratorError      a model that writes texts does not answer or refuses; calls made so far are kept
├── EngineError         a cluster cannot be reached, its machines differ, or it lost a part too often
├── HubError            the Hugging Face hub does not answer, refuses, or has what may not be replaced
└── GateNotMet          a gate such as --min-sensitivity was not met (exit code 3)

A message says what happened, where, and what to do. Only these are printed bare; anything else is a
bug of negmine's and keeps its traceback. A message is cut where data or flags make it endless.
"""

from __future__ import annotations

LONGEST = 1_900  # characters of a message
_LONGEST_LINE = 600


class NegmineError(Exception):
    """A user's mistake or a failing environment, explained in one message; exit code 1."""

    exit_code = 1

    def __init__(self, message: object = "") -> None:
        lines = [cut(line, _LONGEST_LINE) for line in str(message).split("\n")]
        super().__init__(cut("\n".join(lines), LONGEST))


def cut(text: str, most: int) -> str:
    """Return a text of at most `most` characters: what is too long loses its middle, not its end."""
    if len(text) <= most:
        return text
    end = most // 3
    return f"{text[: most - end - 3]} … {text[-end:]}"


class InputError(NegmineError):
    """The user's files cannot be used as they are."""


class SettingsError(NegmineError):
    """Flags or settings that cannot work, alone or together."""

    exit_code = 2


class SchemaError(NegmineError):
    """A table does not fit the schema that it should have."""


class WorkdirError(NegmineError):
    """The work directory cannot be used."""


class NotTrusted(WorkdirError):
    """The work directory names something outside of it that the user did not name and does not trust."""


class MissingArtifact(WorkdirError):
    """An artifact that is needed has not been made yet, or is stale."""


class CorruptArtifact(WorkdirError):
    """A part that the manifest lists is missing or altered, or a file of the work directory is damaged."""


class Locked(WorkdirError):
    """Another process holds the work directory."""


class MissingDependency(NegmineError):
    """A package that the chosen settings need is not installed."""


class RetrieverError(NegmineError):
    """A model or a user's own retriever failed."""


class ScorerError(NegmineError):
    """A cross-encoder, a guide or a user's own scorer failed."""


class FormatError(NegmineError):
    """A user's own output format failed."""


class JudgeError(NegmineError):
    """An LLM judge that does not answer, or refuses."""


class GeneratorError(NegmineError):
    """A model that writes texts, and does not answer, or refuses."""


class EngineError(NegmineError):
    """A cluster that cannot be reached, whose machines differ, or that lost a part too often."""


class HubError(NegmineError):
    """The Hugging Face hub does not answer, refuses, or has what may not be replaced."""


class GateNotMet(NegmineError):
    """A gate that the user set, or that is set by default, was not met.

    forgotten: the setting that cannot be met at all, and is not remembered.
    """

    exit_code = 3

    def __init__(self, message: str, forgotten: str | None = None) -> None:
        super().__init__(message)
        self.forgotten = forgotten
