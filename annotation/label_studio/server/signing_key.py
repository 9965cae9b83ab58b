"""The key by which Label Studio signs sessions and personal tokens, made by us before it starts.

One of its own in fifty begins with `$`: it takes that for the name of a variable when it reads the key again, finds
none, and makes another. The server and the program that makes our accounts then sign with two keys, and every command
is refused with HTTP 401.
"""

from __future__ import annotations

import re
from pathlib import Path
from secrets import token_hex

from curation.atomic_file import write_private

#: Where Label Studio keeps it, in its data folder; of several lines the last counts.
FILE = ".env"
LINE = re.compile(r"^(?:export )?SECRET_KEY=(?P<key>.*)$", re.MULTILINE)


def ensure_signing_key(data: Path) -> bool:
    """Whether a key was made: where there is none that is read again. Only for a server that does not run."""
    file = data / FILE
    content = file.read_text(encoding="utf-8") if file.is_file() else ""
    if _is_read(content):
        return False
    write_private(file, f"{content}\nSECRET_KEY={token_hex(32)}\n")
    return True


def _is_read(content: str) -> bool:
    keys = [match["key"].strip("'\"") for match in LINE.finditer(content)]
    return bool(keys) and bool(keys[-1]) and not keys[-1].startswith("$")
