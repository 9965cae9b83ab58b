"""Seconds and peak memory of a piece of work, as the kernel counts them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter


@dataclass
class Cost:
    """What a piece of work cost."""

    seconds: float = 0.0
    peak_mb: float = 0.0


@contextmanager
def measured() -> Iterator[Cost]:
    """Fills in the seconds and this process's peak resident memory (MB) while the block runs.

    The kernel's high-water mark is set back first (Linux); elsewhere the mark since the start is given.
    """
    found = Cost()
    _reset_peak()
    started = perf_counter()
    try:
        yield found
    finally:
        found.seconds = perf_counter() - started
        found.peak_mb = peak_mb()


def _reset_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak_mb() -> float:
    """The peak resident memory of this process (MB) since it was set back, else since the start."""
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024
    except (OSError, IndexError):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def table(head: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> str:
    """A Markdown table; floats with three decimals."""
    cells = [[f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows]
    lines = [f"| {' | '.join(head)} |", "|" + "|".join("---" for _ in head) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in cells)])
