"""Whether spans of a text are found in its translation, without a model and with markers.

    python benchmarks/projection.py [--quick] [--data ../shared/data]

Gold spans of one side of Mantra's 100 units (titles, concepts of both sides) and of generated sentences told alike in
two languages are carried over to the other side: by a verbatim search, by the bare assignment that the field tries
first (trigrams and place), by ours, and by markers of which 12 in 100 are damaged, with ours as what steps in. Strict:
the very span, for its concept; lenient: some of it; by characters: overlap of all characters of a concept. Prints a
table; the last line is one JSON object; the exit code is 1 below a floor. Ours was made while looking at Mantra (some
60 settings, of thresholds mostly); the generated sentences come from a seed that nothing was chosen by.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
import packages_first  # noqa: F401
from measuring import table
from projection_parts.generated import SentencePair, answered, pairs
from projection_parts.mantra import Unit, units

from curation.embeddings.multilingual import MULTILINGUAL_ENCODER, has_multilingual
from curation.text.folding import Span, fold
from curation.translate.projection.assignment import project
from curation.translate.projection.links import Side
from curation.translate.projection.markers import unmarked
from curation.translate.projection.meanings import WordMeanings
from curation.translate.projection.pieces import words_of
from curation.translate.projection.placing import placed
from curation.translate.projection.projected import (
    Fragments,
    ProjectedSpan,
    ProjectionMethod,
    ProjectionState,
)

DATA = Path(__file__).parents[2] / "shared" / "data"
CASES = {True: 40, False: 400}
SEED = 2_026
#: Floors of the strict and the lenient F1, by the first words of a row.
FLOORS = {"Mantra en-de": (0.75, 0.95), "Mantra de-en": (0.75, 0.95), "generated en-de": (0.6, 0.9)}
MARKED_FLOOR = 0.97
#: How much of the bare assignment's score is the place, the rest the trigrams.
PLACE = 0.5

Way = Callable[[Side, Side, Sequence[Fragments]], list[ProjectedSpan | None]]


@dataclass
class ProjectionTally:
    """Spans carried over and spans of the gold, by how they fit, and the seconds that it took."""

    asked: int = 0
    gold: int = 0
    found: int = 0
    strict: int = 0
    lenient: int = 0
    characters: list[int] = field(default_factory=lambda: [0, 0, 0])  # found, gold, both
    seconds: float = 0.0

    def add(self, found: Iterable[tuple[str, Fragments]], gold: Iterable[tuple[str, Fragments]]) -> None:
        """Count one text: each span of the gold is met once, by one that stands for the same."""
        made, wanted = _by_meaning(found), _by_meaning(gold)
        for meaning in made.keys() | wanted.keys():
            ours, theirs = made.get(meaning, []), wanted.get(meaning, [])
            self.found += len(ours)
            self.gold += len(theirs)
            self.strict += (Counter(ours) & Counter(theirs)).total()
            self.lenient += _met(ours, theirs)
            sets = [
                {place for spans in side for start, end in spans for place in range(start, end)}
                for side in (ours, theirs)
            ]
            for number, count in enumerate((len(sets[0]), len(sets[1]), len(sets[0] & sets[1]))):
                self.characters[number] += count

    def f1(self, right: int) -> float:
        """The F1 of so many right ones; 0 without any."""
        both = self.found + self.gold
        return round(2 * right / both, 4) if both else 0.0

    @property
    def figures(self) -> dict[str, float]:
        """The scores, the share of spans without a place, and microseconds for a span."""
        characters = self.characters[0] + self.characters[1]
        return {
            "strict_f1": self.f1(self.strict),
            "lenient_f1": self.f1(self.lenient),
            "character_f1": round(2 * self.characters[2] / characters, 4) if characters else 0.0,
            "lost": round(1 - self.found / self.asked, 4) if self.asked else 0.0,
            "microseconds": round(1e6 * self.seconds / self.asked) if self.asked else 0,
            "spans": self.asked,
        }


def _by_meaning(spans: Iterable[tuple[str, Fragments]]) -> dict[str, list[Fragments]]:
    found: dict[str, list[Fragments]] = {}
    for meaning, fragments in spans:
        found.setdefault(meaning, []).append(fragments)
    return found


def _met(found: Sequence[Fragments], gold: Sequence[Fragments]) -> int:
    """How many of the found ones overlap with a span of the gold, each of these counted once."""
    left = list(gold)
    met = 0
    for fragments in found:
        overlapping = [other for other in left if _overlap(fragments, other)]
        if overlapping:
            left.remove(overlapping[0])
            met += 1
    return met


def _overlap(one: Fragments, other: Fragments) -> bool:
    return any(start < stop and begin < end for start, end in one for begin, stop in other)


def verbatim(source: Side, target: Side, spans: Sequence[Fragments]) -> list[ProjectedSpan | None]:
    """Where the same folded words stand first."""
    folded = fold(target.text)
    found: list[ProjectedSpan | None] = []
    for fragments in spans:
        wording = fold(" ".join(source.text[start:end] for start, end in fragments)).text
        at = folded.text.find(wording)
        place = folded.original(at, at + len(wording)) if at >= 0 and wording else None
        found.append(ProjectedSpan((place,), 1.0) if place else None)
    return found


def bare(source: Side, target: Side, spans: Sequence[Fragments]) -> list[ProjectedSpan | None]:
    """Stretches of whole words by trigrams in common (Dice) and by place, assigned together."""
    from scipy.optimize import linear_sum_assignment

    distinct = list(dict.fromkeys(spans))
    words = words_of(target.text, target.language)
    stretches = [
        (words[first].start, words[last].end)
        for first in range(len(words))
        for last in range(first, min(len(words), first + 8))
        if not words[first].is_function and not words[last].is_function
    ]
    if not stretches:
        return [None] * len(spans)
    grams = [_trigrams(target.text[start:end]) for start, end in stretches]
    places = np.array([start + end for start, end in stretches]) / (2 * len(target.text))
    scores = np.zeros((len(distinct), len(stretches)))
    for row, fragments in enumerate(distinct):
        own = _trigrams(" ".join(source.text[start:end] for start, end in fragments))
        shared = np.array([2 * len(own & other) / max(1, len(own) + len(other)) for other in grams])
        place = (fragments[0][0] + fragments[-1][1]) / (2 * len(source.text))
        scores[row] = (1 - PLACE) * shared + PLACE * (1 - np.abs(places - place))
    rows, columns = linear_sum_assignment(scores, maximize=True)
    found = {
        distinct[row]: ProjectedSpan((stretches[column],), float(scores[row, column]))
        for row, column in zip(rows, columns, strict=True)
    }
    return [found.get(span) for span in spans]


def _trigrams(text: str) -> frozenset[str]:
    padded = f" {fold(text).text} "
    return frozenset(padded[place : place + 3] for place in range(len(padded) - 2))


WAYS: dict[str, Way] = {"verbatim": verbatim, "trigrams and place": bare, "ours": project}
#: Needs the extra [multilingual].
ENCODED = "ours, with what words mean (multilingual-e5-small)"
#: Needs the extra [multilingual].
BY_MEANING = "ours, with multilingual-e5-small"


def on_mantra(found: Iterable[tuple[Unit, Unit]], source: str, target: str, way: Way) -> ProjectionTally:
    """One way over the units."""
    tally = ProjectionTally()
    for unit, other in found:
        started = perf_counter()
        places = way(Side(unit.text, source), Side(other.text, target), [span for _, span in unit.spans])
        tally.seconds += perf_counter() - started
        tally.asked += len(unit.spans)
        made = ((concept, place.fragments) for (concept, _), place in zip(unit.spans, places, strict=True) if place)
        tally.add(made, other.spans)
    return tally


def on_generated(found: Iterable[SentencePair], source: str, target: str, way: Way) -> ProjectionTally:
    """One way over generated sentences."""
    tally = ProjectionTally()
    for pair in found:
        started = perf_counter()
        places = way(Side(pair.source, source), Side(pair.target, target), [(span,) for span in pair.spans])
        tally.seconds += perf_counter() - started
        tally.asked += len(pair.spans)
        made = ((str(number), place.fragments) for number, place in enumerate(places) if place)
        tally.add(made, ((str(number), (span,)) for number, span in enumerate(pair.gold)))
    return tally


def on_marked(pairs_: Iterable[SentencePair]) -> tuple[ProjectionTally, Counter[str]]:
    """Damaged markers with the assignment beside them; and how many places of each state are right and wrong."""
    tally, states = ProjectionTally(), Counter[str]()
    chance = random.Random(SEED)
    for pair in pairs_:
        asked, answer = answered(pair, chance)
        started = perf_counter()
        back = unmarked(answer, asked)
        spans = [(span,) for span in pair.spans]
        found_by = {ProjectionMethod.MARKER: back.spans}
        places = placed(Side(pair.source, "en"), Side(back.text, "de"), spans, found_by, starts=back.starts)
        tally.seconds += perf_counter() - started
        tally.asked += len(spans)
        # Where words of the translator's own stand between, the gold has moved with the text.
        moved = _moved(pair, back.text)
        tally.add(
            ((str(number), each.place.fragments) for number, each in enumerate(places) if each.place),
            ((str(number), (span,)) for number, span in enumerate(moved)),
        )
        for each, span in zip(places, moved, strict=True):
            right = each.place is not None and each.place.fragments == (span,)
            states[f"{each.state.value}, {'right' if right else 'wrong'}"] += each.state is not ProjectionState.LOST
    return tally, states


def _moved(pair: SentencePair, text: str) -> list[Span]:
    """The gold in a text that has words of its own between those of the target."""
    from difflib import SequenceMatcher

    if text == pair.target:
        return list(pair.gold)
    blocks = SequenceMatcher(None, pair.target, text, autojunk=False).get_matching_blocks()
    places = {block.a + offset: block.b + offset for block in blocks for offset in range(block.size)}
    return [(places.get(start, -1), places.get(end - 1, -1) + 1) for start, end in pair.gold]


def main() -> None:
    """Print the table and the line; exit code 1 below a floor."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="fewer generated sentences")
    parser.add_argument("--data", type=Path, default=DATA, help="the folder with mantra")
    asked = parser.parse_args()
    found: dict[str, dict[str, float]] = {}
    ways = WAYS | (
        {ENCODED: partial(project, meanings=WordMeanings(MULTILINGUAL_ENCODER))} if has_multilingual() else {}
    )
    for source, target in (("en", "de"), ("de", "en")):
        if (asked.data / "mantra").is_dir():
            both = list(units(asked.data / "mantra", source, target))
            for name, way in ways.items():
                found[f"Mantra {source}-{target}: {name}"] = on_mantra(both, source, target, way).figures
        told = list(pairs(CASES[asked.quick], SEED, reverse=source == "de"))
        for name, way in ways.items():
            found[f"generated {source}-{target}: {name}"] = on_generated(told, source, target, way).figures
    marked, states = on_marked(pairs(CASES[asked.quick], SEED))
    found["generated en-de: markers, 12 % damaged, and ours"] = marked.figures
    print(table(("spans", *next(iter(found.values()))), [(name, *row.values()) for name, row in found.items()]))
    print(table(("state of a place beside markers", "spans"), sorted(states.items())))
    for line in (failed := list(failures(found, marked.figures))):
        print(line, file=sys.stderr)
    print(json.dumps(summary(found, marked.figures)))
    sys.exit(1 if failed else 0)


