"""The key of a server, from the environment, and the hosts that it may go to."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from curation.errors import ConfigError
from curation.models.settings import KEY_ENV

#: What the name of the variable ends in that binds a key to its hosts.
HOST = "_HOST"


def key_header(url: str, key_env: str) -> dict[str, str]:
    """The key in a variable of the environment as a header for an address; nothing where there is no key.

    Raises ConfigError when the key belongs to other hosts, or the variable that the settings name is not set.
    """
    key, bound = os.environ.get(key_env, "").strip(), _hosts(key_env)
    if not key:
        if key_env != KEY_ENV:
            raise ConfigError(f"expected a key in the variable {key_env} of the environment, which is not set")
        return {}
    if bound and not is_bound(url, key_env):
        raise ConfigError(
            f"expected {', '.join(bound)}, which {key_env} belongs to ({key_env}{HOST}), got {urlsplit(url).netloc}; "
            "the key was not sent"
        )
    if not key.isascii() or not key.isprintable():
        raise ConfigError(f"expected a key of printable ASCII characters in {key_env}, got others")
    return {"authorization": f"Bearer {key}"}


def is_bound(url: str, key_env: str) -> bool:
    """Whether the user has bound the key to the host of an address, in the environment of this machine."""
    parts = urlsplit(url)
    return bool({parts.hostname, parts.netloc.lower()} & set(_hosts(key_env)))


def _hosts(key_env: str) -> list[str]:
    return [host.strip().lower() for host in os.environ.get(key_env + HOST, "").split(",") if host.strip()]
