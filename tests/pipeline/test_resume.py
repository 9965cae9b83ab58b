"""A run that is killed at random moments and started again ends as one that was never killed."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from curation.store import Store

pytestmark = pytest.mark.server

PROCESS = Path(__file__).with_name("killed_stage.py")
RECORDS = 2000
#: What may be in flight when the process dies: 2 batches of 10 for each of 2 workers (see runner.py).
IN_FLIGHT = 2 * 2 * 10


def test_killed_runs_lose_nothing_and_double_nothing(store_url, tmp_path, annotated):
    with Store.open(store_url) as store:
        store.add_records(annotated(f"Patient number {number}.")[0] for number in range(RECORDS))
        ids = {record.id for record in store.records()}
    log = tmp_path / "log"
    kills = _kill_until_done(store_url, log, random.Random(7))

    begun = Counter(log.read_text().split())
    with Store.open(store_url) as store:
        layers = {id: store.layer_history(id) for id in ids}
        assert store.count_jobs() == {"annotate:logged": {"done": RECORDS, "failed": 0}}
        assert dict(store.measures()) == {id: {"n": 1} for id in ids}
    assert kills >= 5
    assert set(begun) == ids
    assert {id for id, history in layers.items() if len(history) != 1} == set()
    assert sum(begun.values()) - RECORDS <= kills * IN_FLIGHT


def _kill_until_done(url: str, log: Path, chance: random.Random) -> int:
    """Start the process, kill it after it has begun some batches, again and again; how often it was killed."""
    kills = 0
    while True:
        process = subprocess.Popen([sys.executable, str(PROCESS), url, str(log)])
        goal = _lines(log) + chance.randint(5, 40)
        while process.poll() is None and _lines(log) < goal:
            time.sleep(0.001)
        time.sleep(chance.random() * 0.01)
        if process.poll() is not None:
            assert process.returncode == 0
            return kills
        process.kill()
        process.wait()
        kills += 1


def _lines(log: Path) -> int:
    return log.read_bytes().count(b"\n") if log.exists() else 0
