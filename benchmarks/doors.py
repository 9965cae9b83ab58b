"""Attacks on the review server, the live back end, the command and its files: which doors are open.

    python benchmarks/doors.py [--quick] [--only PART]

Every server that is attacked was started by this script on 127.0.0.1. The aim: none but what the community edition of
Label Studio allows an annotator, each with its reason, and none at all with the shipped proxy in front.
"""

from __future__ import annotations

import json

import packages_first  # noqa: F401
from measuring import table
from parts import asked, found_by

#: Modules of `door_parts`, each with a function `attacks`.
PARTS: tuple[str, ...] = (
    "review_server",
    "proxy",
    "forged_reviewers",
    "live_backend",
    "foreign_workspace",
    "adapters",
    "erasure",
    "imports",
    "printed",
)
#: Those that share one Label Studio, in the order in which they may: the last of them leaves the server changed.
REVIEWED = ("forged_reviewers", "proxy", "review_server")


def main() -> None:
    """Attack, print a table of every attack, and the totals."""
    from door_parts.attack import Attack
    from review_parts.label_studio_servers import kept_running

    words = asked("Attacks on what this product opens.", PARTS, "without the attacks that take long")
    found: list[Attack] = found_by("door_parts", "attacks", words, together=REVIEWED, around=kept_running)
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
