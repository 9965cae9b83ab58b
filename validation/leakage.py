"""Whether the other side already holds what a held-out side holds.

Six ways, each with the name it is reported by: a group on both sides, a translation of a record of the other
side, the same text, nearly the same text (MinHash, as in `curation.sets.duplicates`), the same case in other words,
and passages: runs of words of a held-out text that stand in texts of the other side, whichever they are. Passages
find a section of a longer note, and an abstract that the other side holds sentence by sentence. Sharing runs of
words is how test sets are looked for in what language models were trained on (Brown et al. 2020, appendix C, with
runs of 13 words).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from itertools import chain

import numpy as np
import numpy.typing as npt
from pydantic import JsonValue

from curation.record import Record, normal_group
from curation.sets.duplicates import THRESHOLD, NearDuplicate, find_duplicates, normalised

Hashes = npt.NDArray[np.uint64]

#: Finds held-out records (left) whose case the other side (right) tells in other words.
RetellingSearch = Callable[[Sequence[Record], Iterable[Record]], Iterable[NearDuplicate]]

#: Which splits may not be given away by which: what is trained or chosen on comes before what is measured on.
QUESTIONS = (("validation", ("train",)), ("test", ("train", "validation")))

#: Words in a run.
RUN_WORDS = 8
#: Share of a text's runs that must stand on the other side for the text to have leaked.
PASSAGES = 0.5
#: An odd multiplier, so that no bit of a word is lost (Knuth's, of the golden ratio).
MULTIPLIER = 0x9E3779B97F4A7C15
WORD = re.compile(r"[^\W_]+")
#: What is said of a way that nobody asked for, in the place of a count.
NOT_ASKED = "not asked"
#: Told apart from ids of the other side, where one record stands on both.
HELD = "held\x00"


class LeakKind(StrEnum):
    """How a held-out record has leaked; the surest first."""

    SAME_TEXT = "same text"
    NEAR_DUPLICATE = "near-duplicate"
    PASSAGES = "passages"
    OTHER_WORDS = "other words"
    TRANSLATION = "translation"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Leak:
    """A held-out record, one that gives it away, and how much of it (1 for a translation or a group)."""

    record: str
    other: str
    way: LeakKind
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Leakage:
    """What leaked, the worst first, of how many held-out records, against how many."""

    held: int
    seen: int
    leaks: tuple[Leak, ...]
    #: Held-out records with fewer words than a run, and not empty: only their whole text was compared.
    short: int
    #: Ways that were not looked for.
    not_asked: frozenset[LeakKind] = frozenset()

    @property
    def leaked(self) -> frozenset[str]:
        """The held-out records that leaked in any way."""
        return frozenset(leak.record for leak in self.leaks)

    @property
    def ways(self) -> dict[str, int | str]:
        """How many records leaked in each way, one perhaps in several, or that the way was not asked for."""
        counts = Counter(leak.way for leak in self.leaks)
        return {way.value: NOT_ASKED if way in self.not_asked else counts[way] for way in LeakKind}

    def as_json(self) -> dict[str, JsonValue]:
        """All of it, for scripts."""
        return {
            "held_out": self.held,
            "against": self.seen,
            "leaked": len(self.leaked),
            "too_short_for_passages": self.short,
            "ways": dict(self.ways),
            "leaks": [
                {"record": leak.record, "other": leak.other, "way": leak.way.value, "share": leak.share}
                for leak in self.leaks
            ],
        }


def find_leaks(
    held: Iterable[Record],
    seen: Callable[[], Iterable[Record]],
    *,
    near_duplicates: float = THRESHOLD,
    passages: float = PASSAGES,
    retellings: RetellingSearch | None = None,
) -> Leakage:
    """The held-out records that the other side gives away, each once for each way.

    held: kept in memory. seen: called two or three times, and streamed; of its texts signatures of 512 bytes stay.
    near_duplicates: estimated Jaccard similarity; passages: share of runs of eight words, both above 0 and at
    most 1. retellings: asked about those whose text is neither there nor nearly there. An empty text leaks
    through its group or its original only.
    """
    held = list(held)
    ties = _Ties(held)
    runs = _Runs(held)
    count = 0
    for record in seen():
        count += 1
        ties.meet(record)
        runs.meet(record)
    alike = list(_alike(held, seen(), near_duplicates))
    found = [*alike, *runs.leaks(passages), *ties.leaks]
    if retellings:
        found_ids = {leak.record for leak in alike}
        pairs = retellings([record for record in held if record.id not in found_ids], seen())
        found += [Leak(pair.left, pair.right, LeakKind.OTHER_WORDS, round(pair.similarity, 3)) for pair in pairs]
    order = {record.id: index for index, record in enumerate(held)}
    ways = list(LeakKind)
    found.sort(key=lambda leak: (ways.index(leak.way), -leak.share, order[leak.record]))
    not_asked = frozenset() if retellings else frozenset({LeakKind.OTHER_WORDS})
    return Leakage(held=len(held), seen=count, leaks=tuple(found), short=runs.short, not_asked=not_asked)


class _Ties:
    """Which held-out records have a group or an original in common with the other side."""

    def __init__(self, held: Sequence[Record]) -> None:
        self._groups: dict[str, list[str]] = {}
        self._originals: dict[str, list[str]] = {}
        for record in held:
            self._groups.setdefault(normal_group(record.group), []).append(record.id)
            for original in {record.id, record.translation_of or record.id}:
                self._originals.setdefault(original, []).append(record.id)
        self._found: dict[tuple[str, LeakKind], Leak] = {}

    def meet(self, record: Record) -> None:
        """Note whom a record of the other side gives away; the first that does is named."""
        self._note(self._groups.get(normal_group(record.group), ()), record.id, LeakKind.GROUP)
        for original in {record.id, record.translation_of or record.id}:
            # A record that stands on both sides is the same text, not its own translation.
            translations = [id for id in self._originals.get(original, ()) if id != record.id]
            self._note(translations, record.id, LeakKind.TRANSLATION)

    def _note(self, held: Iterable[str], seen_id: str, way: LeakKind) -> None:
        for id in held:
            self._found.setdefault((id, way), Leak(id, seen_id, way))

    @property
    def leaks(self) -> list[Leak]:
        """One for each record and way."""
        return list(self._found.values())


def _alike(held: Sequence[Record], seen: Iterable[Record], threshold: float) -> Iterator[Leak]:
    """Held-out records whose text stands on the other side, exactly or nearly."""
    ours = ((HELD + record.id, record.text) for record in held)
    found = find_duplicates(chain(ours, ((record.id, record.text) for record in seen)), threshold=threshold)
    sides = {first: _sides(members) for first, members in found.groups.items()}
    same: set[str] = set()
    for held_ids, seen_ids in sides.values():
        if seen_ids:
            same.update(held_ids)
            yield from (Leak(id, seen_ids[0], LeakKind.SAME_TEXT) for id in held_ids)
    best: dict[str, Leak] = {}
    for pair in found.pairs:
        for mine, theirs in ((pair.left, pair.right), (pair.right, pair.left)):
            for id in sides[mine][0] if sides[theirs][1] else ():
                leak = Leak(id, sides[theirs][1][0], LeakKind.NEAR_DUPLICATE, round(pair.similarity, 3))
                if id not in same and (id not in best or best[id].share < leak.share):
                    best[id] = leak
    yield from best.values()


def _sides(members: Sequence[str]) -> tuple[list[str], list[str]]:
    """The ids of one text on the held-out side, and those on the other."""
    mine = [id.removeprefix(HELD) for id in members if id.startswith(HELD)]
    return mine, [id for id in members if not id.startswith(HELD)]


@dataclass(slots=True)
class _Most:
    """The text that holds most of a held-out text's runs."""

    runs: int = 0
    id: str = ""


