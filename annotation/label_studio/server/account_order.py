"""What is done to the accounts of our own server in its database, by Label Studio's own interpreter."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from annotation.label_studio.logins import login_of
from annotation.label_studio.server.credentials import SERVICE, Account, ensure_credentials, write_credentials
from annotation.label_studio.server.environment import environment_path, executable
from annotation.label_studio.server.environment_variables import server_variables
from annotation.label_studio.settings import LabelStudioSettings
from curation.errors import ReviewError


def make_accounts(data: Path, settings: LabelStudioSettings, accounts: Iterable[Account]) -> None:
    """The accounts are there, with their passwords and tokens. Raises ReviewError where they cannot be made."""
    _carry_out(data, settings, {"accounts": [_plain(account) for account in accounts]})


def ensure_service(
    folder: Path, settings: LabelStudioSettings, *, titles: Sequence[str] = (), restore: bool = False
) -> dict[str, Any]:
    """What was done so that the service account has all our projects, and that nobody signs up by an invitation.

    Its token is kept with the workspace's secrets. With ``restore`` every account of ours is as we made it, too, and
    all others are closed. In the answer: counts of `projects`, `organization` (its settings) and `accounts`, the
    logins of the `others`, and those of them that were `closed` only now. Raises ReviewError where it cannot be done.
    """
    path = folder / "secrets.json"
    credentials = ensure_credentials(path)
    ours = [credentials.steward, *credentials.annotators.values()] if restore else []
    known = credentials.service.get_secret_value() if credentials.service else None
    done = _carry_out(
        folder / "data",
        settings,
        {
            "accounts": [],
            "service": {"login": login_of(SERVICE), "token": known},
            "steward": credentials.steward.login,
            "titles": [settings.project, *titles],
            "restore": [_plain(account) for account in ours],
        },
    )
    token = str(done.pop("service"))
    if token != known:
        write_credentials(path, credentials.model_copy(update={"service": SecretStr(token)}))
    return done


def _carry_out(data: Path, settings: LabelStudioSettings, order: dict[str, Any]) -> dict[str, Any]:
    answer = subprocess.run(
        [str(executable(environment_path(settings), "python")), str(Path(__file__).with_name("accounts.py"))],
        input=json.dumps(order),
        env=server_variables(data, settings),
        cwd=data,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        tail = " | ".join(answer.stderr.strip().splitlines()[-2:])
        raise ReviewError(f"expected Label Studio to make or restore its accounts, got: {tail}")
    done: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return done


def _plain(account: Account) -> dict[str, str]:
    return {
        "login": account.login,
        "password": account.password.get_secret_value(),
        "token": account.token.get_secret_value(),
    }
