"""What one training takes over from several sets, and LoRA from all weights (study 2): questions and relations.

    python benchmarks/transfer.py [--quick] [--minutes N] [--part PART ...]

Entities by questions (machine reading comprehension) in the sentences of MACCROBAT (15 categories), E3C, PHEE, BC5CDR,
NCBI Disease and Chia by the packaged encoder: each set alone, all weights (`full`) and LoRA (`lora`); all sets together
(`multi`); all but one, measured on the one left out with 0, 5, 20 and 100 of its sentences that have an answer
(`left-out`), which are learnt by LoRA on the model of the others, and beside it from nothing. Categories of the same
name and definition (Disease) are one; records that are nearly the test of another set are left out. Then relations
between gold entities of a sentence (`relations`): ChemProt (one pair a sentence, none without a relation), BioRED
without the abstracts of other corpora, MACCROBAT, PHEE; all weights and LoRA. MACCROBAT and PHEE by questions about
heads too, from the same sentences as the marked pairs and measured on the same ones.

A training sees about 1,500 pairs of a sentence and a question of each set (2 without an answer for each with one), 750
where one is left out, or 1,500 marked pairs, in two readings, and is measured on 1,000 (500); one seed. Each cell is a
row of `measured/transfer.jsonl` beside the script; what is there is not measured again, and what was begun, in the
user's cache folder, is gone on with. `--minutes` ends the script after so many. It needs ../shared/data. Prints the
tables; the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import packages_first  # noqa: F401
from measuring import table
from study_parts.cells import AT_ONCE, CellScores, learnt, preload, scored
from study_parts.ledger import Deadline, StudyCell, StudyLedger
from study_parts.linked import LINKED, linked_set
from study_parts.sentences import sentences
from study_parts.sets import StudySet, needed, study_set
from study_parts.sizes import Annotated, ordered

from annotation.adapter import AdapterAnnotator
from annotation.settings import AdapterSettings
from curation.adapters.questions import AskedPieces, QuestionReader
from curation.adapters.relation_pairs import allowed_pairs
from curation.batches import batched
from curation.record import Layer
from curation.scheme import Scheme
from curation.scoring.entities import Score
from curation.stage import Item
from curation.tagging.folder import load_encoder
from curation.tagging.tagger import to_entities
from curation.views.questions import questions_of
from training.joined import JoinedSets, SetSource
from training.relations import kinds_of
from training.settings import TrainingSettings

#: Raised when the same cell would be measured otherwise, by what is tuned.
VERSIONS = {"lora": 3, "full": 4}
SETS = ("maccrobat", "e3c", "phee", "bc5cdr", "ncbi-disease", "chia")
#: Sets whose records are no sentences, but have many.
DOCUMENTS = ("maccrobat", "e3c", "chia")
#: Sets whose relations are learnt by questions as well as by marked pairs.
BY_QUESTIONS = ("maccrobat", "phee")
PARTS = ("single", "multi", "left-out", "relations")
#: Pairs to learn from and to be measured on, of a set: questions, and marked pairs.
PAIRS = {"questions": (1500, 1000), "left-out": (750, 500), "relations": (1500, 1000)}
QUICK = {"questions": (240, 120), "left-out": (240, 120), "relations": (240, 120)}
#: Sentences of the set left out, and how often they are read.
SHOTS = {5: 10, 20: 5, 100: 2}
QUICK_SHOTS = {5: 4}
NEGATIVES = 2.0
COMMON: dict[str, Any] = {
    "epochs": 2,
    "batch_size": 4,
    "window": 128,
    "stride": 32,
    "threads": 1,
    "allow_lost": True,
    "negatives": NEGATIVES,
}
#: Highest learning rate of each kind: at 0.002, LoRA ended with questions that had no answer at all. In full tuning the
#: head has its own, which is higher (`head_rate`).
RATES = {"full": 2e-4, "lora": 7e-4}


def main() -> None:
    """Measure the cells that have no row, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="a sixth of the pairs, three sets, two sets of relations")
    parser.add_argument("--minutes", type=float, help="end after so many, and go on with the next call")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this one; may be given again")
    words = parser.parse_args()
    parts = words.part or PARTS
    names = SETS[2:5] if words.quick else SETS
    linked = ("chemprot", "phee") if words.quick else tuple(LINKED)
    if lacking := needed([*names, *(linked if "relations" in parts else ())]):
        raise SystemExit(lacking)
    cells = list(_cells(parts, names, linked, quick=words.quick))
    for name in names if {*parts} - {"relations"} else ():
        _cut(name)  # read once, before processes of cells are forked
    for name in linked if "relations" in parts else ():
        linked_set(name)
    preload()
    ledger = StudyLedger("transfer", quick=words.quick)
    left = ledger.measure(cells, Deadline.after(words.minutes))
    rows = [row for cell in cells if (row := ledger.rows.get(cell.digest))]
    print(shown(rows))
    print(json.dumps({"cells": len(cells), "left": left, **summary(rows)}))


