"""The verdicts of one query, made by hand."""

import polars as pl

from negmine.config.settings import FilterSettings
from negmine.data.frames import frame
from negmine.stages.filter.compute import gathered, verdicts
from negmine.stages.filter.features.compute import features


def decide(
    scores, positive=(0.8,), keys=None, opinions=None, about=None, signals=None, **settings
) -> pl.DataFrame:
    """Return the verdicts of the query `q`: positives p0, p1 ... first, then candidates d0, d1 ...

    scores: of the candidates; positive: of the positives. keys: doc_id to the hash of its text, where it is not
    its own; b"q" * 16 is the query's. opinions: scorer to scores; about: feature to values; signals: signal
    to values; all three of positives, then candidates.
    """
    names = [f"p{i}" for i in range(len(positive))] + [f"d{i}" for i in range(len(scores))]
    rows = len(names)
    candidates = pl.DataFrame(
        {
            "query_id": ["q"] * rows,
            "doc_id": names,
            "label": ["positive"] * len(positive) + ["unlabeled"] * len(scores),
            "rank": pl.Series(range(1, rows + 1), dtype=pl.Int32),
            "score": pl.Series([0.01] * rows, dtype=pl.Float32),
            "dense_rank": pl.Series(range(1, rows + 1), dtype=pl.Int32),
            "dense_score": pl.Series([*positive, *scores], dtype=pl.Float32),
        }
    )
    text_keys = [(keys or {}).get(name, name.encode().ljust(16)) for name in names]
    corpus_keys = pl.DataFrame({"doc_id": names, "text_key": text_keys})
    query_keys = pl.DataFrame({"query_id": ["q"], "query_key": [b"q" * 16]})
    opinions = {n: pl.Series(s, dtype=pl.Float32) for n, s in (opinions or {}).items()}
    columns = {name: pl.Series(values) for name, values in (about or {}).items()}
    beside = frame(features(candidates, columns))
    limited = {n: pl.Series(values, dtype=pl.Float64) for n, values in (signals or {}).items()}
    return frame(
        verdicts(
            gathered(candidates, beside, opinions).with_columns(**limited),
            corpus_keys.with_columns(body_key="text_key"),
            query_keys,
            FilterSettings(**({"score": "dense"} | settings)),
            ["dense"],
            list(opinions),
        )
    )


def kept(scores, **options) -> list[str]:
    """Return the doc_id of the candidates that are kept (see `decide`)."""
    return decide(scores, **options).filter("kept")["doc_id"].to_list()
