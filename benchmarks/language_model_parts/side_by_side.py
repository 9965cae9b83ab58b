"""The same questions through distilabel and through ours: pace, memory, and what a kill in the middle costs each."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
import venv
from collections.abc import Sequence
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
#: Seconds without a request after which a command that runs is taken for one that never ends.
STUCK = 45.0


@dataclass(frozen=True, slots=True)
class SideBySide:
    """A whole run, and one that is killed in the middle and given again. paid_twice: of the records whose answer had
    come before the kill, those asked about again. lost: in words where the second command never ended.
    """

    name: str
    records_a_second: float
    peak_mb: float
    lost: int | str
    paid_twice: int


def distilabel_python(folder: Path) -> Path | None:
    """The interpreter of a new environment with distilabel; None where it cannot be installed."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    done = subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], capture_output=True, check=False)
    return python if done.returncode == 0 else None


def distilabel(folder: Path, server: ModelServer, python: Path, *, records: int) -> list[SideBySide]:
    """A pipeline of one step: given again with its cache, and without where it never ends with it."""
    folder.mkdir()
    path = folder / "bodies.json"
    path.write_text(json.dumps(bodies(server, records)), encoding="utf-8")

    def command(cache: str) -> list[str]:
        return [str(python), str(SCRIPT), server.url, str(AT_ONCE), str(path), str(folder / cache)]

    def lost(output: str) -> int:
        lines = output.strip().splitlines()
        return records - (int(json.loads(lines[-1])["answers"]) if lines and lines[-1].startswith("{") else 0)

    rate, peak = _whole(server, command("whole"), records=records)
    moment = _killed(server, command("killed"), records=records)
    output, _ = _run(command("killed"), server)
    if output is not None:
        return [SideBySide("distilabel", rate, peak, lost(output), _paid_twice(server, moment))]
    twice = _paid_twice(server, moment)
    stuck = SideBySide("distilabel, with its cache", rate, peak, f"all: no end, nothing for {STUCK:.0f} s", twice)
    output, _ = _run([*command("killed"), "anew"], server)
    without = "distilabel, without its cache"
    return [stuck, SideBySide(without, rate, peak, lost(output or ""), _paid_twice(server, moment))]


def ours(folder: Path, server: ModelServer, *, records: int) -> SideBySide:
    """`curate annotate`."""
    folder.mkdir()
    whole, killed = (workspace(folder / name, server, records=records, at_once=AT_ONCE) for name in ("whole", "killed"))
    rate, peak = _whole(server, [*CURATE, *words(whole)], records=records)
    moment = _killed(server, [*CURATE, *words(killed)], records=records)
    _run([*CURATE, *words(killed)], server)
    return SideBySide("ours", rate, peak, without_layer(killed), _paid_twice(server, moment))


def _whole(server: ModelServer, command: Sequence[str], *, records: int) -> tuple[float, float]:
    """Records a second and the peak of memory of a run that nobody ends."""
    server.forget()
    _, peak = _run(command, server)
    times = [time for asked in server.asked().values() for time in asked]
    return records / (max(answered or 0.0 for _, answered in times) - min(begun for begun, _ in times)), peak


def _killed(server: ModelServer, command: Sequence[str], *, records: int) -> float:
    """When a run was killed: once half of the records were asked about."""
    server.forget()
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(), start_new_session=True
    ) as process:
        while _requests(server) < records // 2 and process.poll() is None:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
    return time.monotonic()


def _paid_twice(server: ModelServer, moment: float) -> int:
    """Records that were answered before the kill and asked about again."""
    return sum(
        any(answered is not None and answered < moment for _, answered in times) and times[-1][0] > moment
        for times in server.asked().values()
    )


def _requests(server: ModelServer) -> int:
    return sum(map(len, server.asked().values()))


def _run(command: Sequence[str], server: ModelServer) -> tuple[str | None, float]:
    """What a command printed, None where it never ends, and the memory of all its processes at the highest (MB)."""
    peak, asked, since = 0.0, 0, time.monotonic()
    # Not a pipe: that one would fill up while nobody reads.
    with tempfile.TemporaryFile("w+") as output:
        with subprocess.Popen(
            command, stdout=output, stderr=subprocess.DEVNULL, env=environment(), start_new_session=True
        ) as process:
            tree = psutil.Process(process.pid)
            while process.poll() is None:
                peak = max(peak, tree_mb(tree))
                if (now := _requests(server)) > asked:
                    asked, since = now, time.monotonic()
                elif time.monotonic() - since > STUCK:
                    os.killpg(process.pid, signal.SIGKILL)
                    return None, peak
                time.sleep(0.2)
        output.seek(0)
        return output.read(), peak
