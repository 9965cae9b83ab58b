import io

import pytest

from pipeline.commands import progress_bars
from pipeline.commands.progress_bars import progress_bar


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets."""
    now = [0.0]
    monkeypatch.setattr(progress_bars, "perf_counter", lambda: now[0])
    return now


def test_short_work_shows_nothing(clock):
    stream = io.StringIO()
    with progress_bar("annotate", 10, stream=stream) as advance:
        clock[0] = 1.5
        advance(10)
    assert stream.getvalue() == ""


def test_long_work_says_rate_remaining_time_and_failures_in_plain_lines(clock):
    stream = io.StringIO()
    with progress_bar("annotate", 1000, stream=stream) as advance:
        clock[0] = 20.0
        advance(200, 3)
        clock[0] = 22.0
        advance(20)
        clock[0] = 100.0
        advance(780)
    assert stream.getvalue().splitlines() == [
        "annotate: 200 of 1,000, 10.0/s, 80 s left, 3 failed",
        "annotate: 1,000 of 1,000, 10.0/s, 3 failed",
    ]
