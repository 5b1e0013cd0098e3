"""A prompt is a small regular file."""

import os

import pytest

from negmine.config.places import LARGEST_PROMPT, prompt_text
from negmine.errors import SettingsError


def test_a_prompt_is_read_as_text(tmp_path):
    file = tmp_path / "prompt.txt"
    file.write_bytes(b"{query}\r\n{document}")
    assert prompt_text("--judge-prompt", file) == "{query}\n{document}"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("pipe", "is a pipe or a device"), ("folder", "is a folder"), ("missing", "does not exist"),
        ("large", f"more than {LARGEST_PROMPT:,} bytes"), ("no UTF-8", "cannot be read"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_by_its_flag(kind, words, tmp_path):
    file = tmp_path / "prompt.txt"
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    elif kind == "large":
        file.touch()
        os.truncate(file, 20 << 30)
    elif kind == "no UTF-8":
        file.write_bytes(b"\xff")
    with pytest.raises(SettingsError) as told:
        prompt_text("--judge-prompt", file)
    assert str(told.value).startswith(f"--judge-prompt {file} ")
    assert words in str(told.value)


@pytest.mark.parametrize("path", ["/dev/zero", "/proc/self/environ"])
def test_a_device_is_not_read(path, tmp_path):
    """/dev/zero took all memory."""
    link = tmp_path / "prompt.txt"
    link.symlink_to(path)
    with pytest.raises(SettingsError, match="is a pipe or a device"):
        prompt_text("--generate-contrast-prompt", link)
