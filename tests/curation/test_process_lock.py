"""One process at a time holds a lock, and one that dies gives it back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from curation.errors import ReviewError
from curation.process_lock import process_lock

#: Holds the lock until it is killed.
HOLDER = """
import sys, time
from pathlib import Path
from curation.process_lock import process_lock
with process_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.mark.server
def test_a_lock_waits_for_its_holder_and_is_given_back_when_that_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ReviewError, match="another process holds it"), process_lock(path, timeout=0.2):
            pass
        holder.kill()
        holder.wait()
        with process_lock(path, timeout=0.2):
            assert path.stat().st_mode & 0o777 == 0o600


def test_a_lock_is_given_back_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="inside"), process_lock(tmp_path / "lock"):
        raise ValueError("inside")
    with process_lock(tmp_path / "lock", timeout=0.2):
        pass
