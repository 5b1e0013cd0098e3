"""Word 3-grams (shingles) of texts and their Jaccard similarity: near-duplicates without vectors.

texts -> words.py -> grams.py -> jaccard.py. `column.py` keeps those of a stream of texts in a frame;
storage/shingles.py keeps those of a corpus on disk.
"""

from negmine.data.shingles.column import sets_of, shingle_column
from negmine.data.shingles.jaccard import Sets

__all__ = ["Sets", "sets_of", "shingle_column"]
