"""What a format of several files writes about the verdicts of build.py: every file, by its name."""

import numpy as np
import polars as pl

from negmine.config.settings import WriteSettings
from negmine.stages.write import compute
from negmine.stages.write.bundle import Bundle
from negmine.stages.write.formats.registry import FORMATS
from tests.stages.write.build import DOCUMENTS, QUERIES, SCORED, selection


class Documents:
    """A corpus in memory, as storage/corpus.py has it on disk; it comes in pieces of two documents."""

    def __init__(self, rows):
        self.rows = rows

    def __len__(self):
        return self.rows.height

    def doc_ids(self):
        return self.rows["doc_id"]

    def positions(self, doc_ids):
        places = {name: place for place, name in enumerate(self.rows["doc_id"])}
        return np.array([places[name] for name in doc_ids], np.int64)

    def texts(self, doc_ids):
        return self.rows.filter(pl.col("doc_id").is_in(doc_ids.implode()))

    def documents(self, positions):
        for start in range(0, len(positions), 2):
            yield self.rows[positions[start : start + 2]].to_arrow()


def files(folder, data=SCORED, queries=QUERIES, documents=DOCUMENTS, parts=None, **options):
    """Write the files; return path in the folder to its text, or its rows where it is Parquet.

    parts: verdicts of each part; without it there is one.
    """
    settings, output = WriteSettings(**options), FORMATS[options["format"]]
    pieces = [data] if parts is None else parts

    def provenance(part):
        return compute.provenance(pieces[part], selection(settings, True), output, ["bm25"])

    bundle = Bundle(
        output, settings, Documents(documents), len(pieces), provenance,
        lambda part: compute.sought(queries, settings),
    )  # fmt: skip
    rows = bundle.write(folder)
    assert rows == sum(provenance(part).height for part in range(len(pieces)))
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): _content(path) for path in paths}


def _content(path):
    if path.suffix == ".parquet":
        return pl.read_parquet(path).rows()
    return path.read_bytes().decode("utf-8")
