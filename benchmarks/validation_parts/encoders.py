"""Other ways to run the packaged encoder: how fast they are, how near their vectors, and which verdicts change."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import numpy as np
import torch
from measuring import table

from curation.embeddings.encoder import SentenceEncoder, load_encoder
from curation.text.sentences import sentence_texts
from validation_parts.encoder_backends import BACKENDS, EncoderBackend, Sources, encoder_of
from validation_parts.encoder_verdicts import VerdictChanges, changes, sets
from validation_parts.planted import maccrobat, sample
from validation_parts.speed import reports

#: Sentences and entities that are encoded for each turn, and turns.
TEXTS = {True: 8, False: 250}
TURNS = {True: 1, False: 3}
#: Of what is not this many times as fast as torch the verdicts are not asked.
WORTH = 1.05
OURS = "torch"
#: The other ways that a quick run takes: nothing is exported, and no verdicts are asked.
QUICK = frozenset({"torch int8, dynamic"})


@dataclass
class Paces:
    """Seconds a turn, and cosines of the vectors to those of torch."""

    sentences: list[float] = field(default_factory=list)
    entities: list[float] = field(default_factory=list)
    clock: list[float] = field(default_factory=list)
    cosines: list[float] = field(default_factory=list)


def run(*, quick: bool) -> dict[str, object]:
    """Pace, cosines and changed verdicts of each backend that is installed, beside torch in the same run."""
    sentences, entities = _texts(TEXTS[quick], quick)
    absent = [backend for backend in BACKENDS.values() if backend.missing]
    for backend in absent:
        print(f"{backend.name} is not installed: {', '.join(backend.missing)}")
    there = [backend for backend in BACKENDS.values() if backend not in absent]
    threads = torch.get_num_threads()
    with tempfile.TemporaryDirectory() as folder:
        sources = Sources(load_encoder(backend="torch")._model, Path(folder), sentences[len(sentences) // 2 :])
        made = [backend for backend in there if not quick or backend.name in QUICK]
        found = _paces(made, sources, sentences[: len(sentences) // 2], entities, turns=TURNS[quick], threads=threads)
        print(_shown(found, threads), flush=True)
        usable = [backend for backend in made if _ratio(found, backend.name, lambda paces: paces.sentences) >= WORTH]
        changed = {} if quick else _verdicts(usable, sources, threads)
    return {
        "encoders": {
            name: {
                "sentences_pace": round(_ratio(found, name, lambda paces: paces.sentences), 3),
                "entities_pace": round(_ratio(found, name, lambda paces: paces.entities), 3),
                "worst_cosine": round(float(min(paces.cosines)), 5),
                "verdicts_changed": sum(change.verdicts for change in changed[name]) if name in changed else None,
                "records_on_another_side": sum(change.sides for change in changed[name]) if name in changed else None,
            }
            for name, paces in found.items()
        },
        "encoders_absent": [backend.name for backend in absent],
    }


def _texts(count: int, quick: bool) -> tuple[list[str], list[str]]:
    """Twice as many different sentences as are encoded (the second half to calibrate by), and entities."""
    wanted: dict[str, None] = {}
    for record in reports(4 if quick else 100):
        wanted |= dict.fromkeys(sentence_texts(record.text, record.language))
    cases = sample(True) if quick else maccrobat(False) or sample(False)
    entities = dict.fromkeys(entity.text for case in cases for entity in (case.layer.entities if case.layer else ()))
    return list(wanted)[: 2 * count], list(entities)[:count]


def _paces(
    backends: Sequence[EncoderBackend],
    sources: Sources,
    sentences: Sequence[str],
    entities: Sequence[str],
    *,
    turns: int,
    threads: int,
) -> dict[str, Paces]:
    """Each backend in turn, several times: what else the machine does then falls on all of them."""
    ours = load_encoder(backend="torch")
    together = {OURS: ours} | {backend.name: encoder_of(backend, sources, threads) for backend in backends}
    torch.set_num_threads(1)
    alone = {OURS: ours} | {backend.name: encoder_of(backend, sources, 1) for backend in backends}
    found = {name: Paces() for name in alone}
    expected = ours._forward([*sentences, *entities])
    for name, encoder in alone.items():
        vectors = encoder._forward([*sentences, *entities])
        found[name].cosines = list(np.sum(vectors * expected, axis=1) / np.linalg.norm(vectors, axis=1))
    for _ in range(turns):
        for name, encoder in alone.items():
            found[name].sentences.append(_seconds(process_time, encoder, sentences))
            found[name].entities.append(_seconds(process_time, encoder, entities))
    torch.set_num_threads(threads)
    for _ in range(turns):
        for name, encoder in together.items():
            found[name].clock.append(_seconds(perf_counter, encoder, sentences))
    return found


def _seconds(clock: Callable[[], float], encoder: SentenceEncoder, texts: Sequence[str]) -> float:
    """What the forward pass of our batches takes, without any cache."""
    started = clock()
    encoder._forward(texts)
    return clock() - started


def _ratio(found: dict[str, Paces], name: str, of: Callable[[Paces], list[float]]) -> float:
    """How many times as fast as torch: the median of the turns, each beside torch's own."""
    return median(torchs / own for torchs, own in zip(of(found[OURS]), of(found[name]), strict=True))


def _shown(found: dict[str, Paces], threads: int) -> str:
    rows: list[tuple[object, ...]] = [
        (
            name,
            median(paces.sentences),
            _ratio(found, name, lambda paces: paces.sentences),
            median(paces.entities),
            _ratio(found, name, lambda paces: paces.entities),
            _ratio(found, name, lambda paces: paces.clock),
            f"{min(paces.cosines):.5f}",
            f"{sum(paces.cosines) / len(paces.cosines):.5f}",
        )
        for name, paces in found.items()
    ]
    head = (
        "way",
        "sentences: seconds of a core",
        "times as fast",
        "entities: seconds of a core",
        "times as fast",
        f"sentences by the clock, {threads} threads: times as fast",
        "least cosine",
        "mean cosine",
    )
    return f"\n{table(head, rows)}\n"


def _verdicts(backends: Sequence[EncoderBackend], sources: Sources, threads: int) -> dict[str, list[VerdictChanges]]:
    """What each backend changes on each set of records, with every rule on."""
    encoders = {backend.name: encoder_of(backend, sources, threads) for backend in backends}
    found: dict[str, list[VerdictChanges]] = {name: [] for name in encoders}
    vectors = sources.folder / "vectors.db"
    for name, records in sets().items():
        rows: list[tuple[object, ...]] = []
        for backend, change in changes(records, load_encoder(backend="torch"), encoders, vectors).items():
            found[backend].append(change)
            says = ", ".join(f"{rule} {count}" for rule, count in change.by_rule.items()) or "none"
            rows.append((name, backend, change.records, change.verdicts, says, change.sides))
        head = ("records", "way", "how many", "verdicts that change", "by rule", "records on another side")
        print(f"{table(head, rows)}\n", flush=True)
    return found
