"""The environment of edsnlp's own in the user's cache, made once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from curation.cache_folder import cache_folder
from curation.process_lock import process_lock

VERSION = "0.23.0"
READY = "ready"


def python() -> Path:
    """The interpreter of the environment, which is installed where it is not there (minutes, 1.5 GB)."""
    folder = cache_folder() / "benchmarks" / f"edsnlp-{VERSION}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    interpreter = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    with process_lock(folder.with_name(f"{folder.name}.lock")):
        if not (folder / READY).is_file():
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            subprocess.run([str(interpreter), "-m", "pip", "install", "-q", f"edsnlp[ml]=={VERSION}"], check=True)
            (folder / READY).touch()
    return interpreter
