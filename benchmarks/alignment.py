"""Whether a wording is found where it stands, as it is and as models change it.

    python benchmarks/alignment.py [--quick] [--data ../shared/data] [--langextract PYTHON]

Gold wordings of MACCROBAT (English), of Mantra and GPTNERMED (German) are the quotes of a record, in order; each row
changes them in one way. Right is the very span of the gold, in its category. Beside it the bare search of rapidfuzz and
the aligner of LangExtract where --langextract names a Python that has it. Prints a table; the last line is one JSON
object with precision and recall by perturbation; the exit code is 1 below a floor. A line on standard error names each
change for which more than three times the time of rapidfuzz was needed: it only searches, and neither ends at words nor
looks whether a number, a side or a negation differs.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import packages_first  # noqa: F401
from alignment_parts import langextract_aligner
from alignment_parts.gold import GoldSpan, GoldText, brat, json_lines
from alignment_parts.perturbations import ENGLISH, Perturbation, german
from measuring import table
from rapidfuzz import fuzz

from annotation.llm.align import align_quotes
from annotation.llm.reading import Quote, Reading
from curation.text.alignment import MINIMUM

DATA = Path(__file__).parents[2] / "shared" / "data"
#: What precision and recall must reach; an expanded abbreviation has no floor.
UNCHANGED, REPEATED, CHANGED = 0.99, 0.97, 0.9
NO_FLOOR = frozenset({"abbreviation expanded"})
#: Milliseconds for a wording as it is; how often the time of rapidfuzz a changed one may take without a word.
MILLISECONDS, TIMES_RAPIDFUZZ = 0.02, 3.0
QUICK_TEXTS = 40

Span = tuple[int, int]


@dataclass
class Tally:
    """How many wordings were asked for, placed and placed right, and how long that took."""

    asked: int = 0
    searched: int = 0
    placed: int = 0
    right: int = 0
    seconds: float = 0.0

    def add(self, trial: Trial, found: Sequence[Span | None], seconds: float) -> None:
        """Counts the places of one text: each place of the gold is right once in its category."""
        left = Counter((span.category, span.start, span.end) for span in trial.gold)
        for number, (span, place) in enumerate(zip(trial.gold, found, strict=True)):
            counts = trial.counted is None or number in trial.counted
            self.asked += counts
            self.placed += counts and place is not None
            if place is None:
                continue
            key = (span.category, *place)
            if left[key]:
                left[key] -= 1
                self.right += counts
        self.searched += len(found)
        self.seconds += seconds

    @property
    def figures(self) -> dict[str, float]:
        """Precision and recall, 0 without any, and milliseconds for a wording."""
        return {
            "precision": round(self.right / self.placed, 4) if self.placed else 0.0,
            "recall": round(self.right / self.asked, 4) if self.asked else 0.0,
            "ms": round(1_000 * self.seconds / self.searched, 4) if self.searched else 0.0,
            "asked": self.asked,
        }


@dataclass
class Trial:
    """One text with the wordings that are looked for, and the gold that each stands for; which of them count."""

    text: str
    gold: tuple[GoldSpan, ...]
    quotes: list[str]
    counted: frozenset[int] | None = None


def main() -> None:
    """Measure and print; exit code 1 when a figure is below its floor."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help=f"only {QUICK_TEXTS} texts of each corpus")
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of the corpora")
    parser.add_argument("--langextract", type=Path, help="the Python of an environment that has langextract")
    words = parser.parse_args()
    found: dict[str, dict[str, dict[str, float]]] = {}
    for language, texts, changes in corpora(words.data, quick=words.quick):
        for name, trials in trials_of(texts, changes):
            sides = {"ours": ours(trials, language), "rapidfuzz": rapidfuzz(trials)}
            if words.langextract:
                sides["langextract"] = langextract(trials, words.langextract)
            found[f"{language}: {name}"] = {side: tally.figures for side, tally in sides.items()}
    print_figures(found)
    below = list(failures(found))
    for line in (*below, *slow(found)):
        print(line, file=sys.stderr)
    figures = {name: sides["ours"] for name, sides in found.items()}
    print(
        json.dumps(
            {
                "precision": {name: figure["precision"] for name, figure in figures.items()},
                "recall": {name: figure["recall"] for name, figure in figures.items()},
                "ms": {name: figure["ms"] for name, figure in figures.items()},
                "below_floor": len(below),
            }
        )
    )
    sys.exit(1 if below else 0)


def corpora(data: Path, *, quick: bool) -> Iterator[tuple[str, list[GoldText], Mapping[str, Perturbation]]]:
    """The texts of each language, and how their wordings are changed."""
    most = QUICK_TEXTS if quick else None
    yield "en", list(brat(data / "maccrobat"))[:most], ENGLISH
    texts = list(brat(data / "mantra" / "German"))[:most]
    for name in ("gold_ood_de.jsonl", "sentences_de.jsonl"):
        texts += list(json_lines(data / "gptnermed" / name))[: most or 2_000]
    words = frozenset(word.strip(".,;:()").lower() for text in texts for word in text.text.split())
    yield "de", texts, german(words)


