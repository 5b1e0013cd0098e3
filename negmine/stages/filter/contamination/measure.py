"""Measure: all training texts against all evaluation sets, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import polars as pl

from negmine.config.settings import FilterSettings
from negmine.data.shingles.grams import Ints
from negmine.engine.context import Context
from negmine.errors import InputError
from negmine.retrievers.dense.stored import StoredVectors
from negmine.retrievers.registry import type_of
from negmine.stages.filter.contamination.block import (
    AT_ONCE,
    BY_VECTORS,
    BYTES_A_WORD,
    Block,
    Floats,
    How,
    blocks,
)
from negmine.stages.filter.contamination.compare import compare
from negmine.stages.filter.contamination.evaluation import DOCUMENT, QUERY, EvaluationSet

SHARE_OF_MEMORY = 4  # one part in four of --memory is for evaluation texts

Batches = Callable[[], Iterator[pl.DataFrame]]


def how_of(rules: FilterSettings) -> How:
    """Return the tests and limits that settings ask for."""
    tests = frozenset(rules.eval_test)
    return How(tests, rules.eval_ngrams, rules.eval_span, rules.eval_similarity)


class Measurement:
    """Evaluation sets, and what is counted of them while training texts are compared.

    sizes, appearing: (set, `query` or `document`) to how many texts it has, and how many of them some training
    text contaminates.
    """

    def __init__(self, context: Context, sets: Sequence[EvaluationSet]) -> None:
        self.sets, self._context = sets, context
        self.how = how_of(context.config.filter)
        self.sizes: dict[tuple[int, str], int] = {}
        self.appearing: dict[tuple[int, str], int] = {}
        self._training, self._evaluation = self._vectors()

    def matches(self, batches: Batches) -> Iterator[pl.DataFrame]:
        """Yield what, id, set (its name), test, value, eval_what, eval_id and what the test tells of the span.

        batches: what, id, text of training texts, each batch of one `what`; read once for every block of
        evaluation texts. A text has a row for every set and test that fires, and block.
        """
        words = self._context.config.memory_bytes // SHARE_OF_MEMORY // BYTES_A_WORD
        lookup = self._lookup if self._training is not None else None
        vectors = self._training.of if self._training is not None else None
        for number, block in enumerate(blocks(self._texts(), self.how, words, lookup)):
            for batch in batches():
                for rows in batch.iter_slices(AT_ONCE):
                    found = compare(block, rows, len(self.sets), self.how, vectors)
                    yield self._named(block, rows, found)
                    if number == 0:  # nobody knows how many blocks there are
                        self._context.progress.advance(rows.height)
            self._count(block)

    def _named(self, block: Block, batch: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
        texts = batch.select("what", "id").with_row_index("row")
        theirs = block.rows.select(eval_what="what", eval_id="id").with_row_index("evaluation")
        names_of_sets = pl.Series("name", [one.name for one in self.sets], dtype=pl.String)
        return (
            found.join(texts.cast({"row": pl.Int64}), on="row", maintain_order="left")
            .join(theirs.cast({"evaluation": pl.Int64}), on="evaluation", maintain_order="left")
            .with_columns(set=names_of_sets.gather(found["set"]))
            .select(
                *("what", "id", "set", "test", "value", "eval_what", "eval_id"),
                *("token_match", "ngram_match", "span_start", "span_words"),
            )
        )

    def _texts(self) -> Iterable[tuple[int, str, pl.DataFrame]]:
        for number, one in enumerate(self.sets):
            count = 0
            for what, rows in one.texts(self._context.progress.note):
                count += rows.height
                yield number, what, rows
            if count == 0:
                raise InputError(
                    f"{one.path} has no text to compare with. Check that this is the right set, and that its "
                    "qrels name its queries."
                )

    def _count(self, block: Block) -> None:
        texts = block.rows.with_columns(affected=pl.Series(block.affected_texts()))
        counts = texts.group_by("set", "what").agg(pl.len(), pl.col("affected").sum())
        for number, what, texts_in_set, affected in counts.iter_rows():
            key = (number, what)
            self.sizes[key] = self.sizes.get(key, 0) + texts_in_set
            self.appearing[key] = self.appearing.get(key, 0) + affected

    def _vectors(self) -> tuple[StoredVectors | None, list[StoredVectors | None]]:
        """Return the vectors of training texts, and of each set, where both are by the same encoder."""
        config, work = self._context.config, self._context.work
        chosen = config.vector_retriever
        nobody: list[StoredVectors | None] = [None for _ in self.sets]
        if BY_VECTORS not in self.how.tests or chosen is None or chosen.spec != "dense":
            return None, nobody
        (index,) = type_of(chosen, config).indexes(self._context)
        manifest = work.manifest(index)
        if manifest is None:
            return None, nobody
        theirs = [one.vectors(manifest.settings) for one in self.sets]
        if not any(theirs):
            return None, nobody
        doc_ids = self._context.corpus.doc_ids()
        is_unit = bool(manifest.stats.get("normalised", True))
        return StoredVectors(work.opened(manifest.artifact), doc_ids, is_unit), theirs

    @property
    def with_vectors(self) -> list[str]:
        """The names of the sets whose vectors are compared."""
        return [
            one.name
            for one, vectors in zip(self.sets, self._evaluation, strict=True)
            if vectors is not None
        ]

    def _lookup(self, number: int, what: str, ids: pl.Series) -> tuple[Ints, Floats] | None:
        vectors = self._evaluation[number]
        return None if vectors is None else vectors.of(what, ids)


def whole_run(context: Context) -> Iterator[pl.DataFrame]:
    """Yield what, id, text of every query that is mined, and of every document."""
    for table in context.queries.tables():
        rows = pl.DataFrame(pl.from_arrow(table))
        yield rows.select(pl.lit(QUERY).alias("what"), pl.col("query_id").alias("id"), "text")
    for table in context.corpus.documents():
        rows = pl.DataFrame(pl.from_arrow(table))
        yield rows.select(pl.lit(DOCUMENT).alias("what"), pl.col("doc_id").alias("id"), "text")
