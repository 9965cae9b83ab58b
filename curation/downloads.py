"""Whether models may be fetched from the Hugging Face hub: only where the user says so."""

from __future__ import annotations

import os

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
