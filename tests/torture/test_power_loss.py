"""Power loss: whatever a manifest lists was made durable before the manifest said so."""

import json
import os
from pathlib import Path

import pytest

import negmine
from tests.conftest import write_beir, write_vectors


class Disk:
    """Remembers which files and folders were synced, as they were then."""

    def __init__(self, monkeypatch):
        self.synced, self.unsafe, self.manifests = {}, [], 0
        real_fsync, real_replace = os.fsync, os.replace

        def fsync(handle):
            real_fsync(handle)
            stat = os.fstat(handle)
            self.synced[stat.st_ino] = stat.st_mtime_ns

        def replace(source, target, **options):
            if Path(target).name == "_manifest.json":
                self.check(Path(source), Path(target).parent)
            real_replace(source, target, **options)

        monkeypatch.setattr(os, "fsync", fsync)
        monkeypatch.setattr(os, "replace", replace)

    def check(self, manifest, folder):
        """Note what would be lost if the power failed right after this manifest is there."""
        self.manifests += 1
        listed = [folder / part["file"] for part in json.loads(manifest.read_text())["parts"]]
        for path in [manifest, *listed]:
            stat = path.stat()
            if self.synced.get(stat.st_ino) != stat.st_mtime_ns:
                self.unsafe.append(path)
        for made in (folder, folder.parent):
            if made.stat().st_ino not in self.synced:
                self.unsafe.append(made)


@pytest.mark.parametrize(
    "flags", [{"retriever": "bm25"}, {}, {"index": "HNSW8"}], ids=["bm25", "dense", "faiss"]
)
def test_all_that_a_manifest_lists_is_synced_before_it(flags, tmp_path, monkeypatch):
    data = write_beir(tmp_path / "beir")
    vectors = {} if "retriever" in flags else write_vectors(data)
    disk = Disk(monkeypatch)
    negmine.mine(tmp_path / "w", data=data, k=10, **vectors, **flags)
    assert disk.manifests > 8
    assert not disk.unsafe


def test_the_check_would_see_a_file_that_was_not_synced(tmp_path, monkeypatch):
    import negmine.storage.workdir as workdir

    monkeypatch.setattr(workdir, "sync_file", lambda path: None)
    disk = Disk(monkeypatch)
    negmine.mine(tmp_path / "w", data=write_beir(tmp_path / "beir"), retriever="bm25")
    assert any("bm25" in str(path) for path in disk.unsafe)
