"""Translations with an error in them: what is found, and how often a sound translation is reported.

Sources are the shipped sample, the generator's pairs (one case told in two languages, in other words and orders) and
real translations of abstracts. Thresholds were chosen on other seeds and on every second pair of the other two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from time import perf_counter

from measuring import table

from curation.record import Record
from validation.settings import ValidationSettings
from validation.translation.pair import Columns, TranslationPair, measured
from validation_parts import translation_errors as errors
from validation_parts.error_planting import HEAD, WHOLE, ErrorKind, KindOutcome, PlantingCase, figures, row, tried
from validation_parts.planted import cases_of

DATA = Path(__file__).parents[3] / "shared" / "data"
#: Cases told by the generator, and its seeds: one that was used during development, and one that was not.
GENERATED, SEED, NEW = {True: 2, False: 200}, 4, 97
#: Lines of abstracts that make one text.
LINES = 8
ALIGNED = ValidationSettings().translation.aligned


def run(*, quick: bool) -> dict[str, object]:
    """Recall and false alarms by kind of error, over all sources."""
    sources = {name: read(quick) for name, read in SOURCES.items()}
    others = errors.sentences_of(sample(quick=False)[:4])
    outcomes: dict[str, list[KindOutcome]] = {}
    rows = []
    for kind in kinds(others):
        for source, cases in sources.items():
            outcome = tried(kind, cases, seed=SEED)
            if outcome.recall.of:
                outcomes.setdefault(kind.name, []).append(outcome)
                rows.append(row(source, outcome))
    print(table(HEAD, rows))
    return figures(outcomes) | {"translation_pairs_per_second": speed(sources["generated"])}


def kinds(others: Sequence[str]) -> list[ErrorKind]:
    """The kinds of error; what a sentence missed leads to is told with layers to compare, and by the text alone."""
    whole = ("dropped_sentences", "entities_untranslated")
    return [
        ErrorKind("translation: changed number", errors.changed_number, flags("numbers_changed")),
        ErrorKind("translation: unit slip", errors.changed_unit, flags("units_changed")),
        ErrorKind("translation: changed drug", errors.changed_drug, flags("drugs_changed")),
        ErrorKind("translation: swapped doses", errors.swapped_doses, flags("doses_swapped"), recall=0),
        ErrorKind("translation: untranslated sentence", errors.untranslated_sentence, flags("untranslated_sentences")),
        ErrorKind("translation: dropped sentence", errors.dropped_sentence, flags(*whole)),
        ErrorKind(
            "translation: dropped sentence, by the text alone",
            errors.dropped_sentence,
            flags("dropped_sentences", layers=False),
        ),
        ErrorKind("translation: added sentence", errors.added_sentence(others), flags("added_sentences"), recall=0),
    ]


def flags(*columns: str, layers: bool = True) -> Callable[[Sequence[PlantingCase]], list[frozenset[str]]]:
    """Reports a translation where one of the columns is not zero."""

    def reported(cases: Sequence[PlantingCase]) -> list[frozenset[str]]:
        rows = (columns_of(case, layers) for case in cases)
        return [frozenset({WHOLE} if any(found.get(column) for column in columns) else ()) for found in rows]

    return reported


def columns_of(case: PlantingCase, layers: bool) -> Columns:
    """The columns of a case; each text is measured once."""
    assert case.original is not None
    layer, original = (case.layer, case.original_layer) if layers else (None, None)
    pair = TranslationPair(case.original, case.record, original, layer)
    key = (case.record.id, case.record.text, layer.digest if layer else None)
    if key not in _found():
        _found()[key] = measured(pair, aligned=ALIGNED)
    return _found()[key]


@lru_cache
def _found() -> dict[tuple[str, str, str | None], Columns]:
    return {}


def speed(cases: Sequence[PlantingCase]) -> float:
    """Pairs measured in a second, of those that were not measured yet."""
    started = perf_counter()
    some = list(islice(cases, 50))
    for case in some:
        if case.original is not None:
            measured(TranslationPair(case.original, case.record, case.original_layer, case.layer), aligned=ALIGNED)
    return round(len(some) / (perf_counter() - started), 1)


def sample(quick: bool) -> list[PlantingCase]:
    """The shipped translations with their gold."""
    from curation.sources.sample import read_sample

    pairs = [case for case in cases_of(list(read_sample())) if case.original is not None]
    return pairs[::15] if quick else pairs


def generated(quick: bool, seed: int = SEED) -> list[PlantingCase]:
    """Cases in two languages by the generator."""
    from curation.generate import generate

    return [case for case in cases_of(list(generate(GENERATED[quick], seed=seed))) if case.original is not None]


def generated_anew(quick: bool) -> list[PlantingCase]:
    """Cases of a new seed; a quick run has one seed only."""
    return [] if quick else generated(quick, NEW)


def abstracts(quick: bool) -> list[PlantingCase]:
    """Real translations of sentences of abstracts, some lines to a text; none where the data are absent."""
    found: list[PlantingCase] = []
    for direction in ("de-en", "en-de"):
        paths = [DATA / "wmt_biomed" / f"wmt19.medline.{direction}.{language}" for language in ("en", "de")]
        if not all(path.is_file() for path in paths):
            return []
        lines = list(zip(*(path.read_text(encoding="utf-8").splitlines() for path in paths), strict=True))
        for first in range(0, len(lines) - LINES + 1, LINES):
            original, translation = (
                _record(f"{direction}-{first}", language, [line[side] for line in lines[first : first + LINES]])
                for side, language in enumerate(("en", "de"))
            )
            found.append(PlantingCase(translation, None, original))
    return found[::99] if quick else found


def _record(name: str, language: str, lines: Sequence[str]) -> Record:
    text = "\n".join(line.strip() for line in lines)
    return Record(id=f"{name}-{language}", group=name, source="wmt", language=language, text=text)


SOURCES: Mapping[str, Callable[[bool], list[PlantingCase]]] = {
    "sample": sample,
    "generated": generated,
    "generated, new seed": generated_anew,
    "abstracts": abstracts,
}
