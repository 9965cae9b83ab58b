"""What came in of a damaged corpus: right, in another place, or not at all, and whether the command said so."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from import_parts.corpora import Document
from import_parts.damage import Sent

ROOT = Path(__file__).parents[2]
BLANK = re.compile(r"[\s\ufeff]+")

#: A place in a text: characters that are no white space before its start and its end, and the category.
Found = tuple[int, int, str]


@dataclass
class Outcome:
    """Counts of mentions."""

    mentions: int = 0
    right: int = 0
    wrong: int = 0
    lost: int = 0
    silent_wrong: int = 0
    silent_lost: int = 0

    @property
    def said(self) -> int:
        """What went wrong or was lost, and was said."""
        return self.wrong + self.lost - self.silent_wrong - self.silent_lost


def total(outcomes: Iterable[Outcome]) -> Outcome:
    """The sums of several."""
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        counts.update(asdict(outcome))
    return Outcome(**counts)


def measure(sent: Sent, workspace: Path) -> Outcome:
    """Import a damaged corpus by the command and compare the store with what is right."""
    mapping = workspace.with_suffix(".yaml")
    mapping.write_text("otherwise: keep\n", encoding="utf-8")
    _curate("init", "--workspace", str(workspace))
    answer = _curate(
        "import", str(sent.path), *sent.arguments, "--mapping", str(mapping), "--json", "--workspace", str(workspace)
    )
    return compare(sent, json.loads(answer or "{}"), _stored(workspace))


def compare(sent: Sent, answer: dict[str, Any], stored: dict[str, Counter[Found]]) -> Outcome:
    """The counts; a mention is lost or wrong in silence where no problem of its document or file speaks of it."""
    outcome = Outcome()
    problems = answer.get("problems", [])
    for document in sent.documents:
        right = Counter(_place(document.text, m.start, m.end, m.category) for m in document.mentions)
        came = stored.pop(_digest(document.text), Counter())
        lost, wrong = (right - came).total(), (came - right).total()
        outcome.mentions += right.total()
        outcome.right += (right & came).total()
        # A mention at another place is one that is not at its own: counted once.
        outcome.wrong += wrong
        outcome.lost += max(0, lost - wrong)
        spoken = _spoken(document, sent, problems, nothing_came=not came)
        outcome.silent_wrong += max(0, wrong - spoken)
        outcome.silent_lost += max(0, max(0, lost - wrong) - max(0, spoken - wrong))
    # The command lists so many problems and counts the rest.
    unlisted = answer.get("problems_in_all", 0) - len(problems)
    outcome.silent_lost -= min(outcome.silent_lost, unlisted)
    extra = sum(found.total() for found in stored.values())
    outcome.wrong += extra
    outcome.silent_wrong += extra
    return outcome


def _spoken(document: Document, sent: Sent, problems: list[dict[str, str]], *, nothing_came: bool) -> int:
    """How many of a document's mentions the problems speak of: one each; all where it is about the whole."""
    file = sent.path.name
    about = [problem for problem in problems if _is_about(problem["where"], document, sent)]
    whole = any(problem["where"].endswith(file) for problem in problems)
    return len(document.mentions) if whole or (nothing_came and about) else sum(map(_counted, about))


def _is_about(where: str, document: Document, sent: Sent) -> bool:
    if not sent.lines:
        return Path(where.split(":")[0]).name.rsplit(".", 1)[0] == document.name
    line = where.rsplit(":", 1)[-1]
    return line.isdigit() and int(line) in sent.lines[document.name]


def _counted(problem: dict[str, str]) -> int:
    """The number of mentions that a problem names; one when it names none."""
    counts = re.search(r"\b(\d+) (?:entities|annotations|mentions|were left out)\b", problem["what"])
    return int(counts[1]) if counts else 1


def _curate(*arguments: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", "from pipeline.command import main; main()", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, check=False)
    if done.returncode not in (0, 1) or "Traceback" in done.stderr:
        raise SystemExit(f"curate {' '.join(arguments)} ended with {done.returncode}: {done.stderr[-800:]}")
    return done.stdout


def _stored(workspace: Path) -> dict[str, Counter[Found]]:
    """What the store holds, by the digest of the text without white space."""
    from curation.store import Store

    found: dict[str, Counter[Found]] = {}
    with Store.open(f"sqlite:///{workspace / 'records.db'}") as store:
        for item in store.items(reads=list(store.layer_names())):
            record = item.record
            counts = found.setdefault(_digest(record.text), Counter())
            for layer in item.layers.values():
                for entity in layer.entities:
                    if entity.fragments:
                        start, end = entity.fragments[0].start, entity.fragments[-1].end
                        counts[_place(record.text, start, end, entity.category)] += 1
    return found


def _place(text: str, start: int, end: int, category: str) -> Found:
    return len(BLANK.sub("", text[:start])), len(BLANK.sub("", text[:end])), category


def _digest(text: str) -> str:
    return sha256(BLANK.sub("", text).encode("utf-8", "surrogatepass")).hexdigest()
