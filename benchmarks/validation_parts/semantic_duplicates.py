"""Semantic duplicates: texts in another form beside sound ones, and the real near-duplicates of MTSamples.

The limits were chosen on generated cases of one seed, the sample and MTSamples. Recall and false alarms are those of
sources that were not looked at when choosing: another seed, and E3C's case reports.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random

from measuring import measured, table

from curation.embeddings.encoder import Encoder, load_encoder
from curation.record import Record
from curation.sets.duplicates import THRESHOLD, find_duplicates
from validation.measures.semantic.duplicates import find_repeats
from validation.settings import DuplicateSettings
from validation_parts.duplicates import mtsamples
from validation_parts.error_planting import Share
from validation_parts.paraphrases import reworded, rewritten, shuffled

DATA = Path(__file__).parents[3] / "shared" / "data"
#: Generated cases that are told twice, in each language; and texts of a source that are told otherwise.
CASES = {True: 2, False: 250}
TEXTS = {True: 2, False: 50}
#: The seed whose cases the limits were chosen on, and one whose cases they were not.
CHOSEN_ON, NEW = 21, 34
#: Case reports of E3C that are taken, of this many characters.
REPORTS, LENGTHS = 100, (600, 4_000)
#: Pairs of real notes from this share of word runs in common on are looked at.
LIKE = 0.35

WAYS: Mapping[str, Callable[[Record, Random], str]] = {
    "shuffled sentences": shuffled,
    "other words": reworded,
    "other words and order": rewritten,
}


def run(*, quick: bool) -> dict[str, object]:
    """Recall by form of paraphrase, and sound records reported; a quick run encodes a handful of texts."""
    encoder: Encoder = load_encoder()
    if not quick:
        encoder = load_encoder().cached_in(Path(tempfile.gettempdir()) / "clincurate-benchmark-vectors.db")
    rows: list[tuple[object, ...]] = []
    recall: dict[str, Share] = {}
    false: dict[str, Share] = {}

    def add(way: str, source: str, new: bool, told: Sequence[tuple[Record, Record]], sound: Sequence[Record]) -> None:
        found, wrong = tried(told, sound, encoder)
        if new:
            recall[way] = recall.get(way, Share(0, 0)) + found
            false[way] = false.get(way, Share(0, 0)) + wrong
        rows.append((way, source, "no" if new else "yes", found.of, found, wrong.of, wrong))
        # Encoding takes long: each line is told when it is there.
        print(*rows[-1], sep=" | ", file=sys.stderr, flush=True)

    for seed in (NEW,) if quick else (NEW, CHOSEN_ON):
        for language in ("en",) if quick else ("en", "de"):
            told = retold(CASES[quick], language, seed)
            add("retold", f"generated, {language}, seed {seed}", seed == NEW, told, [record for record, _ in told])
    for source, records in sources(quick).items():
        for way, change in WAYS.items():
            told = [(record, _copy(record, change(record, Random(record.id)))) for record in records[: TEXTS[quick]]]
            add(way, source, quick or source == "E3C", told, records)
    head = ("told otherwise", "in", "limits chosen on it", "texts", "found", "sound texts", "reported")
    print(table(head, rows) + "\n")
    if not quick:
        real(encoder)
    return {
        "recall": {f"semantic duplicate, {way}": round(share.value, 4) for way, share in recall.items()},
        "false_alarm": {f"semantic duplicate, {way}": round(share.value, 4) for way, share in false.items()},
    }


def tried(told: Sequence[tuple[Record, Record]], sound: Sequence[Record], encoder: Encoder) -> tuple[Share, Share]:
    """Of the pairs those that are found among all records; and sound records that are paired with another one."""
    copies = {copy.id: record.id for record, copy in told}
    records = {record.id: record for record in [*sound, *(copy for _, copy in told)]}
    found = find_repeats(
        list(records.values()),
        lambda ids: [records[id] for id in ids],
        encoder,
        minimum=DuplicateSettings().semantic,
    )
    pairs = {frozenset((pair.left, pair.right)) for pair in found.pairs}
    hits = sum(frozenset(pair) in pairs for pair in copies.items())
    reported = {id for pair in pairs for id in pair if not pair & copies.keys()}
    return Share(hits, len(copies)), Share(len(reported), len(sound))


def _copy(record: Record, text: str) -> Record:
    return record.model_copy(update={"id": f"copy {record.id}", "text": text})


def retold(count: int, language: str, seed: int = NEW) -> list[tuple[Record, Record]]:
    """Generated cases of a seed, each told under two plans."""
    from curation.generate.case_sampler import sample_case
    from curation.generate.discourse_plans import PLANS
    from curation.generate.records import realise

    told = []
    for number in range(count):
        chance = Random(f"{seed}:{number}")
        case = sample_case(chance)
        other = replace(case, plan=chance.choice([plan for plan in PLANS if plan != case.plan]))
        ((one, _),) = realise(case, number, (language,), seed=seed)
        ((two, _),) = realise(other, number, (language,), seed=seed + 1_000)
        told.append((one, two))
    return told


def sources(quick: bool) -> dict[str, list[Record]]:
    """English records that no other one repeats: the sample's, and real case reports where they are."""
    from curation.sources import Read, ReadOptions, read
    from curation.sources.sample import read_sample

    found = {"sample": [record for record, _ in islice(read_sample(("en",)), TEXTS[True] if quick else None)]}
    if not quick and (unseen := e3c()):
        found["E3C"] = unseen
    folder = DATA / "maccrobat"
    if folder.is_dir() and not quick:
        reports = read(folder, format="brat", mapping="maccrobat", options=ReadOptions(language="en"))
        found["MACCROBAT"] = [item.record for item in reports if isinstance(item, Read)]
    return found


