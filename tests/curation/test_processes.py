"""Worker processes: what they give back, how few batches they hold, and how they end."""

import operator
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from curation.errors import WorkerError
from curation.processes import IN_FLIGHT, WORTHWHILE, Processes, usable_cores

pytestmark = pytest.mark.server

#: A script without `if __name__ == "__main__"`, whose work lasts until somebody ends it.
LASTING = """
import sys, time
from curation.processes import Processes
try:
    with Processes(2) as processes:
        for number, _ in enumerate(processes.map(time.sleep, [0.05] * 2000)):
            if number == 2:
                print("works", flush=True)
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.fixture
def lasting():
    """The script while it works, in a group of its own as from a terminal, and its processes."""
    script = subprocess.Popen(
        [sys.executable, "-c", LASTING],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        start_new_session=True,
    )
    assert script.stdout.readline() == "works\n"
    yield script, psutil.Process(script.pid).children(recursive=True)
    if script.poll() is None:
        script.kill()
    script.communicate()


def are_gone(processes, seconds=15.0):
    """Whether all of the processes end within some seconds."""
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def test_outcomes_come_in_order_and_the_environment_stays_as_it_was():
    before, main = dict(os.environ), sys.modules["__main__"]
    with Processes(2) as processes:
        assert list(processes.map(operator.neg, range(50))) == [-number for number in range(50)]
        assert list(processes.map(str.upper, ["ä", ""])) == ["Ä", ""]
        assert list(processes.map(str.upper, [])) == []
    assert (dict(os.environ), sys.modules["__main__"]) == (before, main)


def test_no_worker_runs_the_script_again_also_not_a_later_one(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import time\n"
        "from curation.processes import Processes\n"
        "print('begun', flush=True)\n"
        "with Processes(2) as processes:\n"
        "    print(len(list(processes.map(time.sleep, [0.3] * 6))))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == ("begun\n6\n", "")


def test_few_batches_are_taken_before_an_outcome_is_asked_for():
    taken = []
    with Processes(2) as processes:
        outcomes = processes.map(operator.neg, (taken.append(number) or number for number in range(1000)))
        assert next(outcomes) == 0
        assert len(taken) == 2 * IN_FLIGHT


def test_no_process_is_left_and_a_new_pool_can_begin():
    for _ in range(2):
        with Processes(2) as processes:
            (pid,) = set(processes.map(operator.call, [os.getpid]))
        assert pid != os.getpid()
        assert are_gone([psutil.Process(pid)] if psutil.pid_exists(pid) else [])


def test_an_error_in_a_worker_is_the_error_of_the_batch():
    with Processes(2) as processes, pytest.raises(ValueError, match="invalid literal"):
        list(processes.map(int, ["1", "one"]))


def test_a_worker_that_dies_is_one_clear_error_with_what_to_do():
    with Processes(2) as processes, pytest.raises(WorkerError, match=r"ended from outside.*same command.*workers = 1"):
        list(processes.map(os._exit, [9]))


def test_ctrl_c_ends_all_processes_and_no_worker_says_a_word(lasting):
    script, workers = lasting
    os.killpg(script.pid, signal.SIGINT)
    assert script.wait(15) == 130
    assert script.stderr.read() == ""
    assert are_gone(workers)


def test_no_worker_runs_the_script_again_however_late_it_begins(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("print('begun', flush=True)\n" + LASTING.replace("2000", "6"), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    ended = subprocess.run([sys.executable, script], capture_output=True, text=True, env=environment, timeout=120)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "begun\nworks\n", "")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_the_process_that_gave_them_work(lasting, how):
    script, workers = lasting
    script.send_signal(how)
    script.wait(15)
    assert len(workers) >= 2
    assert are_gone(workers)


def test_few_records_and_one_worker_are_worth_no_process():
    assert Processes(2).worthwhile(WORTHWHILE)
    assert not Processes(2).worthwhile(WORTHWHILE - 1)
    assert not Processes(1).worthwhile(10**6)
    assert Processes().workers == usable_cores() >= 1


def test_cores_that_this_process_may_not_use_do_not_count(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3}, raising=False)
    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    assert usable_cores() == 1


def test_the_time_of_the_start_is_bounded():
    started = time.perf_counter()
    with Processes(2) as processes:
        list(processes.map(operator.neg, [1]))
    assert time.perf_counter() - started < 60
