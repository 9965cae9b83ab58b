"""The back end's own login and password, in a file that only its owner can read."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from curation.atomic_file import write_private
from curation.errors import ReviewError

LOGIN = "clincurate"


@dataclass(frozen=True, slots=True)
class BasicAuth:
    """The login and password that Label Studio must send."""

    login: str
    password: str = field(repr=False)

    def accepts(self, header: str | None) -> bool:
        """Whether an Authorization header holds both, compared in constant time."""
        scheme, _, given = (header or "").partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            shown = base64.b64decode(given.strip(), validate=True)
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(shown, f"{self.login}:{self.password}".encode())

    @property
    def header(self) -> str:
        """The Authorization header with both."""
        return "Basic " + base64.b64encode(f"{self.login}:{self.password}".encode()).decode()


def ensure_basic_auth(folder: Path) -> BasicAuth:
    """The workspace's login and password, made when there are none."""
    return read_basic_auth(folder) or new_basic_auth(folder)


def new_basic_auth(folder: Path) -> BasicAuth:
    """A login and password in place of the ones before, which nobody accepts any more."""
    made = BasicAuth(LOGIN, secrets.token_hex(20))
    write_private(folder / "secrets.json", json.dumps({"login": made.login, "password": made.password}, indent=1))
    return made


def read_basic_auth(folder: Path) -> BasicAuth | None:
    """The workspace's login and password, or None when there are none yet."""
    path = folder / "secrets.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return BasicAuth(str(content["login"]), str(content["password"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        # The error would quote what was read.
        raise ReviewError(
            f"expected the back end's login and password in {path}, got something else; "
            "remove the file, start the back end again, and it makes new ones"
        ) from None
