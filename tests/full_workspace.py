"""A workspace that has everything: records of patients, layers of models and people, verdicts, sets, an export."""

from __future__ import annotations

import json
from pathlib import Path

from command_line import curate, curate_json

from curation.models.contract import Answer, Attempt, Finish
from curation.record import Layer
from curation.store import Store
from pipeline.workspace import Workspace

CONFIG = """
[validation.similarity]
enabled = false
[curation.split]
train = 0.6
validation = 0.2
test = 0.2
[training]
epochs = 1
[review.agreement]
excerpts = true
"""

#: One patient's two letters, in words that nobody else has; the second translates the first.
PATIENT = "MRN-0048151623"
LETTER = (
    "Mr. Aloysius Quenneville was seen on 3 March 2021 with crushing chest pain after marmalade tasting at "
    "Wobbleton fair; troponin peaked at 812 ng/L and aspirin was begun."
)
TRANSLATION = (
    "Herr Aloysius Quenneville kam am 3. März 2021 mit vernichtendem Brustschmerz nach der Marmeladenprobe auf dem "
    "Wobbletoner Jahrmarkt; Troponin stieg auf 812 ng/L, Aspirin wurde begonnen."
)
#: Words of both that no file may hold once they are deleted, also not in parts.
TRACES = ("Quenneville", "Wobbleton", "marmalade tasting", "Marmeladenprobe", PATIENT)

OTHERS = [
    "A {age}-year-old woman came with a fever of 39.1 °C and a dry cough that had begun {days} days before. "
    "The chest film showed an infiltrate on the right. Amoxicillin was given for a week and she recovered fully.",
    "A {age}-year-old man was admitted for pain in the left knee that had lasted {days} days. Walking made it worse. "
    "Ibuprofen helped, and he went home the next morning without any complaint.",
]


def make(folder: Path) -> Path:
    """The workspace, made by commands; what people do in Label Studio is put into the store."""
    curate("init", "--workspace", folder)
    (folder / "curate.toml").write_text(CONFIG, encoding="utf-8")
    _import(folder)
    here = ("--workspace", folder)
    curate("annotate", "--with", "rules", *here)
    with Workspace.at(folder).open_store() as store:
        _reviews(store)
        _answers(store)
    curate("validate", "--layer", "human:anna", *here)
    curate("review", "queue", "--size", "3", *here)
    curate("review", "guidelines", *here)
    curate("review", "agreement", *here)
    curate("review", "adjudicate", "settle", *here)
    curate("review", "accept", PATIENT, "--text", "--layer", "human:anna", "--reason", "read", "--by", "ruth", *here)
    return folder


def freeze(folder: Path) -> str:
    """The name of a frozen set with the patient's letter in it, exported too."""
    frozen = curate_json("freeze", "--layer", "human:anna", "--verdict", "accepted", "--workspace", folder)
    curate("export", "hf", "--to", folder / "exports" / "first", "--workspace", folder)
    return f"{frozen['name']}@{frozen['version']}"


def _import(folder: Path) -> None:
    rows = [
        {"id": f"case-{number}", "text": OTHERS[number % 2].format(age=30 + 3 * number, days=2 + number)}
        for number in range(12)
    ]
    rows.append({"id": PATIENT, "text": LETTER})
    rows.append({"id": "short", "text": "No."})
    source = folder.parent / "rows.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    curate("import", source, "--language", "en", "--workspace", folder)
    source.unlink()
    with Workspace.at(folder).open_store() as store:
        original = next(store.records([store.find_record(PATIENT)]))
        fields = {
            "id": "translation0000",
            "language": "de",
            "text": TRANSLATION,
            "translation_of": original.id,
            "meta": {},
        }
        store.add_records([original.model_copy(update=fields)])


def _reviews(store: Store) -> None:
    """Two people's layers: what the rules found, but one entity less by the second."""
    for item in list(store.items(["rules"])):
        entities = item.layers["rules"].entities
        for person, found in (("anna", entities), ("ben", entities[:-1])):
            name = f"human:{person}"
            store.add_layers([Layer(record_id=item.record.id, name=name, author=name, entities=found)])


def _answers(store: Store) -> None:
    """What a language model said about two records: it quotes them."""
    for reference, quote in (("case-1", "pain in the left knee"), (PATIENT, LETTER[:40])):
        record = store.find_record(reference)
        answer = Answer(f'{{"signs_symptoms": "{quote}"}}', Finish.STOP, "big-7b", "schema", 900, 20, 0.002, 1.5)
        store.note_attempts(
            [
                Attempt(record * 4, "big", "annotate:llm", (record,), 1, 0, "unreachable", "2026-05-01T12:00:00Z"),
                Attempt(record * 4, "big", "annotate:llm", (record,), 2, 0, "stop", "2026-05-01T12:00:05Z", answer),
            ]
        )


def traces(folder: Path, words: tuple[str, ...] = TRACES) -> dict[str, list[str]]:
    """The files below the folder that hold one of the words, in any of the ways in which files write letters."""
    found: dict[str, list[str]] = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        held = [word for word in words if word.encode() in content or word.encode("utf-16-le") in content]
        if held:
            found[str(path.relative_to(folder))] = held
    return found
