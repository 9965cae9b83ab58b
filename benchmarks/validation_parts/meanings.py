"""Translations in which one word means something else: what each check finds, and what it says of sound ones.

Limits and word lists were chosen on one half of the real pairs (the shipped sample both ways, sentences of abstracts);
what is reported is of the other half, of pairs that the generator tells alike in both languages, and of the first half.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from time import perf_counter

from measuring import table

from curation.embeddings.encoder import Encoder
from curation.embeddings.multilingual import MULTILINGUAL_ENCODER, has_multilingual, load_multilingual
from curation.record import Record
from validation.settings import ValidationSettings
from validation.translation.pair import Columns, TranslationPair, measured
from validation_parts import meaning_errors, translation_errors
from validation_parts.error_planting import WHOLE, ErrorKind, PlantingCase, figures, tried
from validation_parts.planted import cases_of

DATA = Path(__file__).parents[3] / "shared" / "data" / "wmt_biomed"
#: Cases of the generator and its seed; lines of abstracts that make one text.
GENERATED, SEED, LINES = {True: 3, False: 200}, 31, 4
SETTINGS = ValidationSettings().translation
CHOSEN, REPORTED = "chosen on", "reported"
HEAD = ("error", "in", "planted", "found by its check", "sound", "false alarms", "found by meaning", "false alarms")


def run(*, quick: bool) -> dict[str, object]:
    """Recall and false alarms by kind of error and source, by the check of that kind and by the encoder."""
    sources = {name: read(quick) for name, read in SOURCES.items()}
    into_german = sample(quick=False)[:8]
    others = {
        "de": translation_errors.sentences_of(into_german),
        "en": translation_errors.sentences_of(turned(into_german)),
    }
    outcomes = []
    started, rows = perf_counter(), []
    for kind in kinds(others):
        for source, cases in sources.items():
            own, meaning = tried(kind, cases, seed=SEED), tried(replace(kind, flags=by_meaning), cases, seed=SEED)
            if own.recall.of:
                outcomes.append((source, own, meaning))
                both = (meaning.recall, meaning.false_alarm) if _encoder() else ("not measured", "not measured")
                rows.append((kind.name, source, own.recall.of, own.recall, own.false_alarm.of, own.false_alarm, *both))
    print(f"Encoder: {MULTILINGUAL_ENCODER if _encoder() else 'none, pip install clincurate[multilingual]'}\n")
    print(table(HEAD, rows))
    by_kind = {
        kind.name: [own for source, own, _ in outcomes if own.kind.name == kind.name and CHOSEN not in source]
        for kind in kinds(others)
    }
    return figures(by_kind) | {"meaning_errors_seconds": round(perf_counter() - started, 1)}


def kinds(others: Mapping[str, Sequence[str]]) -> list[ErrorKind]:
    """The kinds of error, each with the column of its check."""
    return [
        ErrorKind("meaning: other side", meaning_errors.other_side, by_check("sides_changed")),
        ErrorKind("meaning: other part of the body", meaning_errors.other_part, by_check("body_parts_changed")),
        ErrorKind("meaning: dropped denial", meaning_errors.dropped_denial, by_check("denials_changed")),
        ErrorKind("meaning: added denial", meaning_errors.added_denial, by_check("denials_changed")),
        ErrorKind("meaning: other number", translation_errors.changed_number, by_check("numbers_changed")),
        ErrorKind(
            "meaning: other sentence",
            lambda case, chance: translation_errors.other_sentence(others[case.record.language])(case, chance),
            by_check("dropped_sentences", "added_sentences", "numbers_changed", "body_parts_changed"),
        ),
    ]


Flags = Callable[[Sequence[PlantingCase]], list[frozenset[str]]]


def by_check(*columns: str) -> Flags:
    """Reports a translation where one of the columns is not zero."""
    return lambda cases: [
        frozenset({WHOLE} if any(columns_of(case).get(column) for column in columns) else ()) for case in cases
    ]


def by_meaning(cases: Sequence[PlantingCase]) -> list[frozenset[str]]:
    """Reports a translation with a sentence below the limit of the encoder; nothing without an encoder."""
    least = [columns_of(case).get("translation_similarity_least") for case in cases]
    return [
        frozenset({WHOLE} if isinstance(cosine, float) and cosine < SETTINGS.similarity else ()) for cosine in least
    ]


def columns_of(case: PlantingCase) -> Columns:
    """The columns of a case without its layers; each text is measured once."""
    assert case.original is not None
    key = (case.original.id, case.record.id, case.record.text)
    if key not in _found():
        pair = TranslationPair(case.original, case.record)
        _found()[key] = measured(pair, aligned=SETTINGS.aligned, encoder=_encoder())
    return _found()[key]


@cache
def _found() -> dict[tuple[str, str, str], Columns]:
    return {}


@cache
def _encoder() -> Encoder | None:
    return load_multilingual() if has_multilingual() else None


def sample(quick: bool) -> list[PlantingCase]:
    """The shipped translations into German."""
    from curation.sources.sample import read_sample

    pairs = [case for case in cases_of(list(read_sample())) if case.original is not None]
    return pairs[::15] if quick else pairs


def turned(cases: Sequence[PlantingCase]) -> list[PlantingCase]:
    """The originals as translations of their translations."""
    return [PlantingCase(case.original, None, case.record) for case in cases if case.original is not None]


def abstracts(quick: bool) -> list[PlantingCase]:
    """Lines of real translations of abstracts, into German and into English; none where the data are absent."""
    found: list[PlantingCase] = []
    for direction in ("de-en", "en-de"):
        first, second = direction.split("-")
        paths = [DATA / f"wmt19.medline.{direction}.{language}" for language in (first, second)]
        if not all(path.is_file() for path in paths):
            return []
        lines = list(zip(*(path.read_text(encoding="utf-8").splitlines() for path in paths), strict=True))
        for start in range(0, len(lines) - LINES + 1, LINES):
            original, translation = (
                _record(f"{direction}-{start}", language, [line[side] for line in lines[start : start + LINES]])
                for side, language in enumerate((first, second))
            )
            found.append(PlantingCase(translation, None, original))
    return found[::60] if quick else found


def _record(name: str, language: str, lines: Sequence[str]) -> Record:
    text = "\n".join(line.strip() for line in lines)
    return Record(id=f"{name}-{language}", group=name, source="wmt", language=language, text=text)


def generated(quick: bool, *, parallel: bool = True) -> list[PlantingCase]:
    """Cases told alike in two languages, or anew in each."""
    from curation.generate import generate

    records = generate(GENERATED[quick] if parallel else GENERATED[quick] // 2, seed=SEED, parallel=parallel)
    return [case for case in cases_of(list(records)) if case.original is not None]


def told_anew(quick: bool) -> list[PlantingCase]:
    """Cases that no translator told: sentences beside each other have other facts."""
    return generated(quick, parallel=False)


def half(read: Callable[[bool], list[PlantingCase]], *, chosen: bool) -> Callable[[bool], list[PlantingCase]]:
    """The half of the cases that limits were chosen on, or the other, by their groups."""

    def halved(quick: bool) -> list[PlantingCase]:
        return [
            case for case in read(quick) if (hashlib.sha256(case.record.group.encode()).digest()[0] % 2 == 0) is chosen
        ]

    return halved


SOURCES: Mapping[str, Callable[[bool], list[PlantingCase]]] = {
    f"{name}, half {which}": half(read, chosen=which == CHOSEN)
    for which in (REPORTED, CHOSEN)
    for name, read in {
        "sample into German": sample,
        "sample into English": lambda quick: turned(sample(quick)),
        "abstracts": abstracts,
    }.items()
} | {"generated, parallel": generated, "generated, told anew": told_anew}
