"""Bad input: whether each record gets a finding, and the cost of each measure."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import process_time

from measuring import table
from pydantic import JsonValue

from curation.record import Alignment, Entity, Layer, Record
from curation.scheme import load_scheme
from pipeline.runner import run_stage
from pipeline.workspace import Workspace
from validation.measures.measure import Scope, Subject, Whole
from validation.measures.table import MEASURES
from validation.quarantine import failures_of
from validation.stage import Measure
from validation.verdict import judge

MEGABYTE = 1 << 20
#: Texts of a quick run are this much shorter.
QUICK = 64
PROSE = "The patient had a fever of 39.2 °C and was given ramipril 5 mg daily. "

#: Short texts with something odd, and what fills a long one.
ODD = {
    "empty": "",
    "white space": " \t\n\u00a0" * 50,
    "right-to-left marks": "\u202eThe wound\u202c healed \u200f\u05d0\u05d1\u05d2 within 4 weeks.",
    "control characters": "The wound\x07 healed\x0c in\x1b 4 weeks without any fever or pain.",
    "mixed languages": "The girl was well and went home after three days without any fever, cough or pain at all, "
    "and she did not come back for a year. Das M\u00e4dchen war gesund und ging nach drei Tagen ohne Fieber, Husten "
    "oder Schmerzen nach Hause, und sie kam ein Jahr lang nicht wieder zu uns in die Sprechstunde.",
    "lone combining marks": "\u0301\u0308\u0327" * 200,
    "emoji": "\U0001f600\U0001f469\u200d\u2695\ufe0f\U0001f1e9\U0001f1ea" * 20,
}
FILLED = {
    "prose": PROSE,
    "one word": "x",
    "capitals": "A",
    "blanks": " ",
    "line ends": "\n",
    "hyphens": "a-",
    "fractions": "1/",
    "digits": "7",
    "full stops and commas": ".,",
    "short words": "Aa bb ",
    "combining marks": "e\u0301",
    "right-to-left letters": "\u05e9\u05dc\u05d5\u05dd ",
    "emoji without a blank": "\U0001f600",
    "control characters": "\x1b\x07",
    "brackets": "(",
}
CROWDED = 10_000


def texts(size: int) -> dict[str, str]:
    """Bad texts by what is bad about them; the long ones have so many characters."""
    return ODD | {
        f"{size:,} characters: {name}": (said * (size // len(said) + 1))[:size] for name, said in FILLED.items()
    }


def annotated(size: int, language: str) -> list[tuple[Record, Layer]]:
    """Every bad text with a layer, and a sound text with ten thousand entities."""
    all_ = texts(size) | {f"{CROWDED:,} entities": PROSE * 300}
    return [_annotated(f"{language}: {name}", text, language) for name, text in all_.items()]


def _annotated(name: str, text: str, language: str) -> tuple[Record, Layer]:
    names = load_scheme().names
    count = CROWDED if "entities" in name else 20
    lost = Entity(id="lost", category="diagnosis", text="gout of the great toe", alignment=Alignment.NONE)
    starts = [(number * 97) % max(1, len(text) - 8) for number in range(count)]
    placed = tuple(
        Entity.at(text, start, start + 6, names[number % len(names)], id=f"T{number}")
        for number, start in enumerate(starts)
        if (said := text[start : start + 6]) and said == said.strip()
    )
    record = Record(id=name, group=name, source="bad input", language=language, text=text)
    return record, Layer(record_id=name, name="rules", author="rules@1", entities=(lost, *placed))


def run(*, quick: bool) -> dict[str, object]:
    """Records without a finding, failures of measures, seconds of the slowest."""
    size = MEGABYTE // QUICK if quick else MEGABYTE
    cases = [case for language in ("en", "de")[: 1 if quick else 2] for case in annotated(size, language)]
    settings = {"validation.similarity.enabled": False} if quick else {}
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.make(Path(folder), settings)
        costs, broken = _measured(cases, Scope(workspace.scheme, workspace.config.validation))
        with workspace.open_store() as store:
            store.add_records(record for record, _ in cases)
            store.add_layers(layer for _, layer in cases)
            everything = Whole(
                store, Scope(workspace.scheme, workspace.config.validation), {record.id for record, _ in cases}, {}
            )
            for spec in MEASURES:
                if spec.over is not None:
                    started = process_time()
                    spec.rows_over(everything)
                    costs["all records together"][spec.name] = process_time() - started
            stage = Measure.over(store, workspace.scheme, workspace.config.validation)
            failed = run_stage(store, stage).failed
            started = process_time()
            judge(store, workspace.scheme, workspace.config.validation, workspace.folder)
            costs["all records together"]["verdicts and report"] = process_time() - started
            found: dict[str, list[JsonValue]] = {}
            for decision in store.latest_decisions():
                found.setdefault(decision.record_id, []).extend(failures_of(decision))
    _tell(costs, found)
    return {
        "bad_input_records": len(cases),
        "bad_input_broken": broken + failed,
        "bad_input_without_finding": sum(not found.get(record.id) for record, _ in cases),
        "bad_input_slowest_seconds": round(max(sum(by.values()) for by in costs.values()), 2),
    }


Costs = dict[str, dict[str, float]]


def _measured(cases: list[tuple[Record, Layer]], scope: Scope) -> tuple[Costs, int]:
    """Seconds by record and measure, and how many measures broke."""
    costs: Costs = defaultdict(dict)
    broken = 0
    sound = _annotated("sound", PROSE, "en")
    for spec in MEASURES:
        if spec.measure is None:
            continue
        # Words and models are loaded at the first record.
        spec.measure([Subject(*sound)], scope)
        for record, layer in cases:
            started = process_time()
            try:
                spec.measure([Subject(record, layer)], scope)
            except Exception as error:
                broken += 1
                print(f"{spec.name} breaks at {record.id}: {type(error).__name__}")
            costs[record.id][spec.name] = process_time() - started
    return costs, broken


def _tell(costs: Costs, found: Mapping[str, Sequence[JsonValue]]) -> None:
    rows: list[tuple[object, ...]] = []
    for name, by in costs.items():
        slowest = max(by, key=lambda measure: by[measure])
        says = [str(failure["expectation"]) for failure in found.get(name, ()) if isinstance(failure, dict)]
        rows.append((name, sum(by.values()), f"{slowest} {by[slowest]:.2f}", ", ".join(says)))
    print(table(("record", "seconds", "of these the slowest", "expectations that fail"), rows))
    worst = {spec.name: max(((by.get(spec.name, 0.0), name) for name, by in costs.items())) for spec in MEASURES}
    print("\n" + table(("measure", "most seconds", "at"), [(name, *most) for name, most in worst.items()]))