def _cells(parts: Sequence[str], names: Sequence[str], linked: Sequence[str], *, quick: bool) -> Iterator[StudyCell]:
    train, test = (QUICK if quick else PAIRS)["questions"]
    common = {"pairs": train, "test": test}
    parameters: dict[str, Any]
    if "single" in parts:
        for name in names:
            for kind in ("full", "lora"):
                parameters = {"part": "single", "set": name, "kind": kind, "version": VERSIONS[kind], **common}
                yield StudyCell(parameters, partial(_single, parameters))
    if "multi" in parts:
        parameters = {"part": "multi", "sets": [*names], "kind": "full", "version": VERSIONS["full"], **common}
        yield StudyCell(parameters, partial(_multi, parameters))
    if "left-out" in parts:
        shots = QUICK_SHOTS if quick else SHOTS
        train, test = (QUICK if quick else PAIRS)["left-out"]
        for name in names:
            parameters = {"part": "left-out", "set": name, "sets": [*names]}
            parameters |= {"version": VERSIONS["full"], "pairs": train, "test": test}
            parameters |= {"shots": {str(count): epochs for count, epochs in shots.items()}}
            yield StudyCell(parameters, partial(_left_out, parameters))
    if "relations" in parts:
        train, test = (QUICK if quick else PAIRS)["relations"]
        ways: tuple[tuple[Sequence[str], dict[str, str]], ...] = ((linked, {}), (BY_QUESTIONS, {"way": "questions"}))
        for sets, way in ways:
            for name in (name for name in sets if name in linked):
                for kind in ("full", "lora"):
                    parameters = {"version": VERSIONS[kind], "part": "relations", "set": name, "kind": kind}
                    parameters |= {"pairs": train, "test": test, **way}
                    yield StudyCell(parameters, partial(_relations, parameters))


@cache
def _cut(name: str) -> StudySet:
    """The sentences of a set."""
    of = study_set(name)
    if name not in DOCUMENTS:
        return of
    return StudySet(name, of.scheme, tuple(sentences(of.train)), tuple(sentences(of.test)))


