"""A program that brings the cells of several FAISS indexes together: FAISS prints to stdout while it does.

It reads a JSON object from stdin: `trained`, an empty index; `pieces`, filled ones; `cells` and `index`, what
is written; `name`, how `index` calls the file of the cells.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def main() -> None:
    """Write the index that has the cells of all pieces."""
    import faiss
    from faiss.contrib.ondisk import merge_ondisk

    wanted = json.load(sys.stdin)
    index = faiss.read_index(wanted["trained"])
    merge_ondisk(index, wanted["pieces"], wanted["cells"])
    inner: Any = faiss.extract_index_ivf(index)
    lists: Any = faiss.downcast_InvertedLists(inner.invlists)
    lists.filename = wanted["name"]
    faiss.write_index(index, wanted["index"])


if __name__ == "__main__":
    main()
