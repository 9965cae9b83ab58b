"""The product's command as benchmarks call it: in a process of its own, with this checkout's code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
CURATE = (sys.executable, "-c", "from pipeline.command import main; main()")


def curate(
    *arguments: str, variables: Mapping[str, str] | None = None, timeout: float = 300, before: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """How `curate ...` ended; `before` are words in front of it, such as a limit of memory."""
    return subprocess.run(
        [*before, *CURATE, *arguments],
        capture_output=True,
        text=True,
        env=environment(variables),
        cwd=ROOT,
        check=False,
        timeout=timeout,
    )


def begin(*arguments: str, variables: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """`curate ...` while it runs; its output can be read from pipes."""
    return subprocess.Popen(
        [*CURATE, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(variables),
        cwd=ROOT,
    )


def environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's variables with the checkout in front, and others."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **(variables or {})}
