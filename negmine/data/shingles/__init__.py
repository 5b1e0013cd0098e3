"""Word 3-grams (shingles) of texts and their Jaccard similarity: near-duplicates without vectors.

texts -> words.py -> grams.py -> jaccard.py. `index.py` keeps a corpus' shingles on disk, `column.py` keeps
those of a stream of texts in a frame.
"""

from negmine.data.shingles.column import sets_of, shingle_column
from negmine.data.shingles.index import build, open_index
from negmine.data.shingles.jaccard import Sets

__all__ = ["Sets", "build", "open_index", "sets_of", "shingle_column"]
