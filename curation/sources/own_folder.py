"""A folder that `curate export` wrote: what it is, which of its files hold the whole, and the records beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_serializer

from curation.record import Assertion, Entity, Frozen, Record, text_digest

#: The file by which such a folder is known, and the ending of those with the fields of records.
MARKER = "clincurate-export.json"
RECORDS = ".records.jsonl"
#: The folder of an export with other layers of the same records, each in a folder of its own.
LAYERS = "layers"
#: Attributes under which formats that have nothing but attributes hold what an entity has besides.
ASSERTION, SCORE = "Assertion", "Score"
DIGEST_LENGTH = 16


class HubRevision(Frozen):
    """Where an export was pushed to: the hub's address of the data set, and its commit."""

    address: str
    revision: str


class OwnExport(Frozen):
    """What the marker says: made of which set, in which format, and how it comes in again."""

    format: str
    set: str
    digest: str
    layer: str
    scheme: str
    unreviewed: bool = False
    read_as: str = ""  #: a format of `curate import`; empty where nothing reads it
    whole: str = "*"  #: the files to read, as a pattern of names
    lost: dict[str, int] = Field(default_factory=dict)
    files: frozenset[str] = frozenset()
    pushed: HubRevision | None = None

    @field_serializer("files")
    def _in_order(self, files: frozenset[str]) -> list[str]:
        return sorted(files)


@dataclass(frozen=True, slots=True)
class FoundExport:
    """The folder of an export, and what its marker says."""

    folder: Path
    content: OwnExport
    beside: RecordsBeside

    def holds(self, file: Path) -> bool:
        """Whether a file is read: it is of the export, and holds the whole."""
        beside = file.name == MARKER or file.name.endswith(RECORDS)
        return self._is_part(file) and file.match(self.content.whole) and not beside

    def is_beside(self, file: Path) -> bool:
        """Whether a file of the export holds the same in another form, or only what its format has no place for."""
        return self._is_part(file) and not self.holds(file)

    def other_layer(self, file: Path) -> str:
        """The folder of another layer of the same records that a file is of; empty for all other files."""
        first, _, rest = self._name(file).partition("/")
        folder, inside, _ = rest.partition("/")
        is_layer = first == LAYERS and inside and (self.folder / LAYERS / folder / MARKER).is_file()
        return f"{LAYERS}/{folder}" if is_layer else ""

    def record(self, name: str, text: str) -> Record | None:
        """The record that the export was made of, by the name that its format has for it, if it has this text."""
        return self.beside.record(name, text)

    def text(self, name: str) -> str | None:
        """The text that stands beside the export for a name."""
        return self.beside.text(name)

    def _name(self, file: Path) -> str:
        return file.absolute().relative_to(self.folder.absolute()).as_posix()

    def _is_part(self, file: Path) -> bool:
        name = self._name(file)
        return name == MARKER or name in self.content.files


def own_folder(source: Path) -> FoundExport | None:
    """The export that a folder or a file is, or is part of; None where there is none."""
    for folder in (source, *list(source.absolute().parents)[:3]):
        marker = folder / MARKER
        if marker.is_file() and not marker.is_symlink():
            try:
                content = OwnExport.model_validate_json(marker.read_text(encoding="utf-8"))
            except (OSError, ValidationError, UnicodeDecodeError):
                return None
            return FoundExport(folder, content, RecordsBeside.of(folder))
    return None


def exported_files(folder: Path) -> frozenset[str]:
    """The files that an earlier export in a folder has written, those of its other layers among them, as paths in it;
    none where its marker is none of ours.
    """
    named: set[str] = set()
    for marker in (folder / MARKER, *folder.glob(f"{LAYERS}/*/{MARKER}")):
        with suppress(OSError, ValidationError, UnicodeDecodeError):
            content = OwnExport.model_validate_json(marker.read_text(encoding="utf-8"))
            inside = marker.parent.relative_to(folder)
            named |= {(inside / name).as_posix() for name in (MARKER, *content.files)}
    return frozenset(named) if MARKER in named else frozenset()


@dataclass(frozen=True)
class RecordsBeside:
    """The records of an export by the name that its format has for each; the texts are looked up when asked for."""

    lines: Mapping[str, tuple[Path, int]]

    @classmethod
    def of(cls, folder: Path) -> RecordsBeside:
        """Where each record of a folder stands; nowhere in a file that cannot be read."""
        lines: dict[str, tuple[Path, int]] = {}
        for path in sorted(folder.glob(f"*{RECORDS}")):
            with suppress(OSError, ValueError, KeyError, TypeError), path.open("rb") as file:
                while line := file.readline():
                    lines[json.loads(line)["name"]] = (path, file.tell() - len(line))
        return cls(lines)

    def record(self, name: str, text: str) -> Record | None:
        """The record of that name, if it has this text."""
        values = self._values(name)
        if values is None or values["text_digest"] != text_digest(text, length=DIGEST_LENGTH):
            return None
        return Record.model_validate(
            {field: values[field] for field in values.keys() & Record.model_fields} | {"text": text}
        )

    def text(self, name: str) -> str | None:
        """The text of a name, where texts stand beside."""
        return (self._values(name) or {}).get("text")

    def texts(self, file: Path) -> Iterator[tuple[str, str]]:
        """The name and text of each record beside a file of words, in its order."""
        for name, (path, _) in self.lines.items():
            if path == file.with_name(f"{file.stem}{RECORDS}"):
                yield name, (self._values(name) or {})["text"]

    def _values(self, name: str) -> dict[str, Any] | None:
        if name not in self.lines:
            return None
        path, offset = self.lines[name]
        with path.open("rb") as file:
            file.seek(offset)
            found: dict[str, Any] = json.loads(file.readline())
        return found


def beside_line(record: Record, name: str, *, text: bool) -> str:
    """A record as a line of RECORDS: all fields, and the digest of its text, which is left out where not asked for."""
    values = record.model_dump(mode="json", exclude=set() if text else {"text"})
    values |= {"name": name, "text_digest": text_digest(record.text, length=DIGEST_LENGTH)}
    return json.dumps(values, ensure_ascii=False, sort_keys=True) + "\n"


def entity_restored(entity: Entity) -> Entity:
    """The entity with its assertion and score, which the format had as attributes."""
    attributes = dict(entity.attributes)
    update: dict[str, Any] = {}
    if attributes.get(ASSERTION) in set(Assertion):
        update["assertion"] = Assertion(attributes.pop(ASSERTION))
    if SCORE in attributes:
        try:
            update["score"] = float(attributes[SCORE])
        except ValueError:
            return entity
        del attributes[SCORE]
    return entity.model_copy(update=update | {"attributes": attributes}) if update else entity
