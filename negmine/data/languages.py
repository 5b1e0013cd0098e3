"""Which Snowball stemmer belongs to a language, as a column of the user's data names it."""

from __future__ import annotations

import re
from functools import lru_cache

import Stemmer

# The stemmers of languages (Snowball 3.1), each with its language's codes: ISO 639-1, ISO 639-2 and 639-3.
_CODES = {
    "arabic": "ar ara arb",
    "armenian": "hy hye arm",
    "basque": "eu eus baq",
    "catalan": "ca cat",
    "czech": "cs ces cze",
    "danish": "da dan",
    "dutch": "nl nld dut",
    "english": "en eng",
    "esperanto": "eo epo",
    "estonian": "et est ekk",
    "finnish": "fi fin",
    "french": "fr fra fre",
    "german": "de deu ger",
    "greek": "el ell gre",
    "hindi": "hi hin",
    "hungarian": "hu hun",
    "indonesian": "id ind",
    "irish": "ga gle",
    "italian": "it ita",
    "lithuanian": "lt lit",
    "nepali": "ne nep npi",
    "norwegian": "no nor nb nob nn nno",
    "persian": "fa fas per pes",
    "polish": "pl pol",
    "portuguese": "pt por",
    "romanian": "ro ron rum",
    "russian": "ru rus",
    "serbian": "sr srp",
    "sesotho": "st sot",
    "spanish": "es spa",
    "swedish": "sv swe",
    "tamil": "ta tam",
    "turkish": "tr tur",
    "yiddish": "yi yid ydd",
}
_STEMMERS = {word: name for name, codes in _CODES.items() for word in (name, *codes.split())}
_SUBTAGS = re.compile(r"[-_]")  # behind the language: a script, a country


@lru_cache(maxsize=1024)
def stemmer_of(language: str) -> str | None:
    """Return the Snowball stemmer of a language; None where Snowball has none, or the language is unknown.

    language: an ISO code with or without a script or country (`de`, `deu`, `pt-BR`, `eng_Latn`), or its English
    name, in any case.
    """
    name = _STEMMERS.get(_SUBTAGS.split(language.strip().lower())[0])
    return name if name in Stemmer.algorithms() else None
