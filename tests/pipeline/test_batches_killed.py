"""A run by batches that is killed or interrupted at any step: one batch, all answers, no files left at the provider."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from batch_server import BatchServer, batch_server
from command_line import curate, curate_json
from language_model_server import completion

pytestmark = [pytest.mark.server, pytest.mark.long]

WITH = ("annotate", "--with", "llm:m", "--batch", "--wait")
STEPS = [
    ("before", "POST", "files"),
    ("after", "POST", "files"),
    ("before", "POST", "batches"),
    ("after", "POST", "batches"),
    ("after", "GET", "batches"),
    ("after", "GET", "files"),
    ("after", "DELETE", "files"),
]


@pytest.fixture
def provider() -> Iterator[BatchServer]:
    with batch_server() as server:
        server.respond = lambda body: completion('{"entities": []}')
        yield server


@pytest.fixture
def folder(tmp_path: Path, provider: BatchServer) -> Path:
    folder = tmp_path / "w"
    curate("init", "--workspace", folder)
    rows = [{"id": str(number), "text": f"Report {number}. No fever."} for number in range(6)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    curate("import", folder / "rows.jsonl", "--language", "en", "--workspace", folder)
    section = f'[models.m]\nurls = ["{provider.url}"]\n[models.m.batch]\npoll = 0.05\n'
    (folder / "curate.toml").write_text(section, encoding="utf-8")
    return folder


def begun(folder: Path) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    words = [sys.executable, "-c", "from pipeline.command import main; main()", *WITH, "--workspace", str(folder)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("step", STEPS, ids=" ".join)
def test_a_kill_at_any_step_leads_to_one_batch(folder: Path, provider: BatchServer, step: tuple[str, str, str]) -> None:
    provider.kill = step
    with begun(folder) as process:
        provider.victim = process.pid
        process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    rest = curate_json(*WITH, "--workspace", folder)
    assert rest["done"] == 6
    assert (len(provider.batches), provider.files) == (1, {})
    (row,) = curate_json("status", "--workspace", folder)["spending"]
    assert (row["answers"], row["attempts"]) == (6, {"stop": 6})
    assert provider.requests == []


def test_an_interrupt_while_waiting_leaves_all_at_the_provider_and_says_so(folder: Path, provider: BatchServer) -> None:
    provider.is_quick = False
    with begun(folder) as process:
        deadline = time.monotonic() + 60
        while not any(line.startswith("GET batches/") for line in provider.done) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "6 questions in 1 batches lie at the provider" in said
    (batch,) = provider.batches.values()
    assert batch["status"] == "validating"
    provider.finish(batch)
    assert curate_json(*WITH, "--workspace", folder)["done"] == 6
    assert (len(provider.batches), provider.files) == (1, {})
