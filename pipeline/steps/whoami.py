"""Who decides: the name of the person, kept once for each user of a machine."""

from __future__ import annotations

import os
from pathlib import Path

from curation.author import human
from curation.cache_folder import config_folder
from curation.errors import UsageError
from curation.private_files import made_private

#: The environment variable that goes before the kept name.
PERSON = "CLINCURATE_PERSON"


def person_file() -> Path:
    """Where the name is kept: in the user's own folder, not in a workspace, which many people may share."""
    return config_folder() / "person"


def known_person() -> tuple[str, str] | None:
    """The person's name and where it comes from; None where it was never told. The account's name is never taken."""
    if name := os.environ.get(PERSON):
        return person_name(name), PERSON
    file = person_file()
    return (person_name(file.read_text(encoding="utf-8")), str(file)) if file.is_file() else None


def keep_person(name: str) -> str:
    """The checked name, which stands beside every later decision of this user."""
    checked = person_name(name)
    made_private(person_file().parent)
    person_file().write_text(checked + "\n", encoding="utf-8")
    return checked


def person_name(words: str) -> str:
    """The name in one line, without the kind that authors of decisions have. Raises UsageError when there is none."""
    name = words.strip().removeprefix(human("")).strip()
    if not name or not name.isprintable():
        raise UsageError(f"expected the name of a person in one line, got {words!r}")
    return name
