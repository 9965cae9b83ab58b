"""The secrets of our own server: made once per workspace, kept in a file that only its owner reads."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError

from annotation.label_studio.logins import login_of
from curation.atomic_file import write_private
from curation.errors import ReviewError
from curation.record import Frozen

#: The account of the person who has the workspace, the owner of Label Studio's organisation.
STEWARD = "steward"

#: The account that the commands work with. No person is it: it has no password, projects are its own, and the token
#: that Label Studio hands to every live back end is one that no server takes.
SERVICE = "service"


class Account(Frozen):
    """The login, password and API token of one person."""

    login: str
    password: SecretStr
    token: SecretStr


class Credentials(Frozen):
    """All accounts of a workspace's server: the steward's, the token of the service account, the annotators'.

    A workspace of an earlier version has no service account until its server is started again.
    """

    steward: Account
    service: SecretStr | None = None
    annotators: dict[str, Account] = Field(default_factory=dict)

    @property
    def logins(self) -> dict[str, str]:
        """The names of our accounts by their logins."""
        return {login_of(name): name for name in (STEWARD, SERVICE, *self.annotators)}


def new_account(name: str) -> Account:
    """An account with a fresh password and token."""
    return Account(
        login=login_of(name),
        password=SecretStr(secrets.token_hex(8)),
        token=SecretStr(secrets.token_hex(20)),
    )


def read_credentials(path: Path) -> Credentials | None:
    """The secrets in the file, or None when there is none."""
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        return Credentials.model_validate_json(content)
    except ValidationError:
        # The validation error would quote what it read.
        raise ReviewError(
            f"expected the server's secrets in {path}, got something else; restore the file, "
            "or remove the folder it is in to begin with a new server"
        ) from None


def ensure_credentials(path: Path) -> Credentials:
    """The secrets in the file, made when there is none."""
    if found := read_credentials(path):
        return found
    made = Credentials(steward=new_account(STEWARD))
    write_credentials(path, made)
    return made


def write_credentials(path: Path, credentials: Credentials) -> None:
    """The file, replaced at once and readable by its owner only."""
    plain: dict[str, object] = {
        "steward": _plain(credentials.steward),
        **({"service": credentials.service.get_secret_value()} if credentials.service else {}),
        "annotators": {name: _plain(account) for name, account in credentials.annotators.items()},
    }
    write_private(path, json.dumps(plain, indent=1))


def _plain(account: Account) -> dict[str, str]:
    return {
        "login": account.login,
        "password": account.password.get_secret_value(),
        "token": account.token.get_secret_value(),
    }
