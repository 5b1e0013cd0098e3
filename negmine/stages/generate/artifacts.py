"""Stage generate in the plan: what a model writes, the candidates with it, its likeness to positives.

It stands behind retrieve: with it, all that follows reads `2-generate/candidates` in place of
`2-retrieve/candidates` (`Context.candidates`). Nothing that retrieve has made is made again.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from negmine.data import schemas
from negmine.engine.artifact import Artifact
from negmine.engine.context import Context
from negmine.retrievers.registry import types
from negmine.stages.generate import likeness, scores, tasks
from negmine.stages.generate.writing import count_documents
from negmine.storage.layout import (
    CANDIDATES,
    CORPUS,
    GENERATED,
    GENERATED_CANDIDATES,
    GENERATED_LIKENESS,
    QRELS,
    QUERIES,
)

REVISION = 1  # raise it when a prompt changes, or how answers are read
_USES = (
    "generate_url", "generate_model", "generate_extra", "generate_local", "generate_query_only_prompt",
    "generate_contrast_prompt", "generate_near_topic_prompt",
)  # fmt: skip


def artifacts(context: Context) -> Iterable[Artifact]:
    """Yield the artifacts of stage generate, in the order they are made; none where nobody writes."""
    config = context.config
    if not config.generates:
        return
    indexes = [name for kind in types(config) for name in kind.indexes(context)]
    yield Artifact(
        GENERATED, schemas.GENERATED_DOCUMENTS, (CORPUS, QUERIES, QRELS),
        partial(tasks.shaping, context), tasks.documents, count_documents, revision=REVISION,
        uses=_USES,
    )  # fmt: skip
    yield Artifact(
        GENERATED_CANDIDATES, schemas.CANDIDATES,
        (CANDIDATES, GENERATED, *([QRELS] if config.shares_generated else []), *indexes),
        lambda: {"share_generated": True} if config.shares_generated else {}, scores.candidates,
    )  # fmt: skip
    vectors = config.vector_retriever
    yield Artifact(
        GENERATED_LIKENESS, schemas.LIKENESS,
        (*([GENERATED_CANDIDATES] if config.shares_generated else []), GENERATED, CORPUS, QRELS, *indexes),
        lambda: {"vectors": None if vectors is None else vectors.name}, likeness.compared,
    )  # fmt: skip
