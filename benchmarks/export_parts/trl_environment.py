"""TRL in a folder of its own: it is no dependency, and none of what it needs besides is missing here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from curation.cache_folder import cache_folder
from curation.process_lock import process_lock

VERSION = "1.16.0"
#: Written last into the folder.
READY = "ready"


def trl_folder(*, install: bool) -> Path | None:
    """The folder with TRL, got from the index of packages where that is allowed; None where there is none."""
    folder = cache_folder() / "benchmarks" / f"trl-{VERSION}"
    if (folder / READY).is_file():
        return folder
    if not install or find_spec("transformers") is None or find_spec("accelerate") is None:
        return None
    folder.parent.mkdir(parents=True, exist_ok=True)
    with process_lock(folder.with_name(folder.name + ".lock")):
        if not (folder / READY).is_file():
            shutil.rmtree(folder, ignore_errors=True)
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
            if subprocess.run([*pip, f"trl=={VERSION}"], capture_output=True, check=False).returncode:
                return None
            (folder / READY).touch()
    return folder


def opened_by_trl(folder: Path, trl: Path) -> dict[str, int]:
    """What TRL's trainer finds in an export: examples, and those of which it learns the answer, whole and alone."""
    path = os.pathsep.join([str(trl), str(Path(__file__).parents[2])])
    variables = {
        "PYTHONPATH": path,
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "CUDA_VISIBLE_DEVICES": "",
    }
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("trl_run.py")), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | variables,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return found
