"""The order and the parts in which several processes run the tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import distribution
import pytest

ROOT = Path(__file__).parents[1]


def test_long_files_come_first_and_then_those_with_most_tests():
    few, many, long = "tests/a.py", "tests/b.py", "tests/pipeline/c.py"
    items = [SimpleNamespace(nodeid=f"{file}::{name}") for file in (few, many, long) for name in "12"]
    items.insert(0, SimpleNamespace(nodeid=f"{many}::0"))
    distribution.long_first(items)
    assert [item.nodeid for item in items] == [
        *(f"{long}::{name}" for name in "12"),
        *(f"{many}::{name}" for name in "012"),
        *(f"{few}::{name}" for name in "12"),
    ]


def test_the_files_of_one_label_studio_are_one_part():
    parts = {distribution.unit_of(f"{start}::test_y[a::b]") for start in distribution.TOGETHER}
    assert parts == {"one Label Studio"}
    assert distribution.unit_of("tests/test_x.py::test_y[a::b]") == "tests/test_x.py"


@pytest.mark.parametrize("path", [*distribution.LONG, *distribution.TOGETHER])
def test_what_is_named_is_there(path):
    assert (ROOT / path).exists()


@pytest.mark.server
def test_several_processes_run_every_test_once():
    line = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", __file__, "-k", "not several_processes"]
    run = subprocess.run([*line, "-n", "2", "--dist", "loadfile"], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.splitlines()[-1].startswith(f"{2 + len(distribution.LONG + distribution.TOGETHER)} passed")
