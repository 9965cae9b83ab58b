"""Quick mode leaves out what needs a server, database or model, and a test without its mark fails there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.server

ROOT = Path(__file__).parents[1]
TESTS = """
import subprocess
import sys

import pytest


def test_plain():
    pass


def test_of_a_database(store_url):
    pass


@pytest.mark.model
def test_with_its_mark():
    import torch


def test_without_its_mark():
    import torch


def test_of_a_process():
    subprocess.run([sys.executable, "-c", ""])
"""


def test_a_test_without_its_mark_fails_and_a_marked_one_is_left_out(tmp_path):
    (tmp_path / "test_some.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "test_whole.py").write_text(
        "import pytest\nimport nothing_of_that_name\n\npytestmark = pytest.mark.model\n", encoding="utf-8"
    )
    options = ["-p", "conftest", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml"), "--quick", "-q", "-rA"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])},
    )
    ends = dict(line.split(" - ")[0].split("::")[::-1] for line in done.stdout.splitlines() if "::test_" in line)
    assert {name: outcome.split()[0] for name, outcome in ends.items()} == {
        "test_plain": "PASSED",
        "test_of_a_database[sqlite]": "PASSED",
        "test_without_its_mark": "FAILED",
        "test_of_a_process": "FAILED",
    }, done.stdout
    assert "2 deselected" in done.stdout
    assert "takes a mark of database, expectations, model, server" in done.stdout
