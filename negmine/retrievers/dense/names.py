"""Where the artifacts of a dense retriever lie: vectors, a FAISS index or bits over them, the run.

The names of the first model without a name begin with what they are: `1-index/dense-<model>`,
`1-index/faiss-<model>`. Those of a retriever `e5` have its name in them: `1-index/e5-<model>`,
`1-index/faiss_e5-<model>`. A model that was `dense` in round 1 has the same folders in later rounds, where it
is `round1_dense` (see config/rounds.py).
"""

from __future__ import annotations

from negmine.config.dense import NAME, DenseModel
from negmine.config.rounds import folder_name
from negmine.config.settings import IndexSettings
from negmine.config.settings.index import BINARY
from negmine.storage.layout import short_name


def vectors(index: IndexSettings, model: DenseModel) -> str:
    """Return the vectors' artifact: of stage 1, or of stage 2 where only candidates are encoded."""
    if index.dense_scope == "candidates":
        return f"2-retrieve/{_of('vectors', index, model)}"
    return f"1-index/{_model(index, model)}"


def approximate(index: IndexSettings, model: DenseModel) -> str:
    """Return what --index makes over the vectors: a FAISS index, or their bits."""
    kind = BINARY if index.index == BINARY else "faiss"
    return f"{vectors(index, model).split('/')[0]}/{_of(kind, index, model)}"


def run(index: IndexSettings, model: DenseModel) -> str:
    """Return the run."""
    return f"2-retrieve/{_model(index, model)}"


def searched(index: IndexSettings, model: DenseModel) -> str:
    """Return the record of what the run has searched."""
    return f"2-retrieve/{_of('searched', index, model)}"


def recall(index: IndexSettings, model: DenseModel) -> str:
    """Return the measured recall of the index."""
    return f"2-retrieve/{_of('recall', index, model)}"


def _of(what: str, index: IndexSettings, model: DenseModel) -> str:
    named = _model(index, model)
    is_first = folder_name(model.name, index.round) == NAME
    return what + named.removeprefix(NAME) if is_first else f"{what}_{named}"


def _model(index: IndexSettings, model: DenseModel) -> str:
    """Return the retriever's name with its model's."""
    is_given = index.document_vectors is not None
    folder = folder_name(model.name, index.round)
    return f"{folder}-{'vectors' if is_given else short_name(model.documents.model)}"
