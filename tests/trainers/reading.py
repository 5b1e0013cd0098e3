"""Files as `datasets` reads them."""

import pytest


def near(values):
    return pytest.approx(values, rel=1e-5)


def from_card(folder, name, scratch):
    from datasets import load_dataset

    return load_dataset(str(folder), name, split="train", cache_dir=str(scratch / "cache"))


def from_json(path, scratch):
    from datasets import load_dataset

    files = str(path)
    return load_dataset("json", data_files=files, split="train", cache_dir=str(scratch / "cache"))
