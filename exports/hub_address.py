"""Which hub a push goes to, and what a data set may be called there."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

from curation.address import is_this_machine, remote_host
from curation.errors import EgressBlockedError, UsageError
from curation.trusted import trusted

#: The variable that names another hub than the usual one, as for the hub's own library.
VARIABLE = "HF_ENDPOINT"
USUAL = "https://huggingface.co"
#: What a hub takes as OWNER/NAME.
PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?"
NAME = re.compile(rf"{PART}/{PART}")
LONGEST = 96


def hub_address() -> str:
    """The address of the hub: that of the environment, else the usual one. Raises UsageError for what is none."""
    address = os.environ.get(VARIABLE, "").strip().rstrip("/") or USUAL
    try:
        parts = urlsplit(address)
        named = parts.hostname is not None and (parts.port is None or parts.port > 0)
    except ValueError:
        parts, named = urlsplit(""), False
    if not named or parts.scheme not in ("http", "https") or parts.username is not None or parts.query:
        raise UsageError(f"expected the address of a hub such as {USUAL} in {VARIABLE}, got something else")
    if parts.scheme == "http" and not is_this_machine(parts.hostname or ""):
        raise UsageError(
            f"expected https in {VARIABLE}, got http to another machine ({parts.hostname}): texts and the token would "
            "go there readable for all"
        )
    return address


def check_name(name: str) -> str:
    """The name, where a hub would take it. Raises UsageError where not."""
    if not NAME.fullmatch(name) or len(name) > LONGEST or "--" in name or ".." in name or name.endswith(".git"):
        raise UsageError(
            f"expected OWNER/NAME of letters A to Z, digits, -, _ and . (at most {LONGEST} in all), got {name!r}"
        )
    return name


def is_allowed(address: str) -> bool:
    """Whether texts and keys may go to a hub: one on this machine, or one that the user has allowed."""
    host = remote_host(address)
    return host is None or host in trusted().hosts


def require_allowed(address: str) -> None:
    """Raises EgressBlockedError, with the command that allows it, where a hub is not allowed."""
    if not is_allowed(address):
        raise EgressBlockedError(
            f"expected a hub that you have allowed, got {address}; nothing was sent. If texts may go there, allow it "
            f"once on this machine: curate trust {address}"
        )
