"""Whose reports the files of a folder are taken to be, where their names leave it open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from curation.sources.mapping import Column
from curation.sources.reading import Notice
from curation.sources.rows import stem_of


def patient_notices(folder: Path, files: Sequence[Path], columns: Mapping[str, Column | None]) -> Iterator[Notice]:
    """What is said of files that are one patient's by their name alone, and of those that no patient's folder holds.

    columns: where the record's fields come from, by their names; None where nothing says it.
    """
    group = columns["group"]
    if group is None and columns["id"] is None:
        names = Counter(map(stem_of, files))
        repeated = [count for count in names.values() if count > 1]
        if repeated:
            yield Notice(
                str(folder),
                f"{sum(repeated)} files share {len(repeated)} names, and files of one name are taken to be one "
                "patient's; --column group=_folder takes those of one folder instead",
            )
    elif group is not None and group.columns == ("_folder",):
        beside = [file for file in files if file.parent == folder]
        if 1 < len(beside) < len(files):
            yield Notice(
                str(folder),
                f"{len(beside)} files are in no folder of a patient, so they are taken to be one patient's, "
                f"the group {folder.absolute().name}",
            )
