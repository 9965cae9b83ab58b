"""Leaks: real ones between public corpora against their lists, planted ones in generated records."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from time import perf_counter

from measuring import table

from curation.embeddings.encoder import Encoder, load_encoder
from curation.record import Record
from curation.sources import Read, ReadOptions, read
from validation.leakage import RUN_WORDS, WORD, LeakKind, RetellingSearch, find_leaks
from validation.measures.semantic.leaks import find_retellings
from validation.settings import DuplicateSettings
from validation_parts.error_planting import Share
from validation_parts.paraphrases import rewritten
from validation_parts.semantic_duplicates import e3c, retold

DATA = Path(__file__).parents[3] / "shared" / "data"
GENERATED = {True: 150, False: 1_000}
#: Generated cases told twice, in each language; a quick run encodes a handful of texts.
TOLD = {True: 4, False: 250}
HEAD = ("held out", "against", "leaks", "found", "others", "reported", "too short", "records a second")


@dataclass(frozen=True, slots=True)
class Tried:
    """The result of the search for leaks on two sides of which all leaks are known."""

    held: str
    seen: str
    found: Share
    reported: Share
    short: int
    speed: float

    @property
    def row(self) -> tuple[object, ...]:
        """A line of the table."""
        return (
            *(self.held, self.seen, self.found.of, self.found, self.reported.of, self.reported, self.short),
            round(self.speed),
        )


def run(*, quick: bool) -> dict[str, object]:
    """Recall and false alarms by kind of leak; the corpora take a minute to read and are left out of a quick run."""
    tries = planted(quick) | semantic(quick)
    if DATA.is_dir() and not quick:
        tries["real leak, abstracts"] = abstracts()
        tries["real leak, sections"] = sections()
    print(table(HEAD, [attempt.row for attempt in tries.values()]))
    return {
        "recall": {name: round(attempt.found.value, 4) for name, attempt in tries.items()},
        "false_alarm": {name: round(attempt.reported.value, 4) for name, attempt in tries.items()},
    }


def tried(
    names: tuple[str, str],
    held: Sequence[Record],
    seen: Sequence[Record],
    leaked: frozenset[str],
    retellings: RetellingSearch | None = None,
) -> Tried:
    """The search on two sides; `leaked` are the ids of the held-out records that it should find."""
    started = perf_counter()
    found = find_leaks(held, lambda: seen, retellings=retellings)
    seconds = perf_counter() - started
    ids = {record.id for record in held}
    # With embeddings only what they find counts: copied sentences are found by passages, too.
    named = {leak.record for leak in found.leaks if retellings is None or leak.way is LeakKind.OTHER_WORDS}
    return Tried(
        *names,
        found=Share(len(named & leaked), len(leaked)),
        reported=Share(len(named - leaked), len(ids - leaked)),
        short=found.short,
        speed=(len(held) + len(seen)) / seconds,
    )


def planted(quick: bool) -> dict[str, Tried]:
    """Generated records, half of them held out, and beside them a leak of each kind planted into half as many."""
    from curation.generate import generate

    records = [record for record, _ in generate(GENERATED[quick], seed=11) if record.language == "en"]
    chance = Random(11)
    middle = len(records) // 2
    seen, sound = records[:middle], records[middle:]
    kinds: dict[str, list[Record]] = {kind: [] for kind in WAYS}
    for at, record in enumerate(chance.sample(seen, len(seen) // 2)):
        kind = list(WAYS)[at % len(WAYS)]
        kinds[kind].append(WAYS[kind](record, chance))
    return {
        f"leak, {kind}": tried((kind, "generated"), [*leaked, *sound], seen, frozenset(record.id for record in leaked))
        for kind, leaked in kinds.items()
    }


def semantic(quick: bool) -> dict[str, Tried]:
    """Of the cases held out half are told in other words on the other side, among as many other patients.

    The generated ones are of a seed, and the real ones of a corpus, that no limit was chosen on.
    """
    encoder: Encoder = load_encoder()
    if not quick:
        encoder = load_encoder().cached_in(Path(tempfile.gettempdir()) / "clincurate-benchmark-vectors.db")
    again = partial(find_retellings, encoder=encoder, minimum=DuplicateSettings().semantic)
    tries: dict[str, Tried] = {}
    for language in ("en",) if quick else ("en", "de"):
        tries[f"leak, other words, {language}"] = _told(retold(TOLD[quick], language), f"generated, {language}", again)
    if not quick and (reports := e3c()):
        pairs = [(record, _changed(record, rewritten(record, Random(record.id)))) for record in reports]
        tries["leak, other words, real"] = _told(pairs, "E3C", again)
    return tries


def _told(pairs: Sequence[tuple[Record, Record]], source: str, again: RetellingSearch) -> Tried:
    third = len(pairs) // 3
    held = [_apart(record) for record, _ in pairs[: 2 * third]]
    seen = [*(other for _, other in pairs[:third]), *(record for record, _ in pairs[2 * third :])]
    return tried(("other words", source), held, seen, frozenset(record.id for record in held[:third]), again)


def _apart(record: Record) -> Record:
    """The record as one of another patient, tied to nothing but by what it tells."""
    return record.model_copy(update={"id": f"held-{record.id}", "group": f"held-{record.group}"})


def _changed(record: Record, text: str, **fields: object) -> Record:
    """A record of its own with another text."""
    return record.model_copy(
        update={"id": f"planted-{record.id}", "group": f"planted-{record.id}", "text": text} | fields
    )


def copied(record: Record, chance: Random) -> Record:
    """The same text, in capitals."""
    return _changed(record, record.text.upper())


def edited(record: Record, chance: Random) -> Record:
    """A near-duplicate: one word in fifty is another."""
    words = record.text.split(" ")
    for at in chance.sample(range(len(words)), max(1, len(words) // 50)):
        words[at] = "otherwise"
    return _changed(record, " ".join(words))


def cut(record: Record, chance: Random) -> Record:
    """A third of the text."""
    words = record.text.split(" ")
    start = chance.randrange(1 + 2 * len(words) // 3)
    return _changed(record, " ".join(words[start : start + max(RUN_WORDS + 4, len(words) // 3)]))


def grouped(record: Record, chance: Random) -> Record:
    """Another report about the same patient."""
    return _changed(record, _unheard(chance), group=record.group)


def translated(record: Record, chance: Random) -> Record:
    """A translation, in words that have nothing in common."""
    return _changed(record, _unheard(chance), language="de", translation_of=record.id)


def _unheard(chance: Random) -> str:
    return " ".join("".join(chance.choices("aeilmnorstu", k=9)) for _ in range(80))


WAYS = {
    "same text": copied,
    "near-duplicate": edited,
    "passages": cut,
    "group": grouped,
    "translation": translated,
}


def abstracts() -> Tried:
    """BioRED's abstracts in BC5CDR, which has one sentence a record."""
    held = _read(*(f"biored/{name}.PubTator" for name in ("Train", "Dev", "Test")), mapping="biored")
    seen = _read(*(f"bc5cdr/{name}.tsv" for name in ("train", "devel", "test")), mapping="bc5cdr-iob")
    rows = _list("biored_overlap_pmids.tsv")
    listed = {row["pmid"] for row in rows if row["overlap_with"] == "BC5CDR"}
    return _against_list(("BioRED", "BC5CDR"), held, seen, listed)


def sections() -> Tried:
    """MTS-Dialog's sections in MTSamples, of whose notes they were cut."""
    held = _read("mts_dialog", mapping="mts-dialog")
    seen = _read("mtsamples", mapping="mtsamples")
    rows = _list("mts_dialog_sections_in_mtsamples.tsv")
    listed = {f"{Path(row['file']).stem}:{row['ID']}" for row in rows}
    # The list leaves short sections out; many of them stand in some note.
    long = [record for record in held if len(WORD.findall(record.text)) >= RUN_WORDS]
    return _against_list(("MTS-Dialog", "MTSamples"), long, seen, listed)


def _against_list(names: tuple[str, str], held: list[Record], seen: list[Record], listed: set[str]) -> Tried:
    return tried(names, held, seen, frozenset(record.id for record in held if record.meta["source_id"] in listed))


def _read(*paths: str, mapping: str) -> list[Record]:
    options = ReadOptions(language="en")
    found = (item for path in paths for item in read(DATA / path, mapping=mapping, options=options))
    return [item.record for item in found if isinstance(item, Read)]


def _list(name: str) -> list[dict[str, str]]:
    with (DATA / "overlaps" / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))
