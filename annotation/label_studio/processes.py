"""Processes that outlive the command which starts them."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from curation.errors import MissingExtraError, ReviewError

if TYPE_CHECKING:
    import psutil

HOST = "127.0.0.1"

#: Signals that end a command.
HELD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

#: How many ports after the wished one are tried.
PORTS = 50

#: Seconds a server has to end by itself before it is killed.
GRACE = 10.0

#: How often an empty command line is read again, and the seconds between.
READS, PAUSE = 100, 0.01

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
        # Ctrl-C in a terminal reaches every process of the command's group: this one has to tell the number first.
        start_new_session=True,
    )
    if done.returncode:
        raise ReviewError(f"expected {command[0]} to start, got: {' '.join(done.stderr.strip().splitlines()[-1:])}")
    return int(done.stdout)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Ctrl-C, SIGTERM and SIGHUP in the block take effect at its end, so that what the block begins is also noted."""
    came: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        came.append(number)

    held = [number for number in HELD if signal.getsignal(number) is not signal.SIG_IGN]
    # Only the main thread has signals; in another one nothing interrupts.
    try:
        before = {number: signal.signal(number, note) for number in held}
    except ValueError:
        yield
        return
    try:
        yield
    finally:
        for held_number, handler in before.items():
            signal.signal(held_number, handler)
        for first in came[:1]:
            signal.raise_signal(first)


@contextmanager
def exit_at_signals() -> Iterator[None]:
    """SIGTERM raises SystemExit in the block, so that it ends as it does at an error; a terminal that closes too."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    def end_softly(number: int, frame: FrameType | None) -> None:
        # A server in the block has a handler of its own for this one.
        signal.raise_signal(signal.SIGTERM)

    handlers = {signal.SIGTERM: leave}
    if sys.platform != "win32":
        handlers[signal.SIGHUP] = end_softly
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def free_ports(first: int) -> Iterator[int]:
    """Free ports, from the first one up."""
    return (port for port in range(first, min(first + PORTS, 65536)) if is_free(port))


def is_free(port: int) -> bool:
    """Whether no program listens on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and was not waited for (a zombie) does not."""
    process = _process(pid)
    return process is not None and _runs(process)


def started_at(pid: int) -> float | None:
    """When the process began, in seconds since 1970; its number alone is given to others later."""
    process = _process(pid)
    return process.create_time() if process is not None and _runs(process) else None


def listens(pid: int, port: int) -> bool:
    """Whether it is this process that listens on the port."""
    import psutil

    process = _process(pid)
    try:
        found = process.net_connections(kind="tcp") if process is not None else []
    except psutil.Error:
        return False
    ports = {connection.laddr.port for connection in found if connection.status == psutil.CONN_LISTEN}
    return port in ports


def command_of(pid: int) -> str:
    """The command line of a process, or nothing: the system gives numbers of ended processes to new ones."""
    process = _process(pid)
    # A process that is just turning into another program has no command line for a moment.
    for _ in range(READS):
        if process is None or not _runs(process):
            return ""
        if line := _command_line(process):
            return line
        time.sleep(PAUSE)
    return ""


def folder_of(pid: int) -> Path | None:
    """The folder that a process works in; None where it is gone or another user's."""
    import psutil

    process = _process(pid)
    try:
        return Path(process.cwd()) if process else None
    except psutil.Error:
        return None


def listens_on(pid: int, port: int) -> bool:
    """Whether the process is the one that listens on the port."""
    import psutil

    process = _process(pid)
    try:
        held = process.net_connections(kind="tcp") if process else []
    except psutil.Error:
        return False
    return any(connection.status == psutil.CONN_LISTEN and connection.laddr.port == port for connection in held)


def end(pid: int, *, port: int | None = None) -> None:
    """Ask the process to end, kill it after `GRACE` seconds, and wait until its port is free."""
    import psutil

    process = _process(pid)
    if process is None:
        return
    for ask in (process.terminate, process.kill):
        try:
            ask()
        except psutil.NoSuchProcess:
            return
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline:
            # A process counts as ended while threads of it still hold the port.
            if not _runs(process) and (port is None or is_free(port)):
                return
            time.sleep(0.05)


def _process(pid: int) -> psutil.Process | None:
    try:
        import psutil
    except ModuleNotFoundError as error:
        raise MissingExtraError("psutil", "review") from error
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None


def _runs(process: psutil.Process) -> bool:
    import psutil

    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _command_line(process: psutil.Process) -> str:
    import psutil

    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
