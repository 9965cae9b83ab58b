"""Recall and false alarms of validation on planted errors, and its cost.

    python benchmarks/validation.py [--quick] [--part NAME ...]

Each part prints its own tables; the last line is one JSON object with the figures of all parts. `recall` and
`false_alarm` hold a share for each kind of planted error. With --quick every part takes less time and says less,
and two processes work through them; with --part only the named ones run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from time import perf_counter

import packages_first  # noqa: F401

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("GX_ANALYTICS_ENABLED", "False")

#: The parts in the order in which they run: each a module in validation_parts with `run(*, quick)`.
PARTS = (
    "planted",
    "second_opinions",
    "duplicates",
    "semantic_duplicates",
    "leakage",
    "drift",
    "privacy",
    "speed",
    "encoders",
    "memory",
    "bad_input",
    "translation",
    "meanings",
)

#: Parts that a quick run works through beside the others: they load no encoder.
BESIDE = ("duplicates", "privacy", "bad_input", "translation", "meanings")

#: Figures that several parts give, by kind of error.
MERGED = ("recall", "false_alarm")


def main() -> None:
    """Run the parts and print the figures; exit code 1 when a part failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="all parts, with fewer figures")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this one; may be given again")
    options = parser.parse_args()
    figures: dict[str, object] = {"recall": {}, "false_alarm": {}}
    failed: list[str] = []
    parts = [name for name in PARTS if name in (options.part or PARTS)]
    for done in run_beside(parts) if options.quick and not options.part else run_all(parts, quick=options.quick):
        failed += done.failed
        add(figures, done.figures)
    print(json.dumps(figures | ({"failed": failed} if failed else {})))
    sys.exit(1 if failed else 0)


@dataclass(frozen=True, slots=True)
class PartFigures:
    """The figures of some parts, and those that failed."""

    figures: dict[str, object]
    failed: Sequence[str] = ()


def run_all(parts: Sequence[str], *, quick: bool) -> Iterator[PartFigures]:
    """The parts one after the other; where one fails, the others still run."""
    for name in parts:
        print(f"## {name}\n", flush=True)
        started = perf_counter()
        try:
            yield PartFigures(import_module(f"validation_parts.{name}").run(quick=quick))
        except Exception:
            traceback.print_exc()
            yield PartFigures({}, (name,))
        print(f"\n({name}: {perf_counter() - started:.1f} s)\n", flush=True)


def run_beside(parts: Sequence[str]) -> Iterator[PartFigures]:
    """The parts quickly, in two processes; what is timed comes at the end of the longer one, when the other is done."""
    beside = [name for name in parts if name in BESIDE]
    longer = [name for name in parts if name not in BESIDE]
    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(run_apart, (longer, beside))


def run_apart(parts: Sequence[str]) -> PartFigures:
    """Some parts quickly, in a process of their own, whose words are printed when it ends."""
    named = [word for name in parts for word in ("--part", name)]
    command = [sys.executable, str(Path(__file__)), "--quick", *named]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    words, _, last = done.stdout.rstrip().rpartition("\n")
    try:
        figures: dict[str, object] = json.loads(last)
    except ValueError:
        print(done.stdout, flush=True)
        return PartFigures({}, parts)
    print(words, flush=True)
    failed = figures.pop("failed", [])
    return PartFigures(figures, [str(name) for name in failed] if isinstance(failed, list) else parts)


def add(figures: dict[str, object], new: dict[str, object]) -> None:
    """Take a part's figures in; a name that two parts give is an error, unless it is by kind of error."""
    for name, value in new.items():
        known = figures.get(name)
        if name in MERGED and isinstance(value, dict) and isinstance(known, dict) and not known.keys() & value.keys():
            figures[name] = known | value
        elif known is not None:
            raise ValueError(f"expected the figure {name} from one part only, got it from two")
        else:
            figures[name] = value


if __name__ == "__main__":
    main()
