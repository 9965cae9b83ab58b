"""A translation that is killed while it asks, and given again: is the result that of one run, and paid for once?"""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from commands import begin, curate

from curation.record import Entity, Layer, Record, record_id
from fault_parts.contents import compared, contents
from fault_parts.trial import Trial
from pipeline.workspace import Workspace

RECORDS = {True: 40, False: 300}
#: Answers that there are when the command is killed, as shares of the records; one kill after the other.
MOMENTS: dict[bool, tuple[float, ...]] = {True: (0.4,), False: (0.1, 0.4, 0.6, 0.9)}
#: Of so many records the translator loses the marker of one, and is asked for its wording.
LOST = 5
SECONDS = 0.05


def trials(folder: Path, quick: bool) -> Iterator[Trial]:
    """One translation whole, one killed as often as there are moments, then finished."""
    base = _untranslated(folder / "base", RECORDS[quick])
    whole = Path(shutil.copytree(base, folder / "whole"))
    killed = Path(shutil.copytree(base, folder / "killed"))
    errors = [_translated(whole)]
    caught = [_killed(killed, round(share * RECORDS[quick])) for share in MOMENTS[quick]]
    errors.append(_translated(killed))
    trial = compared("translation killed", contents(whole), [contents(killed)], errors)
    paid = Counter(_answered(killed))
    twice = sum(count - 1 for count in paid.values())
    missing = len(set(_answered(whole)) ^ set(paid))
    done = replace(trial, doubled=trial.doubled + twice, unequal=trial.unequal + missing)
    yield done if all(caught) else Trial(trial.fault, not_measured="it had ended before it was killed")


def _untranslated(folder: Path, number: int) -> Path:
    """A workspace of English records with a layer, and a model that knows their German."""
    workspace = Workspace.make(folder, {"validation.similarity.enabled": False})
    records = [_record(bed) for bed in range(number)]
    with workspace.open_store() as store:
        store.add_records(records)
        store.add_layers(_gold(record) for record in records)
    lines: list[dict[str, object]] = [{"if": '"wording"', "answer": {"1": "Fieber"}}]
    for bed in range(number):
        fever = "Fieber" if bed % LOST == 0 else "<e0>Fieber</e0>"
        lines.append({"if": f"Bed {bed}:", "answer": {"1": f"Bett {bed}: es bestand {fever}."}})
    script = folder / "script.jsonl"
    script.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    settings = {"kind": "scripted", "script": script.name, "concurrency": 2, "seconds": SECONDS}
    with (folder / "curate.toml").open("a", encoding="utf-8") as config:
        config.write("\n[models.known]\n" + "".join(f"{key} = {json.dumps(said)}\n" for key, said in settings.items()))
    return folder


def _record(bed: int) -> Record:
    text = f"Bed {bed}: there was fever."
    identifier = record_id(text, language="en")
    return Record(id=identifier, group=identifier, source="benchmark", language="en", text=text)


def _gold(record: Record) -> Layer:
    start = record.text.index("fever")
    entity = Entity.at(record.text, start, start + len("fever"), "signs_symptoms", id="T1")
    return Layer(record_id=record.id, name="gold", author="gold", entities=(entity,))


def _words(folder: Path) -> list[str]:
    return ["translate", "--to", "de", "--with", "llm:known", "--workspace", str(folder)]


def _translated(folder: Path) -> str:
    return curate(*_words(folder)).stderr


def _killed(folder: Path, answers: int) -> bool:
    """Whether it was killed once there were so many answers, before it ended."""
    with begin(*_words(folder)) as process:
        while len(_answered(folder)) < answers and process.poll() is None:
            time.sleep(0.01)
        caught = process.poll() is None
        process.kill()
    return caught


def _answered(folder: Path) -> list[str]:
    """The question of each answer that was paid for."""
    with closing(sqlite3.connect(f"file:{folder / 'records.db'}?mode=ro", uri=True)) as connection:
        return [str(key) for (key,) in connection.execute("select key from answers where text is not null")]
