"""Planted errors: recall and false alarms for each kind, on the sample's gold, generated records and MACCROBAT."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from itertools import islice
from pathlib import Path

from measuring import table

from curation.record import Layer, Record
from validation_parts.error_planting import HEAD, ErrorKind, KindOutcome, PlantingCase, divided, figures, row, tried

#: Modules that hold a table `KINDS`.
TABLES = (
    "layer_errors",
    "structure_errors",
    "boundary_errors",
    "inventions",
    "omissions",
    "category_errors",
    "plausibility_errors",
)
DATA = Path(__file__).parents[3] / "shared" / "data"
GENERATED = {True: 6, False: 200}
#: Cases of a source that a quick run takes of kinds that have many texts encoded.
QUICK_CASES = {"invented entity": 1, "swapped category": 4, "swapped category, as an outlier": 4}


def run(*, quick: bool) -> dict[str, object]:
    """Recall and false alarm by kind, over all sources; thresholds were chosen on the cases left out here."""
    sources = {name: divided(read(quick))[1] for name, read in SOURCES.items()}
    outcomes: dict[str, list[KindOutcome]] = {}
    rows = []
    for kind in kinds():
        for source, cases in sources.items():
            outcome = tried(kind, cases[: QUICK_CASES.get(kind.name)] if quick else cases)
            if outcome.recall.of:
                outcomes.setdefault(kind.name, []).append(outcome)
                rows.append(row(source, outcome))
    print(table(HEAD, rows))
    return figures(outcomes)


def kinds() -> list[ErrorKind]:
    """The kinds of all tables."""
    return [kind for name in TABLES for kind in import_module(f"validation_parts.{name}").KINDS]


def cases_of(annotated: Sequence[tuple[Record, Layer]]) -> list[PlantingCase]:
    """Records with their layers as cases; a translation with its original."""
    known = {record.id: (record, layer) for record, layer in annotated}
    nothing = (None, None)
    return [
        PlantingCase(record, layer, *known.get(record.translation_of or "", nothing)) for record, layer in annotated
    ]


def sample(quick: bool) -> list[PlantingCase]:
    """The shipped gold, English and German."""
    from curation.sources.sample import read_sample

    annotated = list(read_sample())
    return cases_of(annotated[::6] if quick else annotated)


def generated(quick: bool) -> list[PlantingCase]:
    """The generator's parallel records."""
    from curation.generate import generate

    return cases_of(list(generate(GENERATED[quick], seed=4)))


def maccrobat(quick: bool) -> list[PlantingCase]:
    """Real case reports with gold, mapped onto the scheme; none where the data are absent."""
    folder = DATA / "maccrobat"
    if not folder.is_dir():
        return []
    from curation.sources import Read, ReadOptions, read

    found = read(folder, format="brat", mapping="maccrobat", options=ReadOptions(language="en"))
    good = [item for item in islice(found, 6 if quick else None) if isinstance(item, Read)]
    return cases_of([(item.record, item.layers[0]) for item in good if item.layers])


SOURCES: Mapping[str, Callable[[bool], list[PlantingCase]]] = {
    "sample": sample,
    "generated": generated,
    "MACCROBAT": maccrobat,
}
