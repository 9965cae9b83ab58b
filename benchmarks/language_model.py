"""Annotation by language models: records a second beside a bare loop, and what kills and Ctrl-C cost.

    pip install -e ".[benchmarks]"
    python benchmarks/language_model.py [--quick] [--only PART] [--at-once 16 64 256] [--distilabel PYTHON]

A server of chat completions on this machine answers with ten entities a record, after about 0.3 s (log-normal). The
bare loop is the `openai` client on its aiohttp transport, with the same requests and answers kept in memory; ours is
`curate annotate`, which places each answer in the text and stores it. Rates are what the server counts, from the first
request to the last answer. The same through distilabel, in an environment of its own (not with --quick).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import packages_first  # noqa: F401
from language_model_parts.kills import interrupted, killed
from language_model_parts.model_server import ModelServer, model_server
from language_model_parts.side_by_side import distilabel, distilabel_python
from language_model_parts.side_by_side import ours as own
from language_model_parts.throughput import bare, ours
from measuring import table

PARTS = ("pace", "kills", "ctrl-c", "distilabel")
#: Records for each number of requests at once, kills, and records of the runs that are killed.
QUICK = ({16: 160, 64: 640, 256: 1536}, 5, 600)
WHOLE = ({16: 5000, 64: 5000, 256: 5000}, 50, 5000)


def main() -> None:
    """Run what is asked for and print the tables; the last line is one JSON object."""
    options = _options()
    sizes, kills, records = QUICK if options.quick else WHOLE
    parts = [options.only] if options.only else [part for part in PARTS if part != "distilabel" or not options.quick]
    found: dict[str, Any] = {}
    with model_server() as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "pace" in parts:
            found |= _pace(server, {at_once: sizes[at_once] for at_once in options.at_once})
        if "kills" in parts:
            found |= _kills(folder, server, kills=kills, records=records)
        if "ctrl-c" in parts:
            found |= _ctrl_c(folder, server, records=min(records, 1000))
        if "distilabel" in parts:
            _beside(folder, server, options.distilabel, records=records)
    print(json.dumps(found))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="fewer records, five kills, without distilabel")
    parser.add_argument("--only", choices=PARTS, help="one part")
    parser.add_argument("--at-once", type=int, nargs="+", choices=QUICK[0], default=list(QUICK[0]))
    parser.add_argument("--distilabel", type=Path, help="an interpreter that has it; else it is installed")
    options = parser.parse_args()
    try:
        import httpx_aiohttp  # noqa: F401
        import openai  # noqa: F401
    except ImportError as error:
        sys.exit(f'expected {error.name} for the bare loop: pip install -e ".[benchmarks]"')
    return options


def _pace(server: ModelServer, sizes: dict[int, int]) -> dict[str, Any]:
    """Records a second, ours and those of the bare loop."""
    ratios: dict[int, float] = {}
    rows: list[tuple[object, ...]] = []
    for at_once, count in sizes.items():
        theirs, made = (ask(server, records=count, at_once=at_once) for ask in (bare, ours))
        ratios[at_once] = made.records_a_second / theirs.records_a_second
        rates = (theirs.records_a_second, made.records_a_second, ratios[at_once])
        rows.append((at_once, count, *rates, theirs.processor_seconds, made.processor_seconds))
    head = ("at once", "records", "bare loop, records/s", "ours, records/s", "ratio", "CPU s / 1,000", "ours")
    _say(head, rows)
    return {
        "throughput_ratio": round(min(ratios.values()), 3),
        "ratios": {str(at_once): round(ratio, 3) for at_once, ratio in ratios.items()},
    }


def _kills(folder: Path, server: ModelServer, *, kills: int, records: int) -> dict[str, Any]:
    """A run killed again and again."""
    dead = killed(folder / "killed", server, kills=kills, records=records)
    head = ("SIGKILL at random", "records", "lost", "paid twice", "asked again: in flight", "answer on its way to us")
    _say(head, [(dead.kills, records, dead.lost, dead.paid_twice, dead.in_flight, dead.on_their_way)])
    return {"lost": dead.lost, "paid_twice": dead.paid_twice, "on_their_way": dead.on_their_way}


def _ctrl_c(folder: Path, server: ModelServer, *, records: int) -> dict[str, Any]:
    """A run that gets Ctrl-C in the middle."""
    ended = interrupted(folder / "interrupted", server, records=records)
    head = ("Ctrl-C", "records", "answers lost", "paid twice", "sent afterwards", "seconds until the end")
    _say(head, [(1, records, ended.lost, ended.paid_twice, ended.sent_after, ended.seconds)])
    return {"after_ctrl_c_lost": ended.lost, "after_ctrl_c_sent": ended.sent_after}


def _beside(folder: Path, server: ModelServer, python: Path | None, *, records: int) -> None:
    """Rows for distilabel, where it can be installed, and one for ours."""
    rows: list[tuple[object, ...]] = []
    python = python or distilabel_python(folder / "distilabel-environment")
    if python is None:
        rows.append(("distilabel", "not measured: it cannot be installed here", "", "", ""))
    else:
        rows += map(astuple, distilabel(folder / "distilabel", server, python, records=records))
    rows.append(astuple(own(folder / "own", server, records=records)))
    print(f"{records:,} records, 64 at once; SIGKILL in the middle, then the same command again:\n")
    _say(("with", "records/s", "peak MB", "lost", "paid twice"), rows)


def _say(head: Sequence[str], rows: Sequence[tuple[object, ...]]) -> None:
    print(table(tuple(head), list(rows)) + "\n", flush=True)


if __name__ == "__main__":
    main()
