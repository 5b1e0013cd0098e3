"""Word 3-grams of texts and their Jaccard similarity."""

from negmine.data.shingles.index import Shingles, build, open_index

__all__ = ["Shingles", "build", "open_index"]
