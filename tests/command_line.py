"""`curate` as a shell runs it, but in this process, so that no test waits for the libraries to be loaded anew."""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from subprocess import CompletedProcess
from typing import Any
from unittest import mock

from pipeline.command import main


def curate(*words: object, code: int = 0) -> CompletedProcess[str]:
    """What the command wrote, once it has ended with that exit code."""
    arguments = ["curate", *map(str, words)]
    stdout, stderr = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", arguments),
        mock.patch.dict(os.environ),
        redirect_stdout(stdout),
        redirect_stderr(stderr),
    ):
        try:
            main()
            ended: object = 0
        except SystemExit as end:
            ended = end.code or 0
    done = CompletedProcess(arguments, ended if isinstance(ended, int) else 1, stdout.getvalue(), stderr.getvalue())
    assert done.returncode == code, (done.stdout, done.stderr)
    return done


def curate_json(*words: object, code: int = 0) -> dict[str, Any]:
    """The object that the command printed for scripts; empty where it printed nothing."""
    printed = curate(*words, "--json", code=code).stdout
    found: dict[str, Any] = json.loads(printed) if printed else {}
    return found
