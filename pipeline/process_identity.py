"""Which process does a run, told so that its end can be noticed after a kill: host, boot, number and start."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

BOOT = Path("/proc/sys/kernel/random/boot_id")


def this_process() -> dict[str, JsonValue]:
    """The identity of this process; the same number is never given twice with the same host, boot and start."""
    pid = os.getpid()
    return {"host": platform.node(), "boot": _boot(), "pid": pid, "began": _began(pid)}


def has_ended(process: Mapping[str, JsonValue]) -> bool:
    """Whether a process of this host certainly runs no more; False of other hosts' and of what cannot be told."""
    pid = process.get("pid")
    if process.get("host") != platform.node() or not isinstance(pid, int) or sys.platform == "win32":
        return False
    if process.get("boot") != _boot():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return process.get("began") != _began(pid)


def _boot() -> str | None:
    return BOOT.read_text(encoding="ascii").strip() if BOOT.exists() else None


def _began(pid: int) -> str | None:
    """When the process began, in ticks since the boot; None where the system does not say it, or it is a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name of the program stands in brackets and may hold blanks.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields[19]
