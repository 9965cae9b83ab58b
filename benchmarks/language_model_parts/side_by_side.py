"""The same questions through distilabel and through ours: pace, memory, and what a kill in the middle costs each."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from commands import CURATE, environment
from load_parts.process_tree import tree_mb

from language_model_parts.model_server import ModelServer
from language_model_parts.throughput import bodies
from language_model_parts.workspaces import without_layer, words, workspace

SCRIPT = Path(__file__).with_name("distilabel_run.py")
#: What is installed beside nothing else; it imports `requests` without asking for it.
PACKAGES = ("distilabel[openai]==1.5.3", "requests")
AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class SideBySide:
    """A whole run, and one that is killed in the middle and given again. paid_twice: of the records whose answer had
    come before the kill, those asked about again. lost: None where the second command gave no answers at all.
    """

    name: str
    records_a_second: float
    peak_mb: float
    lost: int | None
    paid_twice: int


def distilabel_python(folder: Path) -> Path | None:
    """The interpreter of a new environment with distilabel; None where it cannot be installed."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    done = subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], capture_output=True, check=False)
    return python if done.returncode == 0 else None


def distilabel(folder: Path, server: ModelServer, python: Path, *, records: int) -> SideBySide:
    """A pipeline of one step, with its cache."""
    folder.mkdir()
    path = folder / "bodies.json"
    path.write_text(json.dumps(bodies(server, records)), encoding="utf-8")

    def command(cache: str) -> list[str]:
        return [str(python), str(SCRIPT), server.url, str(AT_ONCE), str(path), str(folder / cache)]

    def lost(output: str) -> int | None:
        lines = output.strip().splitlines()
        return records - int(json.loads(lines[-1])["answers"]) if lines and lines[-1].startswith("{") else None

    return _measured("distilabel", server, command("whole"), command("killed"), lost, records=records)


def ours(folder: Path, server: ModelServer, *, records: int) -> SideBySide:
    """`curate annotate`."""
    folder.mkdir()
    whole, killed = (workspace(folder / name, server, records=records, at_once=AT_ONCE) for name in ("whole", "killed"))
    commands = [[*CURATE, *words(made)] for made in (whole, killed)]
    return _measured("ours", server, *commands, lambda output: without_layer(killed), records=records)


def _measured(
    name: str,
    server: ModelServer,
    whole: Sequence[str],
    killed: Sequence[str],
    lost: Callable[[str], int | None],
    *,
    records: int,
) -> SideBySide:
    server.forget()
    _, peak = _run(whole)
    times = [time for asked in server.asked().values() for time in asked]
    rate = records / (max(answered or 0.0 for _, answered in times) - min(begun for begun, _ in times))
    server.forget()
    with subprocess.Popen(
        killed, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(), start_new_session=True
    ) as process:
        while sum(map(len, server.asked().values())) < records // 2 and process.poll() is None:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
    moment = time.monotonic()
    output, _ = _run(killed)
    paid_twice = sum(
        any(answered is not None and answered < moment for _, answered in times) and times[-1][0] > moment
        for times in server.asked().values()
    )
    return SideBySide(name, rate, peak, lost(output), paid_twice)


def _run(command: Sequence[str]) -> tuple[str, float]:
    """What a command printed, and the memory of all its processes at the highest (MB)."""
    peak = 0.0
    # Not a pipe: that one would fill up while nobody reads.
    with tempfile.TemporaryFile("w+") as output:
        with subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL, env=environment()) as process:
            tree = psutil.Process(process.pid)
            while process.poll() is None:
                peak = max(peak, tree_mb(tree))
                time.sleep(0.2)
        output.seek(0)
        return output.read(), peak
