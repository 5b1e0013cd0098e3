"""The Hugging Face hub, as `push` uses it: one repository, one commit, and its refusals as HubError.

https://huggingface.co/docs/huggingface_hub/guides/upload. `HF_ENDPOINT` says where the hub is, `HF_TOKEN` or
the login of huggingface_hub who is asking.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from negmine.analysis.push.files import File
from negmine.config.secrets import redacted, shown_url
from negmine.errors import HubError, SettingsError

TYPE = "dataset"
_NAME, _LONGEST_NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII), 96
LONGEST = 500  # characters of what the hub says
_LOGIN = "Set HF_TOKEN to a token that may write, or log in: hf auth login."
_AGAIN = "Run the same command again: what has arrived is not sent again."
_ADVICE = {
    401: f"it does not take the token. {_LOGIN}",
    403: "the token may not write there. Give a token with write access, or another OWNER.",
    404: "there is no such owner or repository, or the token may not see it. Check OWNER/NAME.",
    409: f"something else changes the repository. {_AGAIN}",
    412: f"the repository has changed meanwhile. {_AGAIN}",
    429: "too many requests. Wait a few minutes, then run the same command again.",
}

T = TypeVar("T")


class Found(NamedTuple):
    """A repository that exists: whether it is private, its tags, last commit and files."""

    is_private: bool
    tags: frozenset[str]
    commit: str
    files: frozenset[str]


class Hub:
    """The hub, and a repository of it. Raises SettingsError for a name that no repository can have."""

    def __init__(self, repo: str) -> None:
        from huggingface_hub import HfApi

        if not _NAME.fullmatch(repo) or len(repo) > _LONGEST_NAME:
            raise SettingsError(
                f"REPO {repo}: give OWNER/NAME, as on the hub: letters, digits, '-', '_' and '.', at most "
                f"{_LONGEST_NAME} of them."
            )
        self.repo = repo
        self._api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None)
        self._token: str | None = None

    @property
    def endpoint(self) -> str:
        """Where the hub is, without user and password."""
        return shown_url(self._api.endpoint)

    @property
    def url(self) -> str:
        """The page of the repository."""
        return f"{self.endpoint}/datasets/{self.repo}"

    def log_in(self) -> None:
        """Read the token of the environment or of the login. Raises HubError where there is none."""
        from huggingface_hub import get_token
        from huggingface_hub.utils.tqdm import disable_progress_bars

        disable_progress_bars()
        self._token = get_token()
        if self._token is None:
            raise HubError(f"Nothing was sent: there is no token for {self.endpoint}. {_LOGIN}")

    def look(self) -> Found | None:
        """Return what the repository is, or None where there is none."""
        from huggingface_hub.errors import RepositoryNotFoundError

        def ask() -> Any:
            try:
                return self._api.repo_info(self.repo, repo_type=TYPE, token=self._token)
            except RepositoryNotFoundError as error:
                if error.response.status_code != 404:
                    raise
                return None

        info = self._asked("looking for the repository", ask)
        if info is None:
            return None
        files = frozenset(one.rfilename for one in info.siblings or ())
        return Found(bool(info.private), frozenset(info.tags or ()), str(info.sha), files)

    def create(self, private: bool) -> None:
        """Make the repository. Raises HubError where it is there."""

        def ask() -> Any:
            return self._api.create_repo(
                self.repo, repo_type=TYPE, private=private, token=self._token
            )

        self._asked("making the repository", ask)

    def commit(self, files: Sequence[File], gone: Sequence[str], parent: str | None) -> str:
        """Send files and remove those that are `gone`, in one commit; return its id.

        parent: the last commit of the repository, where there is one; HubError where it is another by now.
        """
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        adds = [CommitOperationAdd(file.name, str(file.path)) for file in files]
        deletes = [CommitOperationDelete(name, is_folder=False) for name in gone]

        def ask() -> Any:
            return self._api.create_commit(
                self.repo, [*adds, *deletes], commit_message="Training data by negmine",
                repo_type=TYPE, token=self._token, parent_commit=parent,
            )  # fmt: skip

        return str(self._asked("sending the files", ask).oid)

    def _asked(self, doing: str, ask: Callable[[], T]) -> T:
        """Return what the hub answers; whatever else happens becomes a HubError without the token."""
        try:
            return ask()
        except Exception as error:  # of huggingface_hub, its HTTP library, its upload library
            what = redacted(self._explained(error), self._token)
            raise HubError(f"{self.url}, while {doing}: {what}") from None

    def _explained(self, error: BaseException) -> str:
        from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

        causes = list(_causes(error))
        if any(isinstance(one, OfflineModeIsEnabled) for one in causes):
            return "HF_HUB_OFFLINE is set, so that nothing is sent. Unset it."
        answers = [one for one in causes if isinstance(one, HfHubHTTPError)]
        if not answers:
            last = causes[-1]
            said = str(last).strip().split("\n")[0][:LONGEST] or "the connection ended"
            return f"{type(last).__name__}: {said}. {_AGAIN}"
        status = answers[0].response.status_code
        said = (answers[0].server_message or "").strip().split("\n")[0][:LONGEST]
        advice = _ADVICE.get(status, _AGAIN)
        return f"the hub answers {status}{f' ({said})' if said else ''}: {advice}"


def _causes(error: BaseException | None) -> list[BaseException]:
    """Return an error and what it came from, the last first."""
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__
    return chain