@dataclass
class _Runs:
    """Runs of words of the held-out texts, and which of them the other side has."""

    held: Sequence[Record]
    short: int = 0
    _words: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        hashed = [self._hashes(record.text) for record in self.held]
        self.short = sum(
            not len(hashes) and bool(record.text.strip()) for record, hashes in zip(self.held, hashed, strict=True)
        )
        runs = np.concatenate([np.zeros(0, np.uint64), *hashed])
        owners = np.repeat(np.arange(len(hashed)), [len(hashes) for hashes in hashed])
        # Sorted once, so that each text of the other side is looked up and not compared.
        order = np.argsort(runs, kind="stable")
        self._runs, self._owners = runs[order], owners[order]
        self._met = np.zeros(len(runs), dtype=bool)
        self._most: list[_Most] = [_Most() for _ in self.held]

    def meet(self, record: Record) -> None:
        """Mark the held-out runs that stand in this text."""
        theirs = np.unique(self._hashes(record.text))
        starts = np.searchsorted(self._runs, theirs, side="left")
        ends = np.searchsorted(self._runs, theirs, side="right")
        common = np.flatnonzero(ends > starts)
        if not len(common):
            return
        rows = np.concatenate([np.arange(starts[at], ends[at]) for at in common])
        self._met[rows] = True
        owners, counts = np.unique(self._owners[rows], return_counts=True)
        for owner, count in zip(owners.tolist(), counts.tolist(), strict=True):
            if count > self._most[owner].runs:
                self._most[owner] = _Most(count, record.id)

    def leaks(self, least: float) -> Iterator[Leak]:
        """The held-out records of whose runs at least this share was met."""
        totals = np.bincount(self._owners, minlength=len(self.held))
        met = np.bincount(self._owners[self._met], minlength=len(self.held))
        for index, record in enumerate(self.held):
            if totals[index] and met[index] >= least * totals[index]:
                share = round(float(met[index] / totals[index]), 3)
                yield Leak(record.id, self._most[index].id, LeakKind.PASSAGES, share)

    def _hashes(self, text: str) -> Hashes:
        """One number for each run of words, in order; none for a text shorter than a run."""
        words = WORD.findall(normalised(text))
        if len(words) < RUN_WORDS:
            return np.zeros(0, np.uint64)
        values = np.array([self._word(word) for word in words], dtype=np.uint64)
        count = len(words) - RUN_WORDS + 1
        runs: Hashes = np.zeros(count, np.uint64)
        for at in range(RUN_WORDS):
            # Wraps round at 64 bits, as it should.
            runs = runs * np.uint64(MULTIPLIER) + values[at : at + count]
        return runs

    def _word(self, word: str) -> int:
        """The word's number, the same in every process."""
        if (number := self._words.get(word)) is None:
            made = blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
            number = self._words[word] = int.from_bytes(made, "big")
        return number
