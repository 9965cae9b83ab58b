"""One thing in Label Studio that is not as we made it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from annotation.label_studio.api.client import Client

#: Most characters of a name that somebody else has chosen.
LONGEST = 60

PUT_BACK = "`curate review secure` puts it back"


@dataclass(frozen=True, slots=True)
class ForeignEntry:
    """What kind of thing it is and what it is, in one line; whether texts go out by it; the requests that undo it."""

    kind: str
    found: str
    sends_text: bool = False
    undo: Callable[[Client], object] | None = field(default=None, repr=False, compare=False)
    #: No request undoes it, but our own server's database is put right.
    in_database: bool = False
    #: Put back by push and pull, too, which would work elsewhere.
    at_once: bool = False
    #: What a person can do where we undo nothing.
    advice: str = ""

    @property
    def line(self) -> str:
        """The kind, what was found, and what to do."""
        return f"{self.kind}: {self.found}; {self.do}"

    @property
    def do(self) -> str:
        """What to do about it."""
        return PUT_BACK if self.undo or self.in_database else self.advice


def shown(text: object) -> str:
    """What somebody else wrote, as part of a line: printable, and not long."""
    plain = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in str(text))
    return plain if len(plain) <= LONGEST else f"{plain[:LONGEST]}..."


def shown_address(url: object) -> str:
    """Scheme, host and port of an address; its path may hold a secret."""
    try:
        parts = urlsplit(str(url))
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an address that cannot be read"
    return shown(f"{parts.scheme}://{host}{port}") if host else "an address without a host"
