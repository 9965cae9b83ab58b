"""Every benchmark script finds the product's packages, also the one that a script has the name of."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SCRIPTS = sorted(path for path in BENCHMARKS.glob("*.py") if "__main__" in path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_puts_the_packages_first(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    for name in [name for name in sys.modules if name == "packages_first"]:
        monkeypatch.delitem(sys.modules, name)
    runpy.run_path(str(script), run_name="imported")
    found = [Path(path or ".").resolve() for path in sys.path]
    assert found.index(BENCHMARKS.parent) < found.index(BENCHMARKS)
