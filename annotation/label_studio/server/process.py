"""Processes that outlive the command which starts them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from curation.errors import ReviewError

HOST = "127.0.0.1"

#: How many ports after the wished one are tried.
PORTS = 50

#: Seconds a server has to end by itself before it is killed.
GRACE = 10.0

#: How often the command line of a process is asked for while it is empty, a hundredth of a second apart.
TRIES = 100

#: Starts a program in a session of its own and leaves it there: no child of ours, no zombie.
LAUNCH = """
import json, os, subprocess, sys
order = json.load(sys.stdin)
os.umask(0o077)
log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
made = subprocess.Popen(order["command"], env=order["env"], cwd=order["cwd"], stdin=subprocess.DEVNULL,
                        stdout=log, stderr=log, start_new_session=True)
print(made.pid, flush=True)
os._exit(0)
"""


def launch(command: Sequence[str], *, variables: Mapping[str, str], folder: Path, log: Path) -> int:
    """The number of a process that runs on by itself, with only these variables, writing to the log."""
    order = {"command": list(command), "env": dict(variables), "cwd": str(folder), "log": str(log)}
    done = subprocess.run(
        [sys.executable, "-I", "-c", LAUNCH],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ReviewError(f"expected {command[0]} to start, got: {' '.join(done.stderr.strip().splitlines()[-1:])}")
    return int(done.stdout)


def free_ports(first: int) -> Iterator[int]:
    """Ports that nobody listens on, from the first one up."""
    return (port for port in range(first, min(first + PORTS, 65536)) if is_free(port))


def is_free(port: int) -> bool:
    """Whether nobody listens on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that ended and was not waited for does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return True


def command_of(pid: int) -> str:
    """The command line of a process, or nothing: numbers of processes come round again."""
    # A process that is just turning into another program has no command line for a moment.
    for _ in range(TRIES):
        if (line := _command_line(pid)) or not is_alive(pid):
            return line
        time.sleep(0.01)
    return ""


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        pass
    try:
        return subprocess.run(
            ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout
    except OSError:
        return ""


def end(pid: int, *, port: int | None = None) -> None:
    """The process is gone, and its port is free; it is asked first, and killed when it does not go."""
    for sign in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline:
            # A process counts as ended while threads of it still hold the port.
            if not is_alive(pid) and (port is None or is_free(port)):
                return
            time.sleep(0.05)
