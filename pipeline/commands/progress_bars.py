"""Progress of work that takes longer than two seconds: a bar in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, TextIO

from curation.printable import printable

if TYPE_CHECKING:
    from pipeline.progress import Advance

#: Shorter work shows nothing.
QUIET_SECONDS = 2.0

#: How often a plain line is written when the output is not a terminal.
LINE_SECONDS = 15.0


@contextmanager
def progress_bar(title: str, total: int | None, *, stream: TextIO | None = None) -> Iterator[Advance]:
    """Shows rate, remaining time and failures of work on `total` records while it lasts."""
    stream = stream or sys.stderr
    if stream.isatty():
        with _bar(title, total) as advance:
            yield advance
    else:
        lines = _PlainLines(title, total, stream)
        yield lines
        lines.close()


@contextmanager
def _bar(title: str, total: int | None) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[failures]}"),
        TextColumn("{task.fields[spent]}", markup=False),
    )
    started = perf_counter()
    done = failures = 0
    noted = ""
    spent = _Spent(total)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(printable(title), total=total, rate="", failures="", spent="", visible=False)

        def advance(records: int, failed: int = 0, *, tokens: int = 0, cost: float = 0.0, note: str = "") -> None:
            nonlocal done, failures, noted
            noted = note or noted
            done += records
            failures += failed
            spent.add(tokens, cost)
            elapsed = perf_counter() - started
            bars.update(
                task,
                advance=records,
                visible=elapsed > QUIET_SECONDS,
                rate=f"{done / elapsed:,.1f}/s" if elapsed else "",
                failures=f"[red]{failures} failed[/]" if failures else "",
                spent=", ".join([*spent.words(done), *filter(None, [printable(noted)])]),
            )

        yield advance


class _Spent:
    """Tokens and money that language models have cost, and what the whole will cost if it goes on so."""

    def __init__(self, total: int | None) -> None:
        self.total = total
        self.tokens, self.cost = 0, 0.0

    def add(self, tokens: int, cost: float) -> None:
        """So much more."""
        self.tokens += tokens
        self.cost += cost

    def words(self, done: int) -> list[str]:
        """What is shown; nothing where nothing was spent."""
        parts = [f"{self.tokens:,} tokens"] if self.tokens else []
        if self.cost:
            in_all = self.cost / done * self.total if done and self.total else None
            parts.append(f"{self.cost:,.4f} spent" + (f", about {in_all:,.2f} in all" if in_all is not None else ""))
        return parts


class _PlainLines:
    def __init__(self, title: str, total: int | None, stream: TextIO) -> None:
        self.title, self.total, self.stream = title, total, stream
        self.done = self.failed = 0
        self.noted = ""
        self.spent = _Spent(total)
        self.started = self.last_line = perf_counter()
        self.last_count: int | None = None

    def __call__(self, records: int, failed: int = 0, *, tokens: int = 0, cost: float = 0.0, note: str = "") -> None:
        self.noted = note or self.noted
        self.done += records
        self.failed += failed
        self.spent.add(tokens, cost)
        if perf_counter() - self.last_line >= LINE_SECONDS:
            self._say()

    def close(self) -> None:
        long = self.last_count is not None or perf_counter() - self.started > QUIET_SECONDS
        if long and self.last_count != self.done:
            self._say()

    def _say(self) -> None:
        self.last_line, self.last_count = perf_counter(), self.done
        elapsed = max(self.last_line - self.started, 1e-9)
        rate = self.done / elapsed
        parts = [
            f"{self.done:,}" + (f" of {self.total:,}" if self.total is not None else ""),
            f"{rate:,.1f}/s",
        ]
        if self.total and rate and self.done < self.total:
            parts.append(f"{(self.total - self.done) / rate:,.0f} s left")
        if self.failed:
            parts.append(f"{self.failed:,} failed")
        parts += [*self.spent.words(self.done), *filter(None, [printable(self.noted)])]
        print(f"{printable(self.title)}: {', '.join(parts)}", file=self.stream, flush=True)