def trials_of(texts: Sequence[GoldText], changes: Mapping[str, Perturbation]) -> Iterator[tuple[str, list[Trial]]]:
    """The trials by name: wordings that stand once, wordings that repeat, all in order, and each change."""
    whole = [Trial(text.text, text.spans, [text.text[span.start : span.end] for span in text.spans]) for text in texts]
    yield "unchanged", [_standing_once(trial) for trial in whole]
    yield "repeated wordings, all in order", [_repeated(trial) for trial in whole]
    yield "all, in another order", [_shuffled(trial, number) for number, trial in enumerate(whole)]
    for name, change in changes.items():
        yield name, [_changed(trial, change, number) for number, trial in enumerate(whole)]


def _standing_once(trial: Trial) -> Trial:
    pairs = [pair for pair in zip(trial.gold, trial.quotes, strict=True) if trial.text.count(pair[1]) == 1]
    return Trial(trial.text, tuple(span for span, _ in pairs), [quote for _, quote in pairs])


def _repeated(trial: Trial) -> Trial:
    """All wordings, of which those count that stand in several places."""
    several = (number for number, quote in enumerate(trial.quotes) if trial.text.count(quote) > 1)
    return replace(trial, counted=frozenset(several))


def _shuffled(trial: Trial, seed: int) -> Trial:
    pairs = list(zip(trial.gold, trial.quotes, strict=True))
    random.Random(seed).shuffle(pairs)
    return Trial(trial.text, tuple(span for span, _ in pairs), [quote for _, quote in pairs])


def _changed(trial: Trial, change: Perturbation, seed: int) -> Trial:
    """The wordings to which the change applies, where they stand once."""
    chance = random.Random(seed)
    pairs = [
        (span, changed)
        for span, quote in zip(trial.gold, trial.quotes, strict=True)
        if trial.text.lower().count(quote.lower()) == 1 and (changed := change(quote, chance))
    ]
    return Trial(trial.text, tuple(span for span, _ in pairs), [quote for _, quote in pairs])


def ours(trials: Sequence[Trial], language: str) -> Tally:
    """The annotator's way: all quotes of a record, in the order in which they come."""
    tally = Tally()
    for trial in trials:
        quotes = [Quote(quote, span.category) for span, quote in zip(trial.gold, trial.quotes, strict=True)]
        started = perf_counter()
        placed = align_quotes(quotes, trial.text, language=language, minimum=MINIMUM, counts=Reading())
        seconds = perf_counter() - started
        places = {found.number: found.at.spans[0] for found in placed if found.at.spans}
        tally.add(trial, [places.get(number) for number in range(len(quotes))], seconds)
    return tally


def rapidfuzz(trials: Sequence[Trial]) -> Tally:
    """The bare search for the most similar stretch."""
    tally = Tally()
    for trial in trials:
        started = perf_counter()
        matches = [fuzz.partial_ratio_alignment(quote, trial.text) for quote in trial.quotes]
        seconds = perf_counter() - started
        found = [match if match and match.score >= 100 * MINIMUM else None for match in matches]
        places = [(match.dest_start, match.dest_end) if match else None for match in found]
        tally.add(trial, places, seconds)
    return tally


def langextract(trials: Sequence[Trial], python: Path) -> Tally:
    """LangExtract's aligner, in its own environment."""
    asked = [{"text": trial.text, "quotes": trial.quotes} for trial in trials]
    command = [str(python), str(langextract_aligner.__file__)]
    done = subprocess.run(command, input=json.dumps(asked), stdout=subprocess.PIPE, text=True, check=True)
    answer = json.loads(done.stdout)
    tally = Tally(seconds=answer["seconds"])
    for trial, places in zip(trials, answer["found"], strict=True):
        tally.add(trial, [tuple(place) if place else None for place in places], 0.0)
    return tally


def print_figures(found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
    """A row for each way of changing wordings."""
    sides = list(next(iter(found.values())))
    head = ("wordings", "number", *(f"{side} {figure}" for side in sides for figure in ("precision", "recall", "ms")))
    rows: list[tuple[object, ...]] = [
        (
            name,
            int(row["ours"]["asked"]),
            *(row[side][figure] for side in sides for figure in ("precision", "recall", "ms")),
        )
        for name, row in found.items()
    ]
    print(table(head, rows))


def failures(found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Iterator[str]:
    """A line for each figure below its floor."""
    for name, sides in found.items():
        change = name.split(": ", 1)[1]
        ours = sides["ours"]
        if change in NO_FLOOR or not ours["asked"]:
            continue
        floor = UNCHANGED if change == "unchanged" else REPEATED if change.startswith("repeated") else CHANGED
        for figure in ("precision", "recall"):
            if ours[figure] < floor:
                yield f"{name}: expected a {figure} of {floor} at least, got {ours[figure]}"
        if change == "unchanged" and ours["ms"] > MILLISECONDS:
            yield f"{name}: expected {MILLISECONDS} ms for a wording at most, got {ours['ms']}"


def slow(found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Iterator[str]:
    """A line for each change that took long."""
    for name, sides in found.items():
        taken, bare = sides["ours"]["ms"], sides["rapidfuzz"]["ms"]
        if name.split(": ", 1)[1] != "unchanged" and taken > TIMES_RAPIDFUZZ * bare:
            yield f"{name}: {taken} ms for a wording, rapidfuzz {bare}"


if __name__ == "__main__":
    main()
