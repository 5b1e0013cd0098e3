"""Which files lie in the folder of an artifact."""

import os

import pytest

from negmine.storage.folders import files_in


def test_a_folder_that_cannot_be_read_is_an_error_and_not_an_empty_one(tmp_path, monkeypatch):
    """A manifest was written without a file that lay there: pathlib's globs leave such a folder out."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner/file").write_text("x")
    (tmp_path / ".partial").mkdir()
    (tmp_path / ".partial/left").write_text("x")
    assert files_in(tmp_path, ".partial") == ["inner/file"]
    assert files_in(tmp_path / "none", ".partial") == []
    real = os.scandir

    def refusing(path):
        if str(path).endswith("inner"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(PermissionError):
        files_in(tmp_path, ".partial")
