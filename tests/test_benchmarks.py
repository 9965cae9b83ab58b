"""Every benchmark script finds the product's packages, also the one that a script has the name of."""

from __future__ import annotations

import importlib
import runpy
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SCRIPTS = sorted(path for path in BENCHMARKS.glob("*.py") if "__main__" in path.read_text(encoding="utf-8"))
PARTS = sorted(BENCHMARKS.glob("*_parts/[!_]*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_puts_the_packages_first(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    for name in [name for name in sys.modules if name == "packages_first"]:
        monkeypatch.delitem(sys.modules, name)
    runpy.run_path(str(script), run_name="imported")
    found = [Path(path or ".").resolve() for path in sys.path]
    assert found.index(BENCHMARKS.parent) < found.index(BENCHMARKS)


@pytest.mark.server
@pytest.mark.model
@pytest.mark.parametrize("part", PARTS, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_every_part_of_a_benchmark_can_be_imported(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that a script imports only while it runs."""
    # Last: first, the folder would hide the product's package of the name of a script.
    monkeypatch.setattr(sys, "path", [*sys.path, str(BENCHMARKS)])
    importlib.import_module(f"{part.parent.name}.{part.stem}")
