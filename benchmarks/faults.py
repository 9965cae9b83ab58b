"""Kills, full disks, several processes at once and broken files: what is lost, doubled or unequal afterwards.

    python benchmarks/faults.py [--quick] [--only PART]

Each result is compared by content with that of an undisturbed run. The aim: all 0, and no traceback.
"""

from __future__ import annotations

import json

import packages_first  # noqa: F401
from measuring import table
from parts import asked, found_by

#: Modules of `fault_parts`, each with a function `trials`.
PARTS: tuple[str, ...] = (
    "broken_connections",
    "full_disk",
    "several_processes",
    "kills",
    "killed_pairs",
    "killed_translation",
    "broken_files",
    "two_validations",
)


def main() -> None:
    """Disturb, compare, print a table of every fault, and the totals."""
    from fault_parts.trial import Trial

    words = asked("Faults, and what is there afterwards.", PARTS, "fewer rounds, without what takes long")
    found: list[Trial] = found_by("fault_parts", "trials", words)
    counts = ("tried", "lost", "doubled", "unequal", "tracebacks")
    rows: list[tuple[object, ...]] = [
        (trial.fault, *(getattr(trial, name) for name in counts), trial.not_measured) for trial in found
    ]
    print(table(("fault", *counts, "not measured"), rows))
    measured = [trial for trial in found if not trial.not_measured]
    print(
        json.dumps(
            {name: sum(getattr(trial, name) for trial in measured) for name in counts}
            | {"not_measured": [trial.fault for trial in found if trial.not_measured]}
        )
    )


if __name__ == "__main__":
    main()
