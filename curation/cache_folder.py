"""The user's folders: for files that can be made again, and for settings of the person on this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """The user's cache folder for this product, by the habits of the platform."""
    return _folder("LOCALAPPDATA", "Local", "Caches", "XDG_CACHE_HOME", ".cache")


def config_folder() -> Path:
    """The user's folder for settings of this product, by the habits of the platform."""
    return _folder("APPDATA", "Roaming", "Application Support", "XDG_CONFIG_HOME", ".config")


def _folder(windows: str, app_data: str, library: str, xdg: str, hidden: str) -> Path:
    if sys.platform == "win32":
        base = Path(os.environ.get(windows) or Path.home() / "AppData" / app_data)
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / library
    else:
        base = Path(os.environ.get(xdg) or Path.home() / hidden)
    return base / "clincurate"
