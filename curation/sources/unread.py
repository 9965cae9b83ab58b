"""Files that no reader reads: what to do with documents, tables and pictures of other programs."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from curation.sources.reading import Notice

OFFICE = "save them as plain text, such as with `soffice --headless --convert-to txt:Text`"
TABLE = "save them as CSV"
PICTURE = "have their text recognised first"
ARCHIVE = "unpack them first"
#: What to do before files with these endings can be imported.
ADVICE = {
    ".pdf": "take their text out, such as with `pdftotext -layout`; scans need their text recognised first",
    **dict.fromkeys((".doc", ".docx", ".docm", ".dotx", ".odt", ".rtf", ".wpd", ".pages", ".ppt", ".pptx"), OFFICE),
    **dict.fromkeys((".html", ".htm", ".xhtml", ".eml", ".msg"), "save them as plain text"),
    **dict.fromkeys((".xls", ".xlsx", ".xlsm", ".ods", ".numbers"), TABLE),
    **dict.fromkeys((".tif", ".tiff", ".jpg", ".jpeg", ".png", ".bmp", ".gif", ".heic", ".dcm"), PICTURE),
    **dict.fromkeys((".zip", ".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz"), ARCHIVE),
}  # fmt: skip
OTHER = "they are of other formats"
#: So many files are named.
FEW = 5


def unread_notices(folder: Path, files: Sequence[Path], read: Collection[Path]) -> Iterator[Notice]:
    """What is not read of a folder: for each advice, how many files of which endings, and the first names."""
    by_advice: dict[str, list[Path]] = {}
    for file in files:
        if file not in read:
            by_advice.setdefault(ADVICE.get(file.suffix.lower(), OTHER), []).append(file)
    for advice, unread in by_advice.items():
        endings = Counter(file.suffix.lower() or "without an ending" for file in unread)
        counts = ", ".join(f"{count} {ending}" for ending, count in endings.items())
        names = ", ".join(file.name for file in unread[:FEW]) + (", ..." if len(unread) > FEW else "")
        yield Notice(str(folder), f"not read: {counts} ({names}): {advice}")


def layer_notices(folder: Path, layers: Sequence[str]) -> Iterator[Notice]:
    """What is not read of an export of our own: other layers of its records, each a folder that can be imported."""
    if layers:
        named = ", ".join(f"`curate import {shlex.quote(str(folder / layer))}`" for layer in layers)
        yield Notice(str(folder), f"not read: other layers of these records ({len(layers)}); they come in with {named}")
