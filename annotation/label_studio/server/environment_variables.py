"""The environment variables that Label Studio runs with: only these, none of ours leak into it."""

from __future__ import annotations

import os
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

#: No sign-up by strangers, predictions are validated (off by default), no wording of records in the log.
CLOSED = {
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    "fflag_feat_utc_210_prediction_validation_15082025": "true",
    "ALLOWED_HOSTS": "127.0.0.1,localhost",
    "LOG_LEVEL": "ERROR",
    "DEBUG": "false",
}

#: Label Studio's own list of addresses that its server may not call, without 127.0.0.0/8 and ::1: our back end
#: and our webhook listen there. Its other switch, ML_BLOCK_LOCAL_IP, would open the whole private network and
#: leave webhooks shut.
BANNED = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::ffff:0:0/96",
    "::ffff:0:0:0/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001:0000::/32",
    "2001:20::/28",
    "2001:db8::/32",
    "2002::/16",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
)
LOOPBACK = {"USE_DEFAULT_BANNED_SUBNETS": "false", "USER_ADDITIONAL_BANNED_SUBNETS": ",".join(BANNED)}


#: Label Studio's entries on who made and changed each annotation, which nobody can write by its API. They make the
#: import of tasks several times slower.
HISTORY = "fflag_feat_fit_568_finite_state_management"


def server_variables(data: Path, settings: LabelStudioSettings, *, steward: Account | None = None) -> dict[str, str]:
    """The whole environment of a Label Studio process that works on this data folder."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    folders = {"HOME": str(data), "LABEL_STUDIO_BASE_DATA_DIR": str(data), "PYTHONUNBUFFERED": "1"}
    history = {HISTORY: str(settings.history).lower()}
    return inherited | folders | QUIET | CLOSED | history | LOOPBACK | _database(settings) | _account(steward)


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
