"""Synthetic clinical summaries with exact gold, in several languages from the same case.

For load tests, cold starts and teaching; a model trained on nothing else fails on real notes.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from curation.author import GOLD
from curation.errors import UsageError
from curation.generate.case import PatientCase
from curation.generate.case_sampler import sample_case
from curation.generate.noise import noisy
from curation.generate.parallel import ParallelRealisation
from curation.generate.realisation import Realisation
from curation.generate.spans import Paragraph, TextSpan
from curation.generate.template import load_sentences
from curation.record import Entity, Layer, Record, record_id

LANGUAGES = ("en", "de")
SOURCE = "generated"
LICENCE = "CC0-1.0"
AUTHOR = "generator@1"
#: Equal seeds give equal layers, so their time is fixed too.
CREATED = datetime(2024, 1, 1, tzinfo=UTC)
#: In how many of the texts paragraphs are separated by a blank line, a line end, or a blank.
BREAKS = ("\n\n", "\n", " ")


def generate(
    records: int,
    *,
    languages: Sequence[str] = LANGUAGES,
    seed: int = 0,
    noise: float = 0.0,
    parallel: bool = False,
) -> Iterator[tuple[Record, Layer]]:
    """Records with their gold, streaming: `records` cases, each realised once in every language.

    The records of a case share their group; a German one names the English one as `translation_of` when
    both are asked for. The same seed and index give the same record, however many are asked for and in
    whatever other languages. `noise` runs from 0 (clean) to 1 (hurried): see curation.generate.noise.

    parallel: each sentence of a case is told in every language, in the same order with the same facts. The numbers of
    entities say which belong together, `meta["sentences"]` where each sentence starts and ends.
    """
    _check(records, languages, noise)
    if parallel and len(languages) < 2:
        raise UsageError(f"expected at least two languages to tell alike, got {', '.join(languages)}")
    for index in range(records):
        case = sample_case(random.Random(f"{seed}:{index}"))
        yield from realise(case, index, languages, seed=seed, noise=noise, parallel=parallel)


def realise(
    case: PatientCase,
    index: int,
    languages: Sequence[str],
    *,
    seed: int,
    noise: float = 0.0,
    parallel: bool = False,
) -> Iterator[tuple[Record, Layer]]:
    """Records of the case with their gold, one in each of the languages."""
    original: str | None = None
    numbers: Mapping[FactPlace, str] | None = None
    ordered = sorted(languages, key=LANGUAGES.index)
    for language in ordered:
        rng = random.Random(f"{seed}:{index}:{language}")
        if parallel:
            paragraphs = ParallelRealisation(case, language, ordered, f"{seed}:{index}").paragraphs()
            layout = random.Random(f"{seed}:{index}:layout")
        else:
            paragraphs, layout = Realisation(case, language, rng).paragraphs(), rng
        text = compose(noisy(paragraphs, noise=noise, rng=rng), case.plan, language, layout)
        entities = text.entities(numbers if parallel else None)
        numbers = numbers or text.numbers
        group = f"{SOURCE}-{seed}-{index}"
        record = Record(
            id=record_id(text.text, language=language, source_id=group),
            group=group,
            source=SOURCE,
            language=language,
            text=text.text,
            translation_of=original,
            licence=LICENCE,
            meta={
                "specialty": case.specialty,
                "condition": case.condition,
                "plan": case.plan,
                "seed": seed,
                "index": index,
                "synthetic": True,
                **({"sentences": [list(span) for span in text.sentences]} if parallel else {}),
            },
        )
        original = original or record.id
        yield (
            record,
            Layer(record_id=record.id, name=GOLD, author=AUTHOR, entities=entities, created=CREATED),
        )


def compose(paragraphs: Sequence[Paragraph], plan: str, language: str, rng: random.Random) -> Text:
    """The text of the paragraphs, with the entities where they stand in it."""
    text = Text()
    fixed = plan in ("sections", "letter", "discharge")
    between = "\n\n" if fixed else rng.choice(BREAKS)
    mark = rng.choice((":\n", "\n", ": "))
    for paragraph in paragraphs:
        if text.length:
            text.add(between if fixed or rng.random() < 0.6 else " ")
        if paragraph.heading.endswith(","):
            text.add(f"{paragraph.heading}\n\n")
        elif paragraph.heading:
            text.add(paragraph.heading + (":\n" if paragraph.lined else mark))
        for number, sentence in enumerate(paragraph.sentences):
            if paragraph.lined:
                text.add("- " if not number else "\n- ")
            elif number:
                text.add(" ")
            text.sentence(sentence)
    if plan == "letter":
        text.add("\n\n" + closing(language, rng))
    return text


def closing(language: str, rng: random.Random) -> str:
    """The last line of a letter."""
    return rng.choice(load_sentences(language).closing)


#: Which of the facts of a text: the number of its sentence, category and assertion, and how many of these came before.
FactPlace = tuple[int, str, str, int]


class Text:
    """A text that grows, with its entities and sentences."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.marks: list[tuple[int, int, TextSpan]] = []
        self.sentences: list[tuple[int, int]] = []
        self.numbers: dict[FactPlace, str] = {}

    @property
    def text(self) -> str:
        """What has been said."""
        return "".join(self.parts)

    def add(self, text: str) -> None:
        """Append unmarked text; a stop after a stop is left out (p.o.)."""
        if text.startswith(".") and self.parts and self.parts[-1].endswith("."):
            text = text[1:]
        if text:
            self.parts.append(text)
            self.length += len(text)

    def sentence(self, sentence: Sequence[TextSpan]) -> None:
        """Append a sentence with its marks."""
        start = self.length
        told = Counter[tuple[str, str]]()
        for span in sentence:
            if not span.category:
                self.add(span.text)
                continue
            kind = (span.category, span.assertion.value)
            self.marks.append((self.length, self.length + len(span.text), span))
            self.numbers[len(self.sentences), *kind, told[kind]] = f"T{len(self.marks)}"
            told[kind] += 1
            self.parts.append(span.text)
            self.length += len(span.text)
        self.sentences.append((start, self.length))

    def entities(self, numbers: Mapping[FactPlace, str] | None = None) -> tuple[Entity, ...]:
        """The entities in the order of the text, numbered by it, or as those of a text with the same facts are."""
        # One validation of plain values is twice as fast as building the parts one by one.
        return tuple(
            Entity.model_validate(
                {
                    "id": (numbers or self.numbers)[place],
                    "category": span.category,
                    "text": span.text,
                    "fragments": ({"start": start, "end": end},),
                    "assertion": span.assertion,
                }
            )
            for place, (start, end, span) in zip(self.numbers, self.marks, strict=True)
        )


def _check(records: int, languages: Sequence[str], noise: float) -> None:
    if records < 0:
        raise UsageError(f"expected a number of records from 0 on, got {records}")
    if unknown := [language for language in languages if language not in LANGUAGES]:
        raise UsageError(f"expected languages out of {', '.join(LANGUAGES)}, got {', '.join(unknown)}")
    if not languages or len(set(languages)) != len(languages):
        raise UsageError("expected each language once and at least one")
    if not 0 <= noise <= 1:
        raise UsageError(f"expected noise from 0 to 1, got {noise}")
