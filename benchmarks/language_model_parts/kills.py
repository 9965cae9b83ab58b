"""A run that is killed again and again, and one that is interrupted: what is lost, and what is paid for twice."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from commands import begin, curate

from language_model_parts.model_server import ModelServer, Times
from language_model_parts.workspaces import answers_kept, without_layer, words, workspace

#: Requests at once.
AT_ONCE = 64
#: Seconds from the first request to a kill, at most: so that a hundred records are left for each.
LATEST = 0.8
#: Seconds from a server's last byte until the client has read it: at a kill, an answer may be between the two.
ON_ITS_WAY = 0.05


@dataclass(frozen=True, slots=True)
class KillOutcome:
    """What came of kills, in records. in_flight: asked about again, and not answered at a kill; on_their_way: answered
    by the server less than ON_ITS_WAY before; paid_twice: all others that were asked about again.
    """

    kills: int
    lost: int
    paid_twice: int
    in_flight: int
    on_their_way: int


@dataclass(frozen=True, slots=True)
class InterruptOutcome:
    """What came of Ctrl-C: answers that are not in the store, requests sent afterwards, and those paid for twice."""

    lost: int
    sent_after: int
    paid_twice: int
    seconds: float


def killed(folder: Path, server: ModelServer, *, kills: int, records: int) -> KillOutcome:
    """A run killed so often at random, and then given until all is done."""
    server.forget()
    random = Random(3)
    made = workspace(folder, server, records=records, at_once=AT_ONCE)
    moments = [_killed(made, server, random.uniform(0.05, LATEST)) for _ in range(kills)]
    _finished(made)
    asked = server.asked()
    again = [state for times in asked.values() for state in _again(times, [moment for moment in moments if moment])]
    return KillOutcome(
        kills=sum(moment is not None for moment in moments),
        lost=records - len(asked) + without_layer(made),
        paid_twice=again.count("paid"),
        in_flight=again.count("in flight"),
        on_their_way=again.count("on its way"),
    )


def interrupted(folder: Path, server: ModelServer, *, records: int) -> InterruptOutcome:
    """A run that gets Ctrl-C in the middle, and is given again."""
    server.forget()
    made = workspace(folder, server, records=records, at_once=AT_ONCE)
    with begin(*words(made)) as process:
        _wait_for_requests(server, process, more_than=0)
        time.sleep(0.8)
        process.send_signal(signal.SIGINT)
        moment = time.monotonic()
        process.communicate(timeout=120)
        seconds = time.monotonic() - moment
    asked = server.asked()
    answered = sum(answered is not None for times in asked.values() for _, answered in times)
    sent_after = sum(begun > moment + 0.1 for times in asked.values() for begun, _ in times)
    lost = answered - answers_kept(made)
    _finished(made)
    twice = sum(len(times) - 1 for times in server.asked().values())
    return InterruptOutcome(lost, sent_after, twice, seconds)


def _killed(made: Path, server: ModelServer, after: float) -> float | None:
    """When the run was killed; None where it had come to its end."""
    asked = sum(map(len, server.asked().values()))
    with begin(*words(made)) as process:
        if not _wait_for_requests(server, process, more_than=asked):
            return None
        time.sleep(after)
        process.kill()
        moment = time.monotonic()
        process.communicate()
    # Answers that nobody waits for any more are not counted as answered.
    time.sleep(0.1)
    return moment


def _wait_for_requests(server: ModelServer, process: subprocess.Popen[str], *, more_than: int) -> bool:
    while process.poll() is None:
        if sum(map(len, server.asked().values())) > more_than:
            return True
        time.sleep(0.05)
    return False


def _finished(made: Path) -> None:
    done = curate(*words(made))
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])


def _again(times: Sequence[Times], moments: Sequence[float]) -> list[str]:
    """For each request about a case but the last: what had become of it at the first kill after it began."""
    states = []
    for begun, answered in sorted(times, key=lambda time: time[0])[:-1]:
        kill = next((moment for moment in moments if moment > begun), None)
        # What the server reads after a kill was sent before it.
        if answered is None or (kill is not None and answered > kill):
            states.append("in flight")
        else:
            is_new = kill is not None and answered > kill - ON_ITS_WAY
            states.append("on its way" if is_new else "paid")
    return states
