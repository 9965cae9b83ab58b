"""Real sets as the product's importers read them: records with gold, a side to learn from and one to measure on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from curation.record import Layer
from curation.scheme import Scheme, load_scheme
from curation.sources import Read, read
from curation.sources.sample import read_sample
from study_parts.sizes import Annotated

DATA = Path(__file__).parents[3] / "shared" / "data"
SCHEMES = Path(__file__).parent / "schemes"
#: The plain script of drug, effect and patient asks for the same.
PHEE_SCHEME = Path(__file__).parents[1] / "real_model_parts" / "phee.yaml"
#: Documents that are measured on, of sets without a test part of their own.
APART = {"maccrobat": 30, "sample": 20, "e3c": 24, "chia": 200}


@dataclass(frozen=True)
class StudySet:
    """Records with gold to learn from and to measure on, under a scheme."""

    name: str
    scheme: Scheme
    train: tuple[Annotated, ...]
    test: tuple[Annotated, ...]


def needed(names: Sequence[str]) -> str | None:
    """What is missing of the data; None where all is there."""
    folders = [FOLDERS.get(name, name) for name in names if name != "sample"]
    lacking = [folder for folder in folders if not (DATA / folder).is_dir()]
    return f"needs {', '.join(lacking)} in {DATA}: public data that is not part of the project" if lacking else None


@cache
def study_set(name: str) -> StudySet:
    """A set by its name; the test part is the set's own where it has one."""
    return SETS[name](name)


def pairs_of(path: str, mapping: str, keep: Mapping[str, str] | None = None) -> Iterator[Annotated]:
    """Each record with its gold; keep: the categories that stay, and their new names. No relations."""
    for found in read(DATA / path, mapping=mapping):
        if isinstance(found, Read) and found.layers:
            yield found.record, _kept(found.layers[0], keep)


def _kept(layer: Layer, keep: Mapping[str, str] | None) -> Layer:
    kept = [entity for entity in layer.entities if entity.fragments and (keep is None or entity.category in keep)]
    names = keep or {entity.category: entity.category for entity in kept}
    named = [entity.model_copy(update={"category": names[entity.category]}) for entity in kept]
    return layer.model_copy(update={"entities": tuple(named), "relations": (), "name": "gold", "author": "gold"})


def shuffled(pairs: Iterator[Annotated], test: int) -> tuple[tuple[Annotated, ...], tuple[Annotated, ...]]:
    """A side to learn from and so many records to measure on, of a set without parts."""
    found = list(pairs)
    Random(0).shuffle(found)
    return tuple(found[test:]), tuple(found[:test])


def _mts_dialog(name: str) -> StudySet:
    train, test = (
        tuple(pairs_of(f"mts_dialog/MTS-Dialog-{part}.csv", "mts-dialog"))
        for part in ("TrainingSet", "TestSet-1-MEDIQA-Chat-2023")
    )
    return StudySet(name, load_scheme(SCHEMES / "mts_dialog.yaml"), train, test)


def _phee(name: str) -> StudySet:
    keep = {"Drug": "drug", "Effect": "effect", "Subject": "patient"}
    train, test = (tuple(pairs_of(f"phee/{part}.json", "phee", keep)) for part in ("train", "test"))
    return StudySet(name, load_scheme(PHEE_SCHEME), train, test)


def _maccrobat(name: str) -> StudySet:
    return StudySet(name, load_scheme(), *shuffled(pairs_of("maccrobat", "maccrobat"), APART[name]))


def _sample(name: str) -> StudySet:
    return StudySet(name, load_scheme(), *shuffled(read_sample(("en",)), APART[name]))


def _e3c(name: str) -> StudySet:
    scheme = load_scheme(SCHEMES / "e3c.yaml")
    keep = {category: category for category in scheme.names}
    found = pairs_of("e3c/gold_spans_layer1_en.jsonl", "e3c-spans", keep)
    return StudySet(name, scheme, *shuffled(found, APART[name]))


def _iob(name: str) -> StudySet:
    folder = FOLDERS.get(name, name)
    mapping = "bc5cdr-iob" if name == "bc5cdr" else name
    train, test = (tuple(pairs_of(f"{folder}/{part}.tsv", mapping)) for part in ("train", "test"))
    return StudySet(name, load_scheme(SCHEMES / f"{folder.replace('-', '_')}.yaml"), train, test)


def _chia(name: str) -> StudySet:
    scheme = load_scheme(SCHEMES / "chia.yaml")
    found = pairs_of("chia", "chia", {category: category for category in scheme.names})
    return StudySet(name, scheme, *shuffled(found, APART[name]))


SETS: Mapping[str, Callable[[str], StudySet]] = {
    "mts-dialog": _mts_dialog,
    "phee": _phee,
    "maccrobat": _maccrobat,
    "sample": _sample,
    "e3c": _e3c,
    "bc5cdr": _iob,
    "ncbi-disease": _iob,
    "chia": _chia,
}
#: The folder of a set's data where its name is another one.
FOLDERS: Mapping[str, str] = {"mts-dialog": "mts_dialog"}
