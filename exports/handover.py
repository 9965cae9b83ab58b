"""One export, whole: the files of the format, the records beside them, and the marker by which it comes in again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from curation.private_files import made_private
from curation.sources.own_folder import MARKER, RECORDS, HubRevision, OwnExport, beside_line
from exports.file_names import file_name
from exports.formats import export_format
from exports.settings import ExportSettings
from exports.writer import ExportedSet


def hand_over(name: str, view: ExportedSet, to: Path, settings: ExportSettings, lost: Counter[str]) -> list[Path]:
    """The files of a set in a format, in an empty folder. lost: what the format has no place for."""
    format = export_format(name)
    made_private(to)
    files = format.write(view, to, settings)
    if format.records_beside:
        files += [_records_beside(view, split, to, texts=format.texts_beside) for split in view.curated.splits]
    marker = to / MARKER
    content = OwnExport(
        format=name,
        set=view.as_named(f"{view.curated.name}@{view.curated.version}"),
        digest=view.curated.digest,
        layer=view.as_named(str(view.curated.manifest["layer"])),
        scheme=view.scheme.digest,
        unreviewed=view.unreviewed,
        read_as=format.read_as,
        whole=format.whole,
        files=frozenset(path.relative_to(to).as_posix() for path in files),
        lost=dict(sorted(lost.items())),
    )
    _write_marker(marker, content)
    return [*files, marker]


def note_push(to: Path, pushed: HubRevision) -> None:
    """Writes into the marker of an export which revision on a hub holds the same."""
    marker = to / MARKER
    content = OwnExport.model_validate_json(marker.read_bytes())
    _write_marker(marker, content.model_copy(update={"pushed": pushed}))


def _write_marker(marker: Path, content: OwnExport) -> None:
    marker.write_text(content.model_dump_json(indent=2, exclude_none=True) + "\n", encoding="utf-8")


def _records_beside(view: ExportedSet, split: str, to: Path, *, texts: bool) -> Path:
    path = to / f"{split}{RECORDS}"
    with path.open("w", encoding="utf-8", newline="\n") as lines:
        lines.writelines(beside_line(record, file_name(record.id), text=texts) for record, _ in view.members(split))
    return path
