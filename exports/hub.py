"""A data set on a Hugging Face hub: what stands there, and one commit that brings an export. The only way there."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from curation.address import remote_host
from curation.errors import HubError, MissingExtraError, UsageError
from curation.printable import printable
from curation.sources.own_folder import MARKER, OwnExport
from exports.hub_changes import HubChanges, HubFile

#: Seconds for a connection to be made, and for each part of an answer or of a file to pass.
CONNECT, PART = 20.0, 120.0
#: Characters of what a hub says about a request that it dislikes.
SAID = 200
#: By the status: what was expected, and what to do.
STATUSES: Mapping[int, str] = {
    401: "a token that the hub knows, with the right to write; make one on its page of settings and put it into "
    "HF_TOKEN",
    403: "a token with the right to write there; one of its owner, or of a member of the organisation",
    404: "a data set that the token may see",
    409: "a data set that nobody else changes meanwhile; run the same command again",
    412: "a data set that nobody else changes meanwhile; run the same command again",
    413: "files that the hub takes; a lower exports.shard_megabytes makes smaller ones",
    429: "a hub that takes requests now; run the same command again in some minutes",
}


@dataclass(frozen=True, slots=True)
class HubDataset:
    """What stands on the hub under a name."""

    revision: str
    is_private: bool
    files: Mapping[str, HubFile]
    #: The files of the export that is in it, its marker among them; None where there is none.
    exported: frozenset[str] | None


class DatasetHub:
    """A hub at an address, asked with a token that is sent to it alone. Errors are HubError, in one line."""

    def __init__(self, address: str, token: str) -> None:
        huggingface_hub = _library()
        if huggingface_hub.constants.is_offline_mode() and remote_host(address) is not None:
            raise HubError(
                f"expected that {address} may be asked, got HF_HUB_OFFLINE in the environment; call the command with "
                "HF_HUB_OFFLINE=0"
            )
        self.address, self._token = address, token
        _set_up(huggingface_hub, address)
        self._api = huggingface_hub.HfApi(endpoint=address, token=token, library_name="clincurate")

    def account(self) -> str:
        """The name of the account that the token is of."""
        with self._asked("the name of the account"):
            return str(self._api.whoami()["name"])

    def found(self, name: str) -> HubDataset | None:
        """What stands under a name; None where nothing does that the token may see."""
        from huggingface_hub import RepoFile
        from huggingface_hub.errors import RepositoryNotFoundError

        with self._asked(f"what stands in {name}"):
            try:
                info = self._api.dataset_info(name)
            except RepositoryNotFoundError as error:
                if error.response.status_code == 401:
                    raise
                return None
            entries = self._api.list_repo_tree(name, repo_type="dataset", revision=info.sha, recursive=True)
            files = {
                entry.path: HubFile(entry.size, entry.blob_id, entry.lfs.sha256 if entry.lfs else None)
                for entry in entries
                if isinstance(entry, RepoFile)
            }
            exported = self._exported(name, str(info.sha), files) if MARKER in files else None
            return HubDataset(str(info.sha), bool(info.private), files, exported)

    def make(self, name: str, *, private: bool) -> None:
        """An empty data set of that name, unless there is one."""
        with self._asked(f"the new data set {name}"):
            self._api.create_repo(name, repo_type="dataset", private=private, exist_ok=True)

    def commit(self, name: str, folder: Path, changes: HubChanges, *, after: str, message: str) -> str:
        """The revision that holds the changes, made in one step after another revision.

        What was sent before an error is no part of the data set, and is not sent again by the next commit.
        """
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        added = [CommitOperationAdd(path, folder / path) for path in changes.sent]
        removed = [CommitOperationDelete(path, is_folder=False) for path in changes.removed]
        with self._asked(f"a commit to {name}"):
            made = self._api.create_commit(
                name, [*removed, *added], commit_message=message, repo_type="dataset", parent_commit=after
            )
            return str(made.oid)

    def publish(self, name: str) -> None:
        """From now on everybody can read the data set."""
        with self._asked(f"that everybody can read {name}"):
            self._api.update_repo_settings(name, private=False, repo_type="dataset")

    def _exported(self, name: str, revision: str, files: Iterable[str]) -> frozenset[str] | None:
        """The files that the markers of an earlier export name, with those of other layers; None where one is none."""
        named: set[str] = set()
        with tempfile.TemporaryDirectory() as temporary:
            for marker in [path for path in files if path.rpartition("/")[2] == MARKER]:
                file = self._api.hf_hub_download(
                    name, marker, repo_type="dataset", revision=revision, local_dir=temporary, force_download=True
                )
                try:
                    content = OwnExport.model_validate_json(Path(str(file)).read_bytes())
                except ValidationError:
                    return None
                folder = marker.removesuffix(MARKER)
                named |= {marker, *(f"{folder}{path}" for path in content.files)}
        return frozenset(named)

    @contextmanager
    def _asked(self, what: str) -> Iterator[None]:
        """Raises HubError for whatever goes wrong on the way, with the status and what to do, never with the token."""
        import httpx2
        from huggingface_hub.errors import HfHubHTTPError

        try:
            yield
        except HfHubHTTPError as error:
            raise HubError(f"{self.address}: expected {what}, {self._said(error)}") from None
        except (httpx2.HTTPError, OSError, RuntimeError) as error:
            cause = error.__cause__ if isinstance(error, RuntimeError) and error.__cause__ else error
            if isinstance(cause, HubError):
                raise cause from None
            if isinstance(cause, HfHubHTTPError):
                raise HubError(f"{self.address}: expected {what}, {self._said(cause)}") from None
            raise HubError(f"{self.address}: expected {what}, the connection failed ({type(cause).__name__})") from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise HubError(
                f"{self.address}: expected {what}, got an answer that is none of a hub ({type(error).__name__})"
            ) from None

    def _said(self, error: Any) -> str:
        status = error.response.status_code
        if status in STATUSES:
            return f"got status {status}: expected {STATUSES[status]}"
        if status >= 500:
            return f"the hub failed (status {status}); run the same command again later"
        message = printable(str(error.server_message or "")).replace(self._token, "***")[:SAID]
        return f"got status {status}{f': {message}' if message else ''}"


def hub_token() -> str:
    """The token of the user, from HF_TOKEN or the file that `hf auth login` writes. Raises UsageError without one."""
    token: str | None = _library().get_token()
    if not token:
        raise UsageError(
            "expected a token of the hub with the right to write, in the variable HF_TOKEN or the file that "
            "`hf auth login` writes, got none"
        )
    return token


def _library() -> Any:
    try:
        import huggingface_hub
    except ImportError as error:
        raise MissingExtraError("huggingface-hub", "export") from error
    return huggingface_hub


def _set_up(library: Any, address: str) -> None:
    """The library's connections: none waits for ever, and no answer points them to another machine.

    Large files go by plain requests: the newer way has a client of its own, which asks neither for limits nor proxies.
    """
    import httpx2

    host = urlsplit(address).netloc

    def check(response: Any) -> None:
        target = urlsplit(response.headers.get("location", "")).netloc
        if response.is_redirect and target and target != host and response.request.url.netloc.decode() == host:
            raise HubError(
                f"{address}: expected an answer, got a pointer to another machine ({printable(target)}), to which "
                "nothing was sent; is it the address of the hub itself?"
            )

    library.constants.HF_HUB_DISABLE_XET = True
    library.utils.disable_progress_bars()
    library.utils.logging.set_verbosity_error()
    library.set_client_factory(
        lambda: httpx2.Client(
            event_hooks={"response": [check]},
            follow_redirects=True,
            timeout=httpx2.Timeout(PART, connect=CONNECT),
            trust_env=remote_host(address) is not None,
        )
    )
