"""Whether validation finds what is wrong, blames nothing that is right, and what it costs.

    python benchmarks/validation.py [--quick] [--part NAME ...]

Each part prints its own tables; the last line is one JSON object with the figures of all parts. `recall` and
`false_alarm` hold a share for each kind of planted error. With --quick every part takes less time and says less;
with --part only the named ones run.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
from importlib import import_module
from pathlib import Path
from time import perf_counter

# This script has the name of a package that it measures: the package must come first.
sys.path[:1] = [str(Path(__file__).parents[1])]
sys.path.append(str(Path(__file__).parent))

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("GX_ANALYTICS_ENABLED", "False")

#: The parts in the order in which they run: each a module in validation_parts with `run(*, quick)`.
PARTS = (
    "planted",
    "second_opinions",
    "duplicates",
    "semantic_duplicates",
    "leaks",
    "drift",
    "privacy",
    "speed",
    "memory",
    "bad_input",
    "translation",
)

#: Figures that several parts give, by kind of error.
MERGED = ("recall", "false_alarm")


def main() -> None:
    """Run the parts and print the figures; exit code 1 when a part failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="all parts, with less to say")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this one; may be given again")
    options = parser.parse_args()
    figures: dict[str, object] = {"recall": {}, "false_alarm": {}}
    failed: list[str] = []
    for name in options.part or PARTS:
        print(f"## {name}\n", flush=True)
        started = perf_counter()
        try:
            add(figures, import_module(f"validation_parts.{name}").run(quick=options.quick))
        except Exception:
            # The other parts still have something to say.
            traceback.print_exc()
            failed.append(name)
        print(f"\n({name}: {perf_counter() - started:.1f} s)\n", flush=True)
    print(json.dumps(figures | ({"failed": failed} if failed else {})))
    sys.exit(1 if failed else 0)


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
