"""Datasets of the Hugging Face Hub: which files a dataset has at a commit, and their copies.

The copies are huggingface_hub's own (HF_HUB_CACHE): it fetches a file once, checks it, and shares it. What a
dataset has at a commit is kept in negmine's cache: a dataset that is half there is never taken for whole.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from negmine.config.addresses import Address
from negmine.errors import InputError, NegmineError
from negmine.storage.remote.cache import remembered
from negmine.storage.remote.seen import Seen
from negmine.storage.remote.trouble import explained, retried

MAIN = "main"


class Named(NamedTuple):
    """What an address names: a dataset, a revision of it (None: its main one), and a path in it, or nothing."""

    dataset: str
    revision: str | None
    path: str

    def __str__(self) -> str:
        return f"dataset {self.dataset}" + (f" at {self.revision}" if self.revision else "")


class Listing(NamedTuple):
    """The files of a dataset at a commit."""

    commit: str
    files: dict[str, Seen]


def named(address: Address) -> Named:
    """Return what an address of the Hub names. Raises InputError for what is no dataset."""
    kind, *parts = address.full.partition("://")[2].split("/")
    if kind != "datasets" or len(parts) < 2:
        raise InputError(
            f"{address} names no dataset. Say hf://datasets/OWNER/NAME, or a file in it."
        )
    owner, name, *rest = parts
    name, _, revision = name.partition("@")
    if revision == "refs":  # a revision with slashes: refs/convert/parquet, refs/pr/1
        revision, rest = "/".join([revision, *rest[:2]]), rest[2:]
    return Named(f"{owner}/{name}", unquote(revision) or None, "/".join(rest))


def listing(address: Address) -> Listing:
    """Return the files of a dataset, asked of the Hub; of what is in the caches, if HF_HUB_OFFLINE is set."""
    from huggingface_hub import constants

    what = named(address)
    if constants.is_offline_mode():
        return _in_caches(address, what)
    try:
        info = retried(lambda: _asked(what))
    except NegmineError:
        raise
    except Exception as error:  # of the client's several libraries
        raise _told(address, what, error) from None
    try:
        files = {one.rfilename: _seen(one, info.sha) for one in info.siblings or []}
    except (AttributeError, TypeError, ValueError) as error:
        raise InputError(
            f"{address} cannot be read: the list of files that the Hub sent is damaged ({error!s:.100}). Is "
            "HF_ENDPOINT a Hub? Try again later."
        ) from error
    kept = {name: [seen.version, seen.size] for name, seen in files.items()}
    remembered(_key(what), {"commit": info.sha, "files": kept})
    return Listing(info.sha, files)


def local(address: Address, seen: Seen) -> Path:
    """Return the copy of a file of a dataset, fetched if it is not there yet."""
    from huggingface_hub import hf_hub_download

    what = named(address)
    try:
        path = Path(  # it tries again by itself
            hf_hub_download(
                what.dataset,
                what.path,
                repo_type="dataset",
                revision=seen.revision,
            )
        )
    except Exception as error:
        raise _told(address, what, error) from None
    if seen.size is not None and path.stat().st_size != seen.size:
        raise InputError(f"{path} is damaged: it should have {seen.size:,} bytes. Remove it.")
    return path


def _asked(what: Named) -> Any:
    from huggingface_hub import HfApi

    return HfApi().dataset_info(
        what.dataset, revision=what.revision, files_metadata=True, timeout=30
    )


def _seen(sibling: Any, commit: Any) -> Seen:
    """Return what the Hub says of a file: of a large one its sha256, of another git's hash.

    Raises ValueError, or what Python raises, where a name, a hash or a size is none.
    """
    version = sibling.lfs.sha256 if sibling.lfs else sibling.blob_id
    texts, size = (sibling.rfilename, version, commit), sibling.size
    if not all(isinstance(text, str) for text in texts) or type(size) not in (int, type(None)):
        raise ValueError("a name, a hash or a size is none")
    return _version(version, size, commit)


def _version(version: str, size: int | None, commit: str) -> Seen:
    """Return a file's description; a sha256 is its fingerprint, as if the file were of this machine."""
    fingerprint = version if len(version) == 64 else f"git:{version}"
    return Seen(version, size, fingerprint, commit)


def _key(what: Named) -> str:
    return f"hf://datasets/{what.dataset}@{what.revision or MAIN}"


def _in_caches(address: Address, what: Named) -> Listing:
    """Return the listing that was kept when the Hub was asked last, else what `hf download` has put there."""
    kept = remembered(_key(what))
    if kept is not None:
        commit, files = str(kept["commit"]), kept["files"]
        assert isinstance(files, dict)
        return Listing(
            commit,
            {name: _version(version, size, commit) for name, (version, size) in files.items()},
        )
    snapshot = _snapshot(what)
    if snapshot is None:
        raise InputError(
            f"{address} cannot be looked at: HF_HUB_OFFLINE is set, and the {what} is not in the cache of this "
            "machine. Unset it, or name files that are here."
        )
    paths = [one for one in snapshot.rglob("*") if one.is_file()]
    blobs = {one.relative_to(snapshot).as_posix(): one.resolve() for one in paths}
    files = {
        name: _version(blob.name, blob.stat().st_size, snapshot.name)
        for name, blob in blobs.items()
    }
    return Listing(snapshot.name, files)


def _snapshot(what: Named) -> Path | None:
    """Return the folder of the snapshot in huggingface_hub's cache, if there is one."""
    from huggingface_hub import constants

    folder = Path(constants.HF_HUB_CACHE) / f"datasets--{what.dataset.replace('/', '--')}"
    revision = what.revision or MAIN
    reference = folder / "refs" / revision
    if reference.is_file():
        revision = reference.read_text(encoding="utf-8").strip()
    snapshot = folder / "snapshots" / revision
    return snapshot if snapshot.is_dir() else None


def _told(address: Address, what: Named, error: Exception) -> NegmineError:
    """Return the error to raise for one of huggingface_hub's."""
    from huggingface_hub import errors

    start = f"{address} cannot be read"
    if isinstance(error, errors.GatedRepoError):
        return InputError(f"{start}: you need access to the {what}. Ask for it, and set HF_TOKEN.")
    if isinstance(error, errors.RevisionNotFoundError):
        return InputError(f"{start}: the dataset {what.dataset} has no revision {what.revision}.")
    if isinstance(error, errors.RepositoryNotFoundError):
        return InputError(
            f"{start}: {what.dataset} is no path here, and the Hub has no such dataset, or it is private. "
            "Check the name; for a private one set HF_TOKEN."
        )
    if isinstance(error, errors.HFValidationError):
        return InputError(f"{start}: {what.dataset} is no name of a dataset.")
    if isinstance(error, errors.EntryNotFoundError) and "Local" not in type(error).__name__:
        return InputError(f"{start}: the {what} has no file {what.path}.")
    if isinstance(error, errors.OfflineModeIsEnabled | errors.LocalEntryNotFoundError):
        return InputError(
            f"{start}: it is not in the cache of this machine, and HF_HUB_OFFLINE is set or the Hub cannot be "
            "reached. Unset it, or check the network."
        )
    return explained(address, f"asking for the {what}, which is no path here", error)