def e3c() -> list[Record]:
    """Case reports by chance, none of which has runs of words in common with another; none without the data."""
    file = DATA / "e3c" / "case_reports_en.jsonl"
    if not file.is_file():
        return []
    with file.open(encoding="utf-8") as lines:
        texts = {report["id"]: report["text"] for report in map(json.loads, lines)}
    some = [id for id, text in texts.items() if LENGTHS[0] <= len(text) <= LENGTHS[1]]
    some = sorted(some, key=lambda id: hashlib.sha256(id.encode()).digest())[:REPORTS]
    alike = find_duplicates([(id, texts[id]) for id in some], threshold=LIKE).matches()
    return [Record(id=id, group=id, source="e3c", language="en", text=texts[id]) for id in some if id not in alike]


def real(encoder: Encoder) -> None:
    """Pairs of notes that have word runs in common, by how many: those that count as one case told twice."""
    notes = mtsamples()
    if not notes:
        return
    texts = dict(notes)
    near = find_duplicates(notes, threshold=LIKE)
    gone = find_duplicates(notes).matches()
    pairs = [pair for pair in near.pairs if pair.left not in gone and pair.right not in gone]
    ids = dict.fromkeys(id for pair in pairs for id in (pair.left, pair.right))
    records = {id: Record(id=id, group=id, source="m", language="en", text=texts[id]) for id in ids}
    with measured() as cost:
        repeats = find_repeats(
            list(records.values()),
            lambda some: [records[id] for id in some],
            encoder,
            minimum=DuplicateSettings().semantic,
        )
    told = {frozenset((pair.left, pair.right)) for pair in repeats.pairs}
    rows: list[tuple[object, ...]] = []
    for low, high in ((0.65, THRESHOLD), (0.5, 0.65), (LIKE, 0.5)):
        some = [pair for pair in pairs if low <= pair.similarity < high]
        both = sum(frozenset((pair.left, pair.right)) in told for pair in some)
        rows.append((f"{low:g} to {high:g}", len(some), both))
    known = {frozenset((pair.left, pair.right)) for pair in pairs}
    rows.append((f"below {LIKE:g}", "", len(told - known)))
    print(table(("word runs in common, MTSamples", "pairs", "called one case"), rows))
    print(f"\n{len(records)} notes, {len(records) / cost.seconds:.0f} a second, sentences encoded before or now")
