"""The product's command in a copy of this process: a process of its own, without the seconds of its imports."""

from __future__ import annotations

import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from multiprocessing.util import _run_finalizers
from subprocess import CompletedProcess, TimeoutExpired

from commands import environment


class Ended(CompletedProcess[str]):
    """How a command ended, with what it wrote and the most memory that it had, in MB."""

    peak = 0


def curate_forked(*arguments: str, variables: Mapping[str, str] | None = None, timeout: float = 240) -> Ended:
    """How `curate ...` ended, with what it wrote. Raises TimeoutExpired; the process is ended then."""
    # Imported here, so that the copies have them.
    from pipeline.command import main
    from pipeline.workspace import Workspace  # noqa: F401

    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.dup2(out.fileno(), 1)
                os.dup2(err.fileno(), 2)
                os.environ.update(environment(variables))
                sys.argv = ["curate", *arguments]
                main()
                code = 0
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                # As at the end of any process: gives back what progress bars lock with.
                _run_finalizers()
                os._exit(code)
        status, used = _ended(child, timeout)
        for stream in (out, err):
            stream.seek(0)
        ended = Ended(list(arguments), os.waitstatus_to_exitcode(status), out.read(), err.read())
        ended.peak = used.ru_maxrss // 1024
        return ended


def _ended(child: int, timeout: float) -> tuple[int, resource.struct_rusage]:
    """The status of a process when it ends, and what it used."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        found, status, used = os.wait4(child, os.WNOHANG)
        if found:
            return status, used
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.wait4(child, 0)
    raise TimeoutExpired("curate", timeout)