def failures(found: dict[str, dict[str, float]], marked: dict[str, float]) -> Iterator[str]:
    """A line for each figure below its floor."""
    for name, (strict, lenient) in FLOORS.items():
        row = found.get(f"{name}: ours")
        for figure, floor in (("strict_f1", strict), ("lenient_f1", lenient)):
            if row is None:
                yield f"{name}: not measured, the data are not there"
            elif row[figure] < floor:
                yield f"{name}: expected a {figure} of {floor} at least, got {row[figure]}"
    if marked["strict_f1"] < MARKED_FLOOR:
        yield f"markers: expected a strict_f1 of {MARKED_FLOOR} at least, got {marked['strict_f1']}"


def summary(found: dict[str, dict[str, float]], marked: dict[str, float]) -> dict[str, float | None]:
    """The figures that are followed from version to version."""
    mantra, generated = found.get("Mantra en-de: ours", {}), found["generated en-de: ours"]
    return {
        **{name: mantra.get(name) for name in ("strict_f1", "lenient_f1", "character_f1", "lost")},
        "reverse_strict_f1": found.get("Mantra de-en: ours", {}).get("strict_f1"),
        "generated_strict_f1": generated["strict_f1"],
        "generated_lenient_f1": generated["lenient_f1"],
        "marked_strict_f1": marked["strict_f1"],
        "encoded_strict_f1": found.get(f"Mantra en-de: {ENCODED}", {}).get("strict_f1"),
        "encoded_generated_strict_f1": found.get(f"generated en-de: {ENCODED}", {}).get("strict_f1"),
        "microseconds": generated["microseconds"],
    }


if __name__ == "__main__":
    main()
