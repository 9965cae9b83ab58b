"""Attacks on the review server, the live back end, the command and its files: which doors are open.

    python benchmarks/doors.py [--quick] [--only PART]

Every server that is attacked was started by this script on 127.0.0.1. The aim: none but what the community edition of
Label Studio allows an annotator, each with its reason, and none at all with the shipped proxy in front.
"""

from __future__ import annotations

import argparse
import importlib
import json
import tempfile
from pathlib import Path

import packages_first  # noqa: F401
from measuring import table

#: Modules of `door_parts`, each with a function `attacks`.
PARTS: tuple[str, ...] = (
    "live_backend",
    "foreign_workspace",
    "adapters",
    "erasure",
    "imports",
    "printed",
    "forged_reviewers",
    "proxy",
    "review_server",
)
#: Those that share one Label Studio; it starts behind the others.
REVIEWED = ("forged_reviewers", "proxy", "review_server")


def main() -> None:
    """Attack, print a table of every attack, and the totals."""
    from door_parts.attack import Attack
    from review_parts.label_studio_servers import kept_running

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="without the attacks that take long")
    parser.add_argument("--only", choices=PARTS, help="one part")
    asked = parser.parse_args()
    found: list[Attack] = []
    parts = [asked.only] if asked.only else PARTS
    with (
        tempfile.TemporaryDirectory(prefix="doors-") as name,
        kept_running(begin=any(part in REVIEWED for part in parts)),
    ):
        for part in parts:
            folder = Path(name) / part
            folder.mkdir()
            found += importlib.import_module(f"door_parts.{part}").attacks(folder, asked.quick)
    print(
        table(
            ("door", "tried", "proxy", "open", "seen"),
            [
                (
                    attack.door,
                    attack.tried,
                    "yes" if attack.proxied else "",
                    "OPEN" if attack.worked else "",
                    attack.seen,
                )
                for attack in found
            ],
        )
    )
    through = [attack for attack in found if attack.worked]
    print(
        json.dumps(
            {
                "tried": len(found),
                "open": [
                    {"door": attack.door, "tried": attack.tried, "proxied": attack.proxied, "why": attack.seen}
                    for attack in through
                ],
                "tried_with_proxy": sum(attack.proxied for attack in found),
                "open_with_proxy": sum(attack.proxied for attack in through),
            }
        )
    )


if __name__ == "__main__":
    main()
