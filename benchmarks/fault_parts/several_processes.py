"""Four processes at once on one store: nothing lost, nothing doubled, every record validated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from commands import begin, curate

from fault_parts.postgres_server import postgres_server
from fault_parts.store_contents import contents, difference
from fault_parts.trial import Trial
from fault_parts.workspaces import IMPORT, WORD, store_url, within, workspace

ANNOTATE = ("annotate", "--with", "rules")
AGAIN = ("annotate", "--with", "rules", "--layer", "second")
FREEZE = ("freeze", "--layer", "rules", "--verdict", "accepted", "--verdict", "needs_review")
VALIDATE = ("validate",)


@dataclass(frozen=True)
class Round:
    """Commands that begin at once, and what is run when all of them have ended."""

    what: str
    at_once: Sequence[Sequence[str]]
    then: Sequence[Sequence[str]] = ()


ROUNDS = (
    Round("first opening and the same import", [IMPORT] * 4),
    Round("the same annotator", [ANNOTATE] * 4),
    Round("a validation beside two annotators", [AGAIN, AGAIN, VALIDATE], [VALIDATE]),
    Round("the same set frozen", [FREEZE] * 4),
)


def trials(folder: Path, quick: bool) -> Iterator[Trial]:
    """Each round, on PostgreSQL and in a file, compared with the same commands one after the other."""
    with postgres_server() as server:
        if server is None:
            yield Trial("several processes on PostgreSQL", not_measured="no PostgreSQL is installed")
        if server is not None:
            yield from _rounds("PostgreSQL", folder, (server.database("calm"), server.database("busy")), quick)
        if server is None or not quick:
            yield from _rounds("a file", folder, (None, None), quick)


def _rounds(name: str, folder: Path, urls: tuple[str | None, str | None], quick: bool) -> Iterator[Trial]:
    count = 60 if quick else 600
    calm, busy = (
        workspace(folder / f"{name} {side}", url, count) for side, url in zip(("calm", "busy"), urls, strict=True)
    )
    for round in ROUNDS[:2] if quick else ROUNDS:
        for words in dict.fromkeys([*map(tuple, round.at_once), *map(tuple, round.then)]):
            curate(*within(calm, words))
        processes = [begin(*within(busy, words)) for words in round.at_once]
        ended = [(*process.communicate(timeout=300), process.returncode) for process in processes]
        later = [curate(*within(busy, words)) for words in round.then]
        ended += [(process.stdout, process.stderr, process.returncode) for process in later]
        found = difference(contents(store_url(calm)), contents(store_url(busy)))
        yield Trial(
            f"{round.what}, {len(processes)} processes at once, in {name}",
            tried=len(processes),
            lost=found.lost,
            doubled=found.doubled,
            unequal=found.unequal + sum(code != 0 for _, _, code in ended),
            tracebacks=sum("Traceback" in text or WORD in text for *texts, _ in ended for text in texts),
        )
