"""A name that becomes the name of a file or a folder: it stays one part of a path on every system."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from curation.errors import UsageError
from curation.record import digest

#: Bytes of a name in UTF-8: file systems take 255, and endings are put behind it.
LONGEST = 150
#: What Windows does not allow in a name; the first two divide paths.
DIVIDERS, FORBIDDEN = "/\\", '<>:"|?*'
#: Names that Windows keeps for devices, with any ending.
DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\..*)?", re.IGNORECASE)
#: What the names of layers have and a folder's has not.
NOT_IN_FOLDERS = re.compile(r"[^\w.+-]+")
#: Scripts with letters that look alike.
ALIKE = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"})


def path_name(name: str, what: str, *, among: Path | None = None) -> str:
    """The name, composed (NFC), when it is one part of a path on Linux, macOS and Windows.

    what: a noun with its article, such as "an adapter". among: the folder in which it will stand; a name that a file
    there has in other capitals is refused. Raises UsageError that says what does not fit.
    """
    composed = unicodedata.normalize("NFC", name)
    if problem := _problem(composed):
        raise UsageError(f"expected the name of {what} in letters, digits, '-', '_' and '.', got {name!r}: {problem}")
    folded = _folded(composed)
    for path in among.iterdir() if among is not None and among.is_dir() else ():
        if path.name != composed and _folded(path.name) == folded:
            raise UsageError(
                f"expected the name of {what} that differs from the others in more than capitals, got {name!r}, "
                f"there is {path.name!r}"
            )
    return composed


def _problem(name: str) -> str:
    """What does not fit, empty when all does."""
    if not name.strip():
        return "it is empty"
    if divider := next((character for character in name if character in DIVIDERS), ""):
        return f"{divider!r} divides the parts of a path"
    if name[0] in ".-" or name != name.strip() or name[-1] == ".":
        return "it begins with '.' or '-', ends with '.', or has spaces around it"
    if any(unicodedata.category(character)[0] == "C" for character in name):
        return "it has a character that cannot be seen"
    if forbidden := next((character for character in name if character in FORBIDDEN), ""):
        return f"file systems do not take {forbidden!r}"
    if DEVICES.fullmatch(name):
        return "Windows keeps it for a device"
    if len(name.encode("utf-8", "surrogatepass")) > LONGEST:
        return f"it is longer than {LONGEST} bytes"
    if unicodedata.normalize("NFKC", name) != name:
        return "it has characters that stand for others"
    scripts = {unicodedata.name(character, "").split(" ")[0] for character in name if character.isalpha()} & ALIKE
    return f"it mixes scripts ({', '.join(sorted(scripts)).lower()})" if len(scripts) > 1 else ""


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold())


def folder_name(words: str) -> str:
    """Words, such as the names of layers, as one part of a path: letters, digits, '_+.', and '-' for the rest."""
    written = NOT_IN_FOLDERS.sub("-", words)
    if len(written.encode()) > LONGEST:
        written = f"{written.encode()[: LONGEST - 20].decode(errors='ignore')}-{digest(words)}"
    return written if written.strip(".") else written.replace(".", "-")
