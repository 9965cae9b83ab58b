"""The address of an encoder as a setting names it: ADDRESS#MODEL."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from curation.errors import ConfigError

#: What such an address begins with, and the path that a user may leave out or give.
SCHEMES = ("http://", "https://")
PATH = "/embeddings"


@dataclass(frozen=True, slots=True)
class EncoderAddress:
    """A server with OpenAI's embeddings, and the name of the model there."""

    url: str
    model: str

    @classmethod
    def of(cls, name: str) -> EncoderAddress:
        """The parts of a name. Raises ConfigError, which does not repeat it: a password may stand in it."""
        address, _, model = name.partition("#")
        try:
            parts = urlsplit(address)
            fits = bool(parts.hostname) and (parts.port or 0) >= 0
        except ValueError:
            fits = False
        if not fits or parts.username or parts.password or parts.query or not model.strip():
            raise ConfigError(
                "expected the address of an encoder as ADDRESS#MODEL without user, password or query, such as "
                "http://127.0.0.1:8080/v1#bge-m3, got another"
            )
        return cls(address.rstrip("/").removesuffix(PATH), model.strip())


def is_address(name: str) -> bool:
    """Whether an encoder's name is the address of a server."""
    return name.lower().startswith(SCHEMES)
