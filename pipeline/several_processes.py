"""One command run by several processes that train together, each told its number by torch's own variables."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import IO

from curation.errors import UsageError, one_line

#: Seconds between two looks at the processes, and that one is given to end.
LOOK, GRACE = 0.2, 30.0


def run_together(arguments: Sequence[str], processes: int) -> None:
    """Runs `curate` with these arguments in so many processes, and waits for them; the first one's words are shown.

    Raises UsageError when one of them fails, once the others are ended, and KeyboardInterrupt after Ctrl-C.
    """
    command = [sys.executable, "-c", "from pipeline.command import main; main()", *arguments]
    with ExitStack() as files:
        said = [files.enter_context(tempfile.TemporaryFile("w+")) for _ in range(processes - 1)]
        shared = os.environ | {
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(_free_port()),
            "WORLD_SIZE": str(processes),
        }
        running = [
            subprocess.Popen(
                command,
                env=shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
                stdout=subprocess.DEVNULL,
                stderr=said[rank - 1] if rank else None,
            )
            for rank in range(processes)
        ]
        try:
            _wait(running, said)
        except KeyboardInterrupt:
            # The terminal has told them too: the first one writes a checkpoint.
            for process in running:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(GRACE)
            raise
        finally:
            _end(running)


def _end(running: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ends those that still run; one that waits for another hears of it only by force."""
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.wait(GRACE / 3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(running: Sequence[subprocess.Popen[bytes]], said: Sequence[IO[str]]) -> None:
    while any(process.poll() is None for process in running):
        failed = [rank for rank, process in enumerate(running) if process.poll()]
        if failed:
            break
        time.sleep(LOOK)
    for rank, process in enumerate(running):
        if process.poll():
            words = "its message is above"
            if rank:
                said[rank - 1].seek(0)
                words = one_line(UsageError((said[rank - 1].read().strip().splitlines() or ["without a word"])[-1]))
            raise UsageError(
                f"expected {len(running)} processes that train together, number {rank + 1} ended with code "
                f"{process.returncode}: {words}"
            )


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
