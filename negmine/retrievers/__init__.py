"""Retrievers: who finds candidates."""

from negmine.retrievers.base import Hits, Retriever

__all__ = ["Hits", "Retriever"]
