"""The product's command in a copy of this process: a process of its own, without the seconds of its imports."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Mapping
from subprocess import CompletedProcess

from commands import environment


def curate_forked(*arguments: str, variables: Mapping[str, str] | None = None) -> CompletedProcess[str]:
    """How `curate ...` ended, with what it wrote."""
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
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        for stream in (out, err):
            stream.seek(0)
        return CompletedProcess(list(arguments), code, out.read(), err.read())
