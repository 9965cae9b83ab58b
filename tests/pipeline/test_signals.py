"""SIGTERM and SIGHUP end a command as Ctrl-C does: what was finished is kept and said, the run noted as interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import _GeneratorContextManager
from pathlib import Path
from types import CodeType, FrameType

import pytest
import sqlalchemy as sa

from curation.record import Record
from pipeline.signals import ended_like_interrupts
from pipeline.workspace import Workspace

ROOT = Path(__file__).parents[2]


@pytest.mark.server
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_a_command_that_is_asked_to_end_ends_cleanly(tmp_path: Path, number: signal.Signals, code: int) -> None:
    workspace = Workspace.make(tmp_path / "w")
    text = "Bett {}: die 54 Jahre alte Patientin hatte Fieber, Husten und Schmerzen in der Brust. " * 8
    with workspace.open_store() as store:
        texts = (text.format(*[number] * 8) for number in range(3000))
        store.add_records(
            Record(id=f"r{i}", group=f"r{i}", source="test", language="de", text=text) for i, text in enumerate(texts)
        )
        process = subprocess.Popen(
            [sys.executable, "-c", "from pipeline.command import main; main()", "annotate", "--with", "rules"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=workspace.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        deadline = time.monotonic() + 120
        while not store.count_jobs() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(number)
        _, errors = process.communicate(timeout=120)
        assert process.returncode == code, errors
        assert "Traceback" not in errors
        assert "the same command goes on from there" in errors
        assert [run.state for run in store.runs()] == ["interrupted"]
        done = store.count_jobs()["annotate:rules"]["done"]
        assert store.layer_names() == {"rules": done}
        assert f"{done} records are done and kept" in errors


def interrupted() -> None:
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)


def test_only_the_first_request_interrupts_and_the_handlers_of_before_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with ended_like_interrupts() as came:
        interrupted()
        signal.raise_signal(signal.SIGTERM)
        assert came == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) is before


def signalled_once(number: signal.Signals, code: CodeType) -> Callable[[FrameType, str, object], None]:
    """A profiler that sends a signal when a function is begun, the first time."""

    def tell(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code is code:
            sys.setprofile(None)
            signal.raise_signal(number)

    return tell


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("step", [_GeneratorContextManager.__exit__, sa.engine.Transaction.commit])
def test_a_signal_at_the_end_of_a_transaction_waits_and_leaves_no_lock(
    tmp_path: Path, number: signal.Signals, step: Callable[..., object]
) -> None:
    report = Record(id="r", group="r", source="test", language="de", text="Husten.")
    with Workspace.make(tmp_path / "w").open_store() as store, ended_like_interrupts():
        sys.setprofile(signalled_once(number, step.__code__))
        with pytest.raises(KeyboardInterrupt) as held:
            store.add_records([report])
        began = time.monotonic()
        store.start_run("annotate", process={})
        # A transaction that nobody ends keeps the lock as long as the exception is held.
        assert (time.monotonic() - began < 5, held.type) == (True, KeyboardInterrupt)
        assert store.record_ids() == ["r"]


class Interrupting:
    """Interrupts where Python swallows exceptions: while an object is cleared away."""

    def __init__(self, number: signal.Signals) -> None:
        self.number = number

    def __del__(self) -> None:
        signal.raise_signal(self.number)


def clear_away(number: signal.Signals, *, seconds: float) -> None:
    made = Interrupting(number)
    del made
    time.sleep(seconds)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_that_python_swallows_comes_again(number: signal.Signals, capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.unraisablehook
    with ended_like_interrupts() as came:
        with pytest.raises(KeyboardInterrupt):
            clear_away(number, seconds=30)
        assert came == ([] if number is signal.SIGINT else [number])
    assert sys.unraisablehook is before
    assert capsys.readouterr().err == ""


def test_a_swallowed_signal_comes_no_more_after_the_end() -> None:
    with ended_like_interrupts():
        clear_away(signal.SIGTERM, seconds=0)
    time.sleep(0.2)


def test_what_is_to_be_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_like_interrupts() as came:
            signal.raise_signal(signal.SIGHUP)
        assert came == []
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.server
def test_a_process_that_was_forked_ends_at_once() -> None:
    with ended_like_interrupts():
        child = os.fork()
        if not child:
            signal.raise_signal(signal.SIGTERM)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 143
