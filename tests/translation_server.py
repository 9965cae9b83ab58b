"""A server that translates reports of known sentences, back too, judges translations, and errs where a test says."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chat_server import Answer, Body, ChatServer, chat_server, completion
from scripted_translation import unmark, with_tags

from curation.record import Entity, Layer, Record, record_id
from pipeline.workspace import Workspace

#: Sentences of every report, and what they are in German.
COMMON = {
    "A 54-year-old man was admitted with chest pain.": "Ein 54-jähriger Mann wurde mit Brustschmerzen aufgenommen.",
    "He recovered well and went home after three days.": "Er erholte sich gut und ging nach drei Tagen nach Hause.",
}
#: By the check that has to find what a bad translator makes of it: a sentence, its translation, and that.
SPECIAL = {
    "numbers_translated": (
        "The sodium was 128 mmol/L on admission.",
        "Das Natrium betrug bei Aufnahme 128 mmol/L.",
        "Das Natrium betrug bei Aufnahme 138 mmol/L.",
    ),
    "sides_translated": (
        "The left kidney was removed in 2011.",
        "Die linke Niere wurde 2011 entfernt.",
        "Die rechte Niere wurde 2011 entfernt.",
    ),
    "denials_translated": (
        "There was no fever and no cough.",
        "Es bestanden kein Fieber und kein Husten.",
        "Es bestanden Fieber und Husten.",
    ),
    "body_parts_translated": (
        "The ultrasound showed an enlarged kidney.",
        "Die Sonographie zeigte eine vergrößerte Niere.",
        "Die Sonographie zeigte eine vergrößerte Leber.",
    ),
    "drugs_translated": (
        "He was given metoprolol 50 mg twice daily.",
        "Er erhielt zweimal täglich Metoprolol 50 mg.",
        "Er erhielt zweimal täglich Ramipril 50 mg.",
    ),
    "units_translated": (
        "The creatinine rose to 4.1 mg/dL on day two.",
        "Das Kreatinin stieg am zweiten Tag auf 4,1 mg/dl.",
        "Das Kreatinin stieg am zweiten Tag auf 4,1 mmol/l.",
    ),
    "doses_translated": (
        "She takes aspirin 100 mg and ramipril 5 mg every morning.",
        "Sie nimmt jeden Morgen Aspirin 100 mg und Ramipril 5 mg.",
        "Sie nimmt jeden Morgen Aspirin 5 mg und Ramipril 100 mg.",
    ),
    "nothing_added": (
        "The biopsy of the skin was taken by a colleague.",
        "Die Biopsie der Haut entnahm ein Kollege.",
        "Die Biopsie der Haut entnahm ein Kollege. Nach langem Gespräch wünschte die Familie keine weitere Behandlung.",
    ),
    "translated": (
        "The follow-up in the outpatient clinic was uneventful without any complications.",
        "Die Nachsorge in der Ambulanz verlief unauffällig und ohne Komplikationen.",
        "S. o.",
    ),
}
GERMAN = COMMON | {english: german for english, german, _ in SPECIAL.values()}
WRONG = {english: wrong for english, _, wrong in SPECIAL.values()}
#: Entities by their wording, with category and German wording.
ENTITIES = {
    "chest pain": ("signs_symptoms", "Brustschmerzen"),
    "128 mmol/L": ("laboratory_values", "128 mmol/L"),
    "fever": ("signs_symptoms", "Fieber"),
    "metoprolol 50 mg": ("pharmacological_therapy", "Metoprolol 50 mg"),
}
#: The seed that requests of the first translation have; further candidates have others.
FIRST = 0


@dataclass
class TranslationServer:
    """wrong: what it says of sentences in its first answers; always: in further ones too. lost: sentences whose markers
    it never gives back. back: what it says when it translates back, by the German sentence. faults: what its judge
    names, by that.
    """

    server: ChatServer
    wrong: dict[str, str] = field(default_factory=dict)
    always: bool = False
    lost: frozenset[str] = frozenset()
    back: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def respond(self, body: Body) -> Answer:
        """The answer to a question of one of the prompts."""
        data = json.loads(body["messages"][1]["content"].partition("\n")[2].rpartition("\n")[0])
        if "pairs" in data:
            self.asked.append("judge")
            said: Mapping[str, object] = {key: self._verdict(**pair) for key, pair in data["pairs"].items()}
        elif "sentences" not in data:
            self.asked.append("mention")
            said = dict.fromkeys(data, "")
        elif data["from"] == "German":
            self.asked.append("back")
            english = {german: sentence for sentence, german in GERMAN.items()}
            said = {key: self.back.get(text) or english.get(text, text) for key, text in data["sentences"].items()}
        else:
            self.asked.append("translate")
            is_wrong = self.always or body.get("seed", FIRST) == FIRST
            said = {key: self._translated(text, is_wrong=is_wrong) for key, text in data["sentences"].items()}
        return completion(json.dumps(said, ensure_ascii=False))

    def _translated(self, marked: str, *, is_wrong: bool) -> str:
        sentence, spans = unmark(marked)
        german = (self.wrong if is_wrong else {}).get(sentence) or GERMAN.get(sentence, sentence)
        places = {}
        for number, (start, end) in spans.items():
            wording = ENTITIES[sentence[start:end]][1]
            at = german.find(wording)
            places[number] = [(at, at + len(wording))] if at >= 0 and sentence not in self.lost else []
        return with_tags(german, "e", places)

    def _verdict(self, original: str, translation: str) -> dict[str, str]:
        fault = self.faults.get(translation)
        return {"says": "no", "fault": fault} if fault else {"says": "yes", "fault": "none"}


@contextmanager
def translation_server() -> Iterator[TranslationServer]:
    """The server, on a free port."""
    with chat_server() as server:
        found = TranslationServer(server)
        server.respond = found.respond
        yield found


def report(sentences: list[str]) -> tuple[Record, Layer]:
    """A report of sentences with its gold."""
    text = " ".join(sentences)
    record = Record(id=record_id(text, language="en"), group=text[:60], source="test", language="en", text=text)
    entities = [
        Entity.at(text, start, start + len(wording), category, id=f"T{number}")
        for number, (wording, (category, _)) in enumerate(ENTITIES.items())
        if (start := text.find(wording)) >= 0
    ]
    return record, Layer(record_id=record.id, name="gold", author="gold", entities=tuple(entities))


def reports() -> dict[str, tuple[Record, Layer]]:
    """A report for each special sentence by its check, and one without any."""
    first, last = COMMON
    special = {check: report([first, english, last]) for check, (english, _, _) in SPECIAL.items()}
    return {**special, "": report([first, last])}


def add_reports(folder: Path, made: Iterable[tuple[Record, Layer]]) -> None:
    """Reports with their gold in the store of a workspace."""
    with Workspace.at(folder).open_store() as store:
        for record, layer in made:
            store.add_records([record])
            store.add_layers([layer])


def add_model(folder: Path, name: str, server: TranslationServer, **more: object) -> None:
    """A model of that name in the settings, which the server answers for."""
    lines = "".join(f"{key} = {value}\n" for key, value in more.items())
    with (folder / "curate.toml").open("a", encoding="utf-8") as config:
        config.write(f'\n[models.{name}]\nurls = ["{server.server.url}"]\nmodel = "{name}"\n{lines}')
