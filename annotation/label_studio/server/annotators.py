"""Accounts for annotators on our own server."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from annotation.label_studio.server.credentials import (
    Account,
    Credentials,
    new_account,
    read_credentials,
    write_credentials,
)
from annotation.label_studio.server.environment import environment_path, executable
from annotation.label_studio.server.environment_variables import server_variables
from annotation.label_studio.settings import LabelStudioSettings
from curation.errors import ReviewError, UsageError
from curation.process_lock import process_lock

#: The form of an annotator's name, which becomes a login and part of a layer's name.
ANNOTATOR_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


def add_annotator(workspace: Path, settings: LabelStudioSettings, name: str) -> Account:
    """An account for an annotator of the workspace's own server, the same one when asked again."""
    return add_annotators(workspace, settings, [name])[0]


def add_annotators(workspace: Path, settings: LabelStudioSettings, names: Iterable[str]) -> list[Account]:
    """`add_annotator` for several at once, which loads Label Studio's code only once (about four seconds)."""
    names = list(names)
    if wrong := [name for name in names if not ANNOTATOR_NAME.fullmatch(name)]:
        raise UsageError(f"expected names of small letters, digits, '.', '_' and '-', got {wrong[0]!r}")
    folder = workspace / "label-studio"
    if not (folder / "data").is_dir():
        raise ReviewError("expected a server that was started once; run curate review start")
    with process_lock(folder / "lock"):
        path = folder / "secrets.json"
        credentials = read_credentials(path)
        if credentials is None:
            raise ReviewError("expected a server that was started once; run curate review start")
        accounts = {name: credentials.annotators.get(name) or new_account(name) for name in names}
        _make_accounts(folder / "data", settings, accounts.values())
        write_credentials(path, Credentials(steward=credentials.steward, annotators=credentials.annotators | accounts))
    return [accounts[name] for name in names]


def _make_accounts(data: Path, settings: LabelStudioSettings, accounts: Iterable[Account]) -> None:
    fields = [
        {
            "login": account.login,
            "password": account.password.get_secret_value(),
            "token": account.token.get_secret_value(),
        }
        for account in accounts
    ]
    done = subprocess.run(
        [str(executable(environment_path(settings), "python")), str(Path(__file__).with_name("accounts.py"))],
        input=json.dumps(fields),
        env=server_variables(data, settings),
        cwd=data,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        tail = " | ".join(done.stderr.strip().splitlines()[-2:])
        raise ReviewError(f"expected Label Studio to make {len(fields)} accounts, got: {tail}")
