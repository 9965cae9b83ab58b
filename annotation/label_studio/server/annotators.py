"""Accounts for annotators on our own server."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from annotation.label_studio.server.account_order import make_accounts
from annotation.label_studio.server.credentials import (
    SERVICE,
    STEWARD,
    Account,
    new_account,
    read_credentials,
    write_credentials,
)
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
    if taken := {STEWARD, SERVICE}.intersection(names):
        raise UsageError(f"expected the name of an annotator, got {min(taken)!r}, which is an account of our own")
    folder = workspace / "label-studio"
    if not (folder / "data").is_dir():
        raise ReviewError("expected a server that was started once; run curate review start")
    with process_lock(folder / "lock"):
        path = folder / "secrets.json"
        credentials = read_credentials(path)
        if credentials is None:
            raise ReviewError("expected a server that was started once; run curate review start")
        accounts = {name: credentials.annotators.get(name) or new_account(name) for name in names}
        make_accounts(folder / "data", settings, accounts.values())
        write_credentials(path, credentials.model_copy(update={"annotators": credentials.annotators | accounts}))
    return [accounts[name] for name in names]
