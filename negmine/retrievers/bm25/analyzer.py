"""From texts to tokens: `--analyzer`, and stemmers by the language of each text.

A text in a language that Snowball has no stemmer for is not stemmed. One without a language has the stemmer
that `--stemmer` names, or none. So texts of two languages share the tokens that are equal in both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Literal

import pyarrow as pa

from negmine.config.naming import counted
from negmine.config.settings import IndexSettings
from negmine.data.languages import stemmer_of
from negmine.data.tokens import Tokenizer
from negmine.errors import SettingsError

NONE: Literal["none"] = "none"  # of --analyzer
MOST_NAMES = 100  # languages that are counted by name
SHOWN = 5  # of those, in a message
OTHERS = "others"


class Analyzer:
    """Cuts the texts of tables into tokens.

    kind: of --analyzer. language_column: of --language-column; a table without this column has texts without a
    language. unstemmed: how many of the texts so far are in a language without a stemmer, by language; beyond
    the first MOST_NAMES languages, as `others`. Raises SettingsError for settings that cannot work together.
    """

    def __init__(
        self,
        kind: Literal["words", "none"] = "words",
        stemmer: str | None = None,
        fold_accents: bool = True,
        language_column: str | None = None,
    ) -> None:
        if kind == NONE and (stemmer or language_column):
            flag = f"--stemmer {stemmer}" if stemmer else f"--language-column {language_column}"
            raise SettingsError(
                f"{flag}: --analyzer none cuts texts at white space and stems nothing. Leave one out."
            )
        self.kind, self.stemmer, self.fold_accents = kind, stemmer, fold_accents
        self.language_column = language_column
        self.unstemmed: Counter[str] = Counter()
        self._plain: Callable[[str], list[str]] = (
            str.split if kind == NONE else Tokenizer(stemmer, fold_accents).tokens
        )
        self._tokenizer = cache(lambda name: Tokenizer(name, fold_accents).tokens)

    def lists(self, table: pa.Table) -> Iterator[list[str]]:
        """Yield the tokens of every text of a table with `text`, repeats included."""
        texts = table["text"].to_pylist()
        if self.language_column is None or self.language_column not in table.column_names:
            yield from map(self._plain, texts)
            return
        languages = table[self.language_column].to_pylist()
        for text, language in zip(texts, languages, strict=True):
            yield self._cut(language)(text)

    def _cut(self, language: str | None) -> Callable[[str], list[str]]:
        if language is None or not language.strip():
            return self._plain
        name = stemmer_of(language)
        if name is None:
            add_unstemmed(self.unstemmed, {language: 1})
        return self._tokenizer(name)


def analyzer_of(settings: IndexSettings) -> Analyzer:
    """Return the analyzer that the settings ask for. Raises SettingsError as `Analyzer` does."""
    return Analyzer(
        settings.analyzer, settings.stemmer, settings.fold_accents, settings.language_column
    )


def add_unstemmed(total: Counter[str], more: Mapping[str, int]) -> None:
    """Add counts by language; beyond the first MOST_NAMES languages, as `others`."""
    for language, count in more.items():
        is_counted = language in total or len(total) < MOST_NAMES
        total[language if is_counted else OTHERS] += count


def unstemmed_note(unstemmed: Counter[str]) -> str:
    """Return a sentence about documents in languages without a stemmer."""
    most = ", ".join(f"{name} {count:,}" for name, count in unstemmed.most_common(SHOWN))
    more = ", ..." if len(unstemmed) > SHOWN else ""
    documents = counted(sum(unstemmed.values()), "documents")
    return f"bm25: {documents} not stemmed, in languages without a Snowball stemmer: {most}{more}."
