"""Energy is read where the machine tells it, and is not measured elsewhere."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from training.experiments import spent
from training.experiments.spent import Meter


def counted(folder: Path, name: str, value: int) -> None:
    package = folder / name
    package.mkdir(exist_ok=True)
    (package / "energy_uj").write_text(f"{value}\n")
    (package / "max_energy_range_uj").write_text("1000000000\n")


@pytest.fixture(autouse=True)
def no_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")


def test_the_counters_of_all_packages_are_added_also_where_one_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spent, "POWERCAP", tmp_path)
    counted(tmp_path, "intel-rapl:0", 999_000_000)
    counted(tmp_path, "intel-rapl:1", 5_000_000)
    counted(tmp_path, "intel-rapl:0:0", 1)  # a part of the first
    with Meter(tmp_path / "work") as meter:
        counted(tmp_path, "intel-rapl:0", 2_000_000)
        counted(tmp_path, "intel-rapl:1", 6_500_000)
        counted(tmp_path, "intel-rapl:0:0", 900_000_000)
        found = meter.spent
    assert found.joules == pytest.approx(3.0 + 1.5)
    assert found.gpu_joules is None


def test_without_counters_energy_is_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spent, "POWERCAP", tmp_path / "none")
    with Meter(tmp_path) as meter:
        assert meter.spent.joules is None
    counted(tmp_path, "intel-rapl:0", 7)
    (tmp_path / "intel-rapl:0" / "energy_uj").write_text("no number")
    monkeypatch.setattr(spent, "POWERCAP", tmp_path)
    with Meter(tmp_path) as meter:
        assert meter.spent.joules is None


@pytest.mark.server
def test_the_power_of_cards_is_added_up_over_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 100.5\necho 99.5\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setattr(spent, "ASKED_EVERY", 0.1)
    with Meter(tmp_path) as meter:
        time.sleep(0.5)
        joules = meter.spent.gpu_joules
    assert joules is not None
    assert 20 < joules < 2000