def _asked(name: str, pairs: int, test: int) -> StudySet:
    """As many sentences of a set as have so many pairs with a question to learn from, and to be measured on."""
    of = _cut(name)
    chosen: list[Annotated] = []
    count = 0.0
    for pair in ordered(of.train, 0):
        count += (1 + NEGATIVES) * len({entity.category for entity in pair[1].entities if of.scheme.counts(entity)})
        if count > pairs:
            break
        chosen.append(pair)
    return StudySet(name, of.scheme, tuple(chosen), tuple(ordered(of.test, 0)[: test // len(of.scheme.names)]))


def _settings(kind: str, **more: Any) -> TrainingSettings:
    common = {"task": "entities", "model": "questions", "tuning": kind, "learning_rate": RATES[kind], **COMMON}
    return TrainingSettings(**{**common, **more})


def _single(parameters: Mapping[str, Any], folder: Path, deadline: Deadline) -> dict[str, Any]:
    """One set alone."""
    of = _asked(parameters["set"], parameters["pairs"], parameters["test"])
    manifest = learnt(of.train, of.scheme, _settings(parameters["kind"]), folder, deadline)
    told = {"sentences": len(of.train), "tested": len(of.test), "training_seconds": manifest.seconds}
    return told | _read(folder, of.scheme, of.test, deadline).figures


def _joined(parameters: Mapping[str, Any], apart: str | None = None) -> JoinedSets:
    sources = {}
    for name in parameters["sets"]:
        of = _asked(name, parameters["pairs"], parameters["test"])
        sources[name] = SetSource(name, of.scheme, name, {"train": of.train, "test": of.test})
    learning = [source for name, source in sources.items() if name != apart]
    return JoinedSets(learning, apart=[sources[apart]] if apart else [])


def _multi(parameters: Mapping[str, Any], folder: Path, deadline: Deadline) -> dict[str, Any]:
    """All sets together, measured on each."""
    joined = _joined(parameters)
    manifest = learnt(joined.train, joined.scheme, _settings("full"), folder, deadline)
    by_set = {}
    for name in parameters["sets"]:
        test = list(joined.pairs(name, "test"))
        by_set[name] = _read(folder, joined.own_scheme(name), test, deadline).figures
    return {"training_seconds": manifest.seconds, "by_set": by_set}


def _left_out(parameters: Mapping[str, Any], folder: Path, deadline: Deadline) -> dict[str, Any]:
    """All sets but one, measured on it with some of its sentences, and these alone."""
    name = parameters["set"]
    joined = _joined(parameters, apart=name)
    others = folder / "others"
    manifest = learnt(joined.train, joined.scheme, _settings("full"), others, deadline)
    scheme, test = joined.own_scheme(name), list(joined.pairs(name, "test"))
    shots = {"0": _read(others, scheme, test, deadline).figures}
    alone: dict[str, Any] = {}
    examples = [pair for pair in joined.pairs(name, "train") if any(map(scheme.counts, pair[1].entities))]
    for count, epochs in parameters["shots"].items():
        some = examples[: int(count)]
        for found, base in ((shots, str(others / "adapter")), (alone, None)):
            settings = _settings("lora", epochs=epochs, **({"base_model": base} if base else {}))
            own = folder / f"{count} {'on others' if base else 'alone'}"
            learnt(some, scheme, settings, own, deadline)
            found[count] = _read(own, scheme, test, deadline).figures
    return {"training_seconds": manifest.seconds, "shots_f1": shots, "alone_f1": alone}


def _read(folder: Path, scheme: Scheme, pairs: Sequence[Annotated], deadline: Deadline) -> CellScores:
    """The scores of the adapter in a folder that is asked the questions of a scheme, learnt ones or not."""
    model, splitter, manifest = load_encoder(folder / "adapter")
    asked = AskedPieces(splitter, questions_of(scheme), scheme.names, window=manifest.window)
    reader = QuestionReader(model, splitter, scheme.names, asked, manifest.stride)
    layers: list[Layer] = []
    for some in batched(pairs, AT_ONCE):
        deadline.check()
        texts = [record.text for record, _ in some]
        for (record, _), spans in zip(some, reader(texts, ["en"] * len(texts)), strict=True):
            entities = to_entities(record.text, spans)
            layers.append(Layer(record_id=record.id, name="questions", author="questions", entities=entities))
    return scored(pairs, layers, scheme)


def _relations(parameters: Mapping[str, Any], folder: Path, deadline: Deadline) -> dict[str, Any]:
    """Relations between the gold entities of one set."""
    of = linked_set(parameters["set"])
    kinds = kinds_of(of.scheme)

    def up_to(pairs: Iterable[Annotated], most: int) -> list[Annotated]:
        chosen: list[Annotated] = []
        count = 0
        for record, layer in pairs:
            count += sum(1 for _ in allowed_pairs(layer, kinds))
            if count > most:
                break
            chosen.append((record, layer))
        return chosen

    train = up_to(ordered(of.train, 0), parameters["pairs"])
    test = up_to(ordered(of.test, 0), parameters["test"])
    settings = _settings(parameters["kind"], task="relations", model=parameters.get("way", "pairs"))
    manifest = learnt(train, of.scheme, settings, folder, deadline)
    annotator = AdapterAnnotator(folder / "adapter", of.scheme, AdapterSettings(reads="gold"))
    layers: list[Layer] = []
    for some in batched(test, AT_ONCE):
        deadline.check()
        for result in annotator([Item(record, {"gold": layer}) for record, layer in some]):
            layers += result.layers
    relations = scored(test, layers, of.scheme).report.relations
    none = Score(precision=None, recall=None, f1=None, matched=0, gold=0, predicted=0)
    found = relations.strict.micro if relations else none
    told = {"sentences": len(train), "tested": len(test), "training_seconds": manifest.seconds}
    return told | {"f1": found.f1 or 0.0, "f1_interval": found.f1_interval, "gold": found.gold}


def shown(rows: Sequence[Mapping[str, Any]]) -> str:
    """The tables of the parts that have rows."""
    by_part = {part: [row for row in rows if row["part"] == part] for part in PARTS}
    tables = [
        _alone_and_together(by_part["single"], by_part["multi"]),
        _shots(by_part["left-out"]),
        _kinds("relations in", by_part["relations"]),
    ]
    return "\n\n".join(filter(None, tables))


def _f1(figures: Mapping[str, Any] | None) -> str:
    if figures is None:
        return "-"
    low, high = figures["f1_interval"] or (0.0, 0.0)
    return f"{figures['f1']:.3f} ({low:.3f} to {high:.3f})"


def _alone_and_together(single: Sequence[Mapping[str, Any]], multi: Sequence[Mapping[str, Any]]) -> str:
    """Strict F1 of each set."""
    alone = {(row["set"], row["kind"]): row for row in single}
    together = multi[-1]["by_set"] if multi else {}
    lines: list[tuple[object, ...]] = []
    for name in (name for name in SETS if any(key[0] == name for key in alone) or name in together):
        full, lora = alone.get((name, "full")), alone.get((name, "lora"))
        costs = [(round(row["processor_seconds"]), row["peak_mb"]) if row else ("-", "-") for row in (full, lora)]
        lines.append((name, _f1(full), _f1(lora), _f1(together.get(name)), *costs[0], *costs[1]))
    if multi:
        lines.append(("(together)", *("",) * 5, round(multi[-1]["processor_seconds"]), multi[-1]["peak_mb"]))
    head = ("questions about", "alone, full", "alone, LoRA", "all sets, full")
    costs_head = ("processor s, full", "peak MB, full", "processor s, LoRA", "peak MB, LoRA")
    return table((*head, *costs_head), lines) if lines else ""


def _shots(rows: Sequence[Mapping[str, Any]]) -> str:
    """Strict F1 on each set left out by how many of its sentences were seen."""
    if not rows:
        return ""
    counts = [*rows[0]["shots_f1"]]
    head = ("left out", *(f"others + {count}" for count in counts), *(f"{count} alone" for count in counts[1:]))
    lines: list[tuple[object, ...]] = [
        (
            row["set"],
            *(_f1(row["shots_f1"][count]) for count in counts),
            *(_f1(row["alone_f1"][count]) for count in counts[1:]),
            round(row["processor_seconds"]),
            row["peak_mb"],
        )
        for row in rows
    ]
    return table((*head, "processor s", "peak MB"), lines)


def _kinds(title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    names = ("kind", "sentences", "gold")
    lines: list[tuple[object, ...]] = [
        (_told(row), *(row[name] for name in names), _f1(row), round(row["processor_seconds"]), row["peak_mb"])
        for row in rows
    ]
    head = (title, "tuned", "sentences learnt from", "relations to find", "strict F1 on gold entities (95 %)")
    return table((*head, "processor s", "peak MB"), lines) if lines else ""


def _told(row: Mapping[str, Any]) -> str:
    """The set of a row, with how its relations were learnt where that is not by marked pairs."""
    return f"{row['set']} by {row['way']}" if "way" in row else str(row["set"])


def summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Strict F1 by part, set and way, and what LoRA loses to tuning of all weights, set by set."""
    f1: dict[str, dict[str, float]] = {part: {} for part in PARTS}
    for row in rows:
        if row["part"] == "multi":
            f1["multi"] |= {name: round(found["f1"], 4) for name, found in row["by_set"].items()}
        elif row["part"] == "left-out":
            shots = {f"{row['set']}, {count}": found["f1"] for count, found in row["shots_f1"].items()}
            alone = {f"{row['set']}, {count} alone": found["f1"] for count, found in row["alone_f1"].items()}
            f1["left-out"] |= {name: round(found, 4) for name, found in (shots | alone).items()}
        else:
            f1[row["part"]][f"{_told(row)}, {row['kind']}"] = round(row["f1"], 4)
    both = {**f1["single"], **{f"relations {name}": found for name, found in f1["relations"].items()}}
    names = [name.removesuffix(", lora") for name in both if name.endswith(", lora")]
    losses = {
        name: round(both[f"{name}, lora"] - both[f"{name}, full"], 4) for name in names if f"{name}, full" in both
    }
    return {**{part: found for part, found in f1.items() if found}, "lora_minus_full": losses}


if __name__ == "__main__":
    main()
