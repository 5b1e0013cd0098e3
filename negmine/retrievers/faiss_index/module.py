"""The module faiss, which an extra brings, and the GPUs that it sees."""

from __future__ import annotations

from typing import Any

from negmine.errors import MissingDependency

NOT_THERE = (
    ImportError,
    OSError,
    RuntimeError,
)  # of `import faiss`: the last without CUDA's libraries
GPU_MOST = 2048  # FAISS on a GPU returns no more neighbours than this, and searches no more cells


def faiss_or_error() -> Any:
    """Return the module faiss; raise MissingDependency if it is not installed, or does not load."""
    try:
        import faiss
    except NOT_THERE as error:
        raise no_faiss(error) from error
    return faiss


def count_gpus() -> int:
    """Return how many GPUs FAISS sees; 0 if FAISS is not installed, or does not load."""
    try:
        import faiss
    except NOT_THERE:
        return 0
    return int(getattr(faiss, "get_num_gpus", lambda: 0)())


def no_faiss(error: BaseException) -> MissingDependency:
    """Return the error that says which extra to install, or why the FAISS that is installed does not load."""
    if isinstance(error, ModuleNotFoundError) and error.name == "faiss":
        why = ""
    else:
        why = f" The installed one does not load: {str(error).splitlines()[0]}."
    return MissingDependency(
        f"Search on a GPU, --index and --late-index need FAISS.{why} Install it: pip install 'negmine[cpu]' or "
        "'negmine[gpu]'"
    )
