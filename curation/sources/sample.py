"""The shipped sample: clinical summaries invented for this project, written with their gold.

One file a case under `curation/sample/LANGUAGE`: lines of `key: value`, an empty line, the marked text
(`curation.markup`). The same file name in another language is the translation of the English one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from curation.author import GOLD
from curation.errors import CurateError, SourceError, UsageError
from curation.markup import parse_markup
from curation.record import Entity, Frozen, Layer, Record, record_id

SAMPLE = Path(__file__).parents[1] / "sample"
SOURCE = "sample"
LICENCE = "Apache-2.0"
MADE = "written with its gold"

#: The language that the cases were written in; the others are translations of it.
ORIGINAL = "en"


class SampleHeader(Frozen):
    """What stands above the text of a case."""

    specialty: str
    style: str


class SampleCase(Frozen):
    """One file of the sample, read."""

    name: str
    language: str
    header: SampleHeader
    text: str
    entities: tuple[Entity, ...]

    @property
    def id(self) -> str:
        """The id of the record that the case becomes."""
        return record_id(self.text, language=self.language, source_id=self.name)


def read_sample(languages: Sequence[str] = ("en", "de"), *, folder: Path = SAMPLE) -> Iterator[tuple[Record, Layer]]:
    """Each case as a record and its gold layer, language by language, in order of their names.

    Raises UsageError for a language that the sample does not have, and SourceError naming the file
    for one that cannot be read.
    """
    for language in languages:
        for path in case_files(folder, language):
            original = folder / ORIGINAL / path.name
            yield record_and_gold(read_case(path), None if language == ORIGINAL else read_case(original))


def case_files(folder: Path, language: str) -> list[Path]:
    """The files of one language, in order of their names."""
    if paths := sorted((folder / language).glob("*.txt")):
        return paths
    languages = ", ".join(sorted(path.name for path in folder.iterdir() if path.is_dir()))
    raise UsageError(f"expected a language of the sample ({languages}), got {language}")


def read_case(path: Path) -> SampleCase:
    """The case in a file; its language is the name of the folder."""
    try:
        head, gap, marked = path.read_text(encoding="utf-8").partition("\n\n")
        if not gap:
            raise SourceError("expected an empty line between the header and the text, found none")
        text, entities = parse_markup(marked.strip())
        return SampleCase(
            name=path.stem,
            language=path.parent.name,
            header=read_header(head),
            text=text,
            entities=entities,
        )
    except ValidationError as error:
        where = ", ".join(sorted({".".join(map(str, problem["loc"])) for problem in error.errors()}))
        raise SourceError(f"{path}: expected the header lines specialty and style, see {where}") from error
    except (CurateError, OSError, ValueError) as error:
        raise SourceError(f"{path}: {error}") from error


def read_header(head: str) -> SampleHeader:
    """The `key: value` lines above the text."""
    pairs = [line.partition(":") for line in head.splitlines()]
    return SampleHeader.model_validate({key.strip(): value.strip() for key, _, value in pairs})


def record_and_gold(case: SampleCase, original: SampleCase | None) -> tuple[Record, Layer]:
    """The record of a case and its gold layer; `original` is what the case is a translation of."""
    translation = {"translation_of": original.id} if original else {}
    record = Record(
        id=case.id,
        group=case.name,
        source=SOURCE,
        language=case.language,
        text=case.text,
        translation_of=original.id if original else None,
        licence=LICENCE,
        meta={**case.header.model_dump(), "source_id": case.name},
    )
    layer = Layer(
        record_id=record.id,
        name=GOLD,
        author=GOLD,
        entities=case.entities,
        provenance={"made": MADE, **translation},
    )
    return record, layer
