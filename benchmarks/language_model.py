"""Annotation by a language model: records a second beside a bare loop, and what kills and Ctrl-C cost.

    python benchmarks/language_model.py [--quick]

A server of chat completions on this machine answers with ten entities a record, after about 0.3 s (log-normal). The
bare loop is the `openai` client on its aiohttp transport, with the same requests and answers kept in memory; ours is
`curate annotate`, which places each answer in the text and stores it. Rates are what the server counts, from the first
request to the last answer. The same through distilabel, in an environment of its own (not with --quick).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import astuple
from pathlib import Path

import packages_first  # noqa: F401
from language_model_parts.kills import interrupted, killed
from language_model_parts.model_server import ModelServer, model_server
from language_model_parts.side_by_side import distilabel, distilabel_python
from language_model_parts.side_by_side import ours as own
from language_model_parts.throughput import bare, ours
from measuring import table

#: Records for each number of requests at once, kills, and records of the runs that are killed.
QUICK = ({16: 160, 64: 640, 256: 1536}, 5, 600)
WHOLE = ({16: 5000, 64: 5000, 256: 5000}, 50, 5000)


def main() -> None:
    """Run all and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="fewer records, five kills, without distilabel")
    options = parser.parse_args()
    sizes, kills, records = QUICK if options.quick else WHOLE
    with model_server() as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ratios = {}
        rows: list[tuple[object, ...]] = []
        for at_once, count in sizes.items():
            theirs, made = (ask(server, records=count, at_once=at_once) for ask in (bare, ours))
            ratios[at_once] = made.records_a_second / theirs.records_a_second
            rows.append(
                (
                    at_once,
                    count,
                    theirs.records_a_second,
                    made.records_a_second,
                    ratios[at_once],
                    theirs.processor_seconds,
                    made.processor_seconds,
                )
            )
        head = ("at once", "records", "bare loop, records/s", "ours, records/s", "ratio", "CPU s / 1,000", "ours")
        print(table(head, rows))
        dead = killed(folder / "killed", server, kills=kills, records=records)
        ended = interrupted(folder / "interrupted", server, records=min(records, 1000))
        beside = [] if options.quick else _beside(folder, server, records=1000)
    print()
    print(
        table(
            ("what", "times", "lost", "paid twice", "asked again, in flight", "asked again, not stored yet"),
            [
                ("SIGKILL at random", dead.kills, dead.lost, dead.paid_twice, dead.in_flight, dead.just_answered),
                ("Ctrl-C", 1, ended.lost, ended.paid_twice, 0, ended.sent_after),
            ],
        )
    )
    if beside:
        print("\n1,000 records, 64 at once; SIGKILL in the middle, then the same command again:\n")
        print(table(("with", "records/s", "peak MB", "lost", "paid twice"), beside))
    found = {
        "throughput_ratio": round(min(ratios.values()), 3),
        "ratios": {str(at_once): round(ratio, 3) for at_once, ratio in ratios.items()},
        "lost": dead.lost,
        "paid_twice": dead.paid_twice,
        "after_ctrl_c_lost": ended.lost,
        "after_ctrl_c_sent": ended.sent_after,
    }
    print(json.dumps(found))


def _beside(folder: Path, server: ModelServer, *, records: int) -> list[tuple[object, ...]]:
    """A row for distilabel, where it can be installed, and one for ours."""
    python = distilabel_python(folder / "distilabel-environment")
    rows: list[tuple[object, ...]] = []
    if python is None:
        rows.append(("distilabel", "not measured: it cannot be installed here", "", "", ""))
    else:
        rows.append(astuple(distilabel(folder / "distilabel", server, python, records=records)))
    return [*rows, astuple(own(folder / "own", server, records=records))]


if __name__ == "__main__":
    main()
