"""The names of files that stand for records."""

from __future__ import annotations

import hashlib
import re

#: What a file's name may not have on every system.
UNSAFE = re.compile(r"[^A-Za-z0-9._-]|^[.-]")
LONGEST = 80


def file_name(id: str) -> str:
    """The name of a record's file without its ending: its id, or a hash of it where that is no name of a file."""
    if len(id) <= LONGEST and not UNSAFE.search(id):
        return id
    return hashlib.sha256(id.encode()).hexdigest()[:32]
