"""Secret keys, and what is drawn from one: equal words under equal keys give equal draws, which are one-way."""

from __future__ import annotations

import hmac
import os
import secrets
import stat
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from curation.errors import ConfigError

#: The file of a workspace that holds the key. With it, the surrogate of each wording can be computed.
KEY_FILE = "deidentify.key"
#: Bytes of a key, as many as SHA-256 gives.
SIZE = 32

T = TypeVar("T")


class KeyedDraws:
    """An endless row of numbers: HMAC-SHA256 (RFC 2104) over the words and a counter."""

    def __init__(self, secret: bytes, about: Sequence[str]) -> None:
        self._secret = secret
        self._about = "\x1f".join(about).encode()
        self._count = 0

    def below(self, limit: int) -> int:
        """The next number, from 0 to below the limit."""
        self._count += 1
        drawn = hmac.digest(self._secret, self._about + self._count.to_bytes(4, "big"), "sha256")
        return int.from_bytes(drawn[:16], "big") % limit

    def one_of(self, several: Sequence[T]) -> T:
        """One of several."""
        return several[self.below(len(several))]


class Key:
    """A secret key; its value is never printed."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def __repr__(self) -> str:
        return "Key(...)"

    def draws(self, *about: str) -> KeyedDraws:
        """What is drawn for these words."""
        return KeyedDraws(self._secret, about)

    def pseudonym(self, *about: str) -> str:
        """A name of 16 hexadecimal digits for these words."""
        return self.keyed("\x1f".join(about).encode()).hex()[:16]

    def keyed(self, content: bytes) -> bytes:
        """32 bytes that stand for the content (HMAC-SHA256): without the key, no guess at it can be tried."""
        return hmac.digest(self._secret, content, "sha256")


def read_key(folder: Path, name: str = KEY_FILE) -> Key:
    """The key of a workspace in the file of this name, made when there is none.

    Raises ConfigError when the file is no key, or when others than its owner may read it.
    """
    path = folder / name
    if not path.exists():
        # A link appears with all of its content, or not at all where another process made the key first.
        with tempfile.NamedTemporaryFile("w", dir=folder, prefix=f".{name}.", encoding="ascii") as file:
            file.write(secrets.token_bytes(SIZE).hex() + "\n")
            file.flush()
            with suppress(FileExistsError):
                os.link(file.name, path)
    return _stored(path)


def found_key(folder: Path, name: str = KEY_FILE) -> Key:
    """The key of a workspace as `read_key` gives it; where there is none, one that nobody keeps."""
    return read_key(folder, name) if (folder / name).exists() else Key(secrets.token_bytes(SIZE))


def _stored(path: Path) -> Key:
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ConfigError(f"{path}: expected a key that only its owner can read; run: chmod 600 {path}")
    try:
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        secret = b""
    if len(secret) != SIZE:
        raise ConfigError(f"{path}: expected a key of {2 * SIZE} hexadecimal digits, got something else")
    return Key(secret)
