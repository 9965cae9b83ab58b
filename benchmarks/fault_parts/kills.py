"""Commands that are killed at a random moment and given again: is the result that of one run?"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from commands import begin, curate

from curation.decision import Decision, DecisionKind, Verdict
from fault_parts.contents import compared, contents
from fault_parts.trial import Trial
from pipeline.workspace import Workspace

#: The commands in the order of the work; `{}` stands for the workspace.
STEPS: dict[str, tuple[str, ...]] = {
    "import": ("import", "{}/rows.jsonl", "--language", "de"),
    "annotate": ("annotate", "--with", "rules"),
    "validate": ("validate", "--layer", "rules"),
    "freeze": ("freeze", "--name", "cases", "--layer", "rules"),
    "export chat": ("export", "chat", "--to", "{}/exports/chat"),
    "export hf": ("export", "hf", "--to", "{}/exports/hf"),
    "report": ("review", "guidelines", "--to", "{}/exports/guidelines.html"),
}
QUICK = ("import", "annotate", "export chat")
#: Records, and kills of each command.
RECORDS, ROUNDS = {True: 60, False: 300}, {True: 1, False: 4}
TEXT = (
    "Bett {0}: die {1} Jahre alte Patientin kam wegen Fieber, Husten und Schmerzen im linken Knie. Das CRP lag bei {0} "
    "mg/l. Sie erhielt Amoxicillin 500 mg dreimal täglich über {1} Tage und wurde gesund entlassen."
)


def trials(folder: Path, quick: bool) -> Iterator[Trial]:
    """Each command whole, then killed and given again on a copy of what it began with."""
    random = Random(11)
    base = begun(folder / "base", RECORDS[quick])
    for name in QUICK if quick else STEPS:
        words = STEPS[name]
        if quick and name.startswith("export"):
            _accepted_and_frozen(base)
        whole = Path(shutil.copytree(base, folder / f"{name} whole"))
        began = time.monotonic()
        errors = [_given(words, whole)]
        seconds = time.monotonic() - began
        disturbed = []
        for number in range(ROUNDS[quick]):
            killed = Path(shutil.copytree(base, folder / f"{name} {number}"))
            _killed(words, killed, seconds * random.uniform(0.3, 1.0))
            errors.append(_given(words, killed))
            disturbed.append(contents(killed))
        yield compared(f"{name} killed", contents(whole), disturbed, errors)
        shutil.rmtree(base)
        base = whole


def begun(folder: Path, records: int) -> Path:
    """A workspace with a file of records to import."""
    Workspace.make(folder)
    (folder / "curate.toml").write_text("[validation.similarity]\nenabled = false\n", encoding="utf-8")
    rows = ({"id": str(number), "text": TEXT.format(number, 20 + number % 70)} for number in range(records))
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "rows.jsonl").write_text(lines, encoding="utf-8")
    return folder


def _accepted_and_frozen(folder: Path) -> None:
    """What validation and freezing would have made, where they are left out."""
    with Workspace.at(folder).open_store() as store:
        for id in store.record_ids():
            text = Decision(record_id=id, verdict=Verdict.ACCEPTED, by="benchmark")
            layer = Decision(
                record_id=id, verdict=Verdict.ACCEPTED, by="benchmark", kind=DecisionKind.LAYER, layer="rules"
            )
            store.decide([text, layer])
    curate(*_words(STEPS["freeze"], folder))


def _words(words: tuple[str, ...], folder: Path) -> list[str]:
    return [*(word.format(folder) for word in words), "--workspace", str(folder)]


def _given(words: tuple[str, ...], folder: Path) -> str:
    return curate(*_words(words, folder)).stderr


def _killed(words: tuple[str, ...], folder: Path, after: float) -> None:
    with begin(*_words(words, folder)) as process:
        time.sleep(after)
        process.kill()
