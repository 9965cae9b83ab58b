"""Whether models may be fetched from the Hugging Face hub: only where the user says so."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from curation.errors import MissingExtraError, UsageError

#: The hub's own switch; without it nothing is fetched.
OFFLINE = "HF_HUB_OFFLINE"
#: What says how to allow it, in errors.
ALLOW = "Give a folder, or allow the download with --allow-download"


def allow_downloads() -> None:
    """From now on this process may fetch models; called before the hub's library is loaded."""
    os.environ[OFFLINE] = "0"


def downloads_allowed() -> bool:
    """Whether the user has said that models may be fetched."""
    return os.environ.get(OFFLINE, "1").strip().lower() in ("0", "off", "no", "false")


def hub_folder(name: str, patterns: Sequence[str], expected: str, *, revision: str | None = None) -> Path:
    """The folder with the files of a model of the hub that fit the patterns, fetched only where that is allowed.

    expected: what else than a model of the hub might be named, or what the model is, for the error. Raises UsageError
    when it is not there.
    """
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
    except ModuleNotFoundError as error:
        raise MissingExtraError("transformers", "local") from error
    download = downloads_allowed()
    try:
        found = snapshot_download(name, revision=revision, allow_patterns=list(patterns), local_files_only=not download)
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise UsageError(
            f"expected {expected} of the Hugging Face hub, or a folder, got {name!r}, which is none "
            f"{'that can be reached' if download else 'on this machine'} ({type(error).__name__}). {ALLOW}"
        ) from error
    return Path(found)
