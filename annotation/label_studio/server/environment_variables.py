"""The environment variables that Label Studio runs with: only these, none of ours leak into it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import unquote, urlsplit

from annotation.label_studio.server.credentials import Account
from annotation.label_studio.settings import LabelStudioSettings
from curation.errors import ConfigError

#: The password of the PostgreSQL database, which never stands in the config.
DATABASE_PASSWORD = "CLINCURATE_LABEL_STUDIO_DB_PASSWORD"

#: Variables that are passed on from our own environment.
INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH")

#: Nothing leaves the machine: no analytics, no crash reports, no look-up of the newest version.
QUIET = {
    "COLLECT_ANALYTICS": "false",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    "LATEST_VERSION_CHECK": "false",
    "FEATURE_FLAGS_OFFLINE": "true",
    "CONVERTER_DOWNLOAD_RESOURCES": "false",
}

#: No sign-up by strangers, predictions are validated (off by default), no wording of records in the log; every switch
#: that Label Studio has for a way in or out is off, also where that is its default.
CLOSED = {
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    "fflag_feat_utc_210_prediction_validation_15082025": "true",
    "ALLOWED_HOSTS": "127.0.0.1,localhost",
    "ALLOW_ORGANIZATION_CREATION": "false",
    "ALLOW_ORGANIZATION_WEBHOOKS": "false",
    "ENABLE_LOCAL_FILES_STORAGE": "false",
    "LOCAL_FILES_SERVING_ENABLED": "false",
    "SYNC_ON_TARGET_STORAGE_CREATION": "false",
    "FUTURE_SAVE_TASK_TO_STORAGE": "false",
    "EXPERIMENTAL_FEATURES": "false",
    "PUBLIC_API_DOCS": "false",
    "LOG_LEVEL": "ERROR",
    "DEBUG": "false",
}

#: The addresses that the server may call: our back end and our webhook listen on one of them.
LOOPBACK = ("127.0.0.1/32", "::1/128")


def banned_networks(kept: Iterable[str]) -> tuple[str, ...]:
    """The networks of both versions of IP that hold every address but the kept ones."""
    left: list[IPv4Network | IPv6Network] = [ip_network("0.0.0.0/0"), ip_network("::/0")]
    for address in map(ip_network, kept):
        left = [part for network in left for part in _without(network, address)]
    return tuple(str(network) for network in sorted(left, key=lambda network: (network.version, network)))


def _without(network: IPv4Network | IPv6Network, address: IPv4Network | IPv6Network) -> list[IPv4Network | IPv6Network]:
    if network.version != address.version or not network.overlaps(address):
        return [network]
    return list(network.address_exclude(address))  # type: ignore[arg-type]


#: Label Studio checks each address that it calls for webhooks, back ends, imports by URL and storages of its own
#: protocol. Its own list would leave all public addresses open and shut our webhook. Its other switch,
#: ML_BLOCK_LOCAL_IP, would open the whole private network when it is off.
BANNED = {
    "SSRF_PROTECTION_ENABLED": "true",
    "ML_BLOCK_LOCAL_IP": "true",
    "USE_DEFAULT_BANNED_SUBNETS": "false",
}

#: The libraries of cloud storages do not ask that list, but all follow these: a proxy that is not there (the port of
#: `discard`, which only root can open) ends every request to another machine, and to a name of this one.
NO_WAY_OUT = {
    name: value
    for lower in ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy")
    for name, value in ((lower, "http://127.0.0.1:9"), (lower.upper(), "http://127.0.0.1:9"))
} | {"no_proxy": "127.0.0.1,localhost,::1", "NO_PROXY": "127.0.0.1,localhost,::1"}


#: Label Studio's entries on who made and changed each annotation, which nobody can write by its API. They make the
#: import of tasks two to three times slower.
HISTORY = "fflag_feat_fit_568_finite_state_management"


def server_variables(data: Path, settings: LabelStudioSettings, *, steward: Account | None = None) -> dict[str, str]:
    """The whole environment of a Label Studio process that works on this data folder."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    folders = {"HOME": str(data), "LABEL_STUDIO_BASE_DATA_DIR": str(data), "PYTHONUNBUFFERED": "1"}
    history = {HISTORY: str(settings.history).lower()}
    banned = {"USER_ADDITIONAL_BANNED_SUBNETS": ",".join(banned_networks(LOOPBACK if settings.loopback else ()))}
    closed = QUIET | CLOSED | history | BANNED | banned | NO_WAY_OUT
    return inherited | folders | closed | _database(settings) | _account(steward)


def for_port(port: int) -> dict[str, str]:
    """Variables that depend on the address: pages of other origins may not call the API."""
    return {"CORS_ALLOWED_ORIGINS": f"http://127.0.0.1:{port},http://localhost:{port}"}


def _account(steward: Account | None) -> dict[str, str]:
    if steward is None:
        return {}
    return {
        "LABEL_STUDIO_USERNAME": steward.login,
        "LABEL_STUDIO_PASSWORD": steward.password.get_secret_value(),
        "LABEL_STUDIO_USER_TOKEN": steward.token.get_secret_value(),
    }


def _database(settings: LabelStudioSettings) -> dict[str, str]:
    if settings.database is None:
        return {"DJANGO_DB": "sqlite"}
    url = urlsplit(settings.database)
    if url.scheme.partition("+")[0] not in ("postgresql", "postgres") or not url.path.strip("/"):
        raise ConfigError("expected review.database as postgresql://USER@HOST:PORT/NAME, got something else")
    if url.password:
        raise ConfigError(f"expected no password in review.database; put it into {DATABASE_PASSWORD}")
    return {
        "DJANGO_DB": "postgresql",
        "POSTGRE_USER": unquote(url.username or "postgres"),
        "POSTGRE_PASSWORD": os.environ.get(DATABASE_PASSWORD, ""),
        "POSTGRE_NAME": url.path.strip("/"),
        "POSTGRE_HOST": url.hostname or "localhost",
        "POSTGRE_PORT": str(url.port or 5432),
    }
