"""No key of the machine's own gets into a test."""

import pytest


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    for name in ("NEGMINE_GENERATE_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
