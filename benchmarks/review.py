"""Whether the review loses or doubles anything, and what it costs, with a real Label Studio.

    python benchmarks/review.py [--quick] [--part NAME ...] [--out FOLDER]

Each part prints its own tables; the last line is one JSON object with the figures of all parts. `doubled`,
`lost` and `offsets_wrong` are sums over all parts that count them: zero is the only good value. With
--quick every part takes seconds and says less, and two run at a time, so that times and rates say nothing;
with --part only the named ones run; with --out parts write their plots there.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from time import perf_counter

import packages_first  # noqa: F401
from review_parts.label_studio_servers import kept_running
from review_parts.output import in_one_piece, told_apart, write_to

#: The parts in the order in which they run: each a module in review_parts with `run(*, quick)`.
PARTS = (
    "queue",
    "backend",
    "push",
    "history_cost",
    "killed_pushes",
    "round_trip",
    "concurrent_saves",
    "hostile_answers",
    "browser_marks",
    "simulated_study",
)

#: Parts that do not need the shared server: it starts while they run.
ALONE = ("queue", "backend", "history_cost")
#: Parts that a quick run works through beside the others.
BESIDE = ("queue", "backend", "browser_marks", "simulated_study")

#: Figures that several parts count, and that are added up.
SUMMED = ("doubled", "lost", "offsets_wrong")


def main() -> None:
    """Run the parts and print the figures; exit code 1 when a part failed."""
    # As in the curate command: threads that wait do not spin, beside the server on the same cores.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="all parts in a minute")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this one; may be given again")
    parser.add_argument("--out", type=Path, help="folder for plots")
    options = parser.parse_args()
    if options.out:
        write_to(options.out)
    parts = [name for name in PARTS if name in (options.part or PARTS)]
    lanes = [[name for name in parts if (name in BESIDE) is beside] for beside in (True, False)]
    figures: dict[str, object] = {}
    failed: list[str] = []
    with kept_running(begin=any(name not in ALONE for name in parts)), told_apart():
        for done in side_by_side(lanes, options.quick) if options.quick else run_all(parts, quick=False):
            if done.figures is None:
                failed.append(done.name)
            else:
                add(figures, done.figures)
    print(json.dumps(figures | ({"failed": failed} if failed else {})))
    sys.exit(1 if failed else 0)


@dataclass(frozen=True)
class ReviewPart:
    """A part and its figures, none when it failed."""

    name: str
    figures: dict[str, object] | None


def run_all(parts: Sequence[str], *, quick: bool) -> Iterator[ReviewPart]:
    """The parts one after the other; where one fails, the others still run."""
    for name in parts:
        with in_one_piece() if quick else nullcontext():
            print(f"## {name}\n", flush=True)
            started = perf_counter()
            figures = None
            try:
                figures = import_module(f"review_parts.{name}").run(quick=quick)
            except Exception:
                print(traceback.format_exc())
            print(f"\n({name}: {perf_counter() - started:.1f} s)\n", flush=True)
        yield ReviewPart(name, figures)


def side_by_side(lanes: Sequence[Sequence[str]], quick: bool) -> list[ReviewPart]:
    """The parts of all lanes at once: a server and a browser use the processor in turns, and times are not reported."""
    with ThreadPoolExecutor(len(lanes)) as pool:
        return [done for lane in pool.map(lambda parts: list(run_all(parts, quick=quick)), lanes) for done in lane]


def add(figures: dict[str, object], new: dict[str, object]) -> None:
    """Take a part's figures in; a name that two parts give is an error, unless it is one that is summed."""
    for name, value in new.items():
        if name in SUMMED and isinstance(value, int):
            figures[name] = int(str(figures.get(name, 0))) + value
        elif name in figures:
            raise ValueError(f"expected the figure {name} from one part only, got it from two")
        else:
            figures[name] = value


if __name__ == "__main__":
    main()
