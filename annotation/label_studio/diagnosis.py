"""Checks of the connection from a workspace to its Label Studio, each with advice."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from annotation.label_studio.api.client import Client
from annotation.label_studio.api.errors import AnswerError
from annotation.label_studio.proxy.run import NO_PROXY, proxy_in_use
from annotation.label_studio.server.environment import environment_path, is_ready
from annotation.label_studio.server.server import status
from annotation.label_studio.session import TOKEN, connect
from annotation.label_studio.settings import LabelStudioSettings
from curation.errors import ReviewError

#: The version of Label Studio that this code was tested with.
MEASURED = "1.23.2"
#: How the two kinds of token look: forty hexadecimal digits, or a JSON web token.
LEGACY, PERSONAL = re.compile(r"[0-9a-f]{40}"), re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")

#: Only whether the server would call it is asked: nobody is called. A public address.
ANOTHER_MACHINE = "http://8.8.8.8:9/"

GOOD, WARNING, BAD = "good", "warning", "bad"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The result of one check."""

    state: str
    what: str
    found: str
    do: str = ""


def diagnose(workspace: Path, settings: LabelStudioSettings) -> Iterator[Diagnosis]:
    """The results, from the address to the addresses that the server may call; the first obstacle ends them."""
    if settings.url is None:
        ready = is_ready(environment_path(settings), settings.version)
        running = status(workspace)
        if running is None:
            found = "installed, not running" if ready else "not installed yet"
            yield Diagnosis(GOOD if ready else WARNING, "Label Studio", found, "curate review start")
            return
        yield Diagnosis(GOOD, "Label Studio", f"running at {running.url}")
        yield _proxy(settings, running.url)
    else:
        address = _address(settings.url)
        yield address
        token = _token(os.environ.get(TOKEN, ""))
        yield token
        if BAD in (address.state, token.state):
            return
    yield from _server(workspace, settings)


def _proxy(settings: LabelStudioSettings, url: str) -> Diagnosis:
    if proxy_in_use(settings.proxy, url):
        return Diagnosis(GOOD, "proxy", "in use: annotators can ask what the editor needs, and nothing else")
    return Diagnosis(WARNING, "proxy", NO_PROXY, "curate review proxy: docs/reverse-proxy.md")


def _address(url: str) -> Diagnosis:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return Diagnosis(BAD, "review.url", url, "expected an address such as https://labels.example.org")
    if parts.username or parts.password or parts.query:
        return Diagnosis(BAD, "review.url", "an address with a login", f"leave the login out: the token is in {TOKEN}")
    if parts.path.strip("/"):
        return Diagnosis(WARNING, "review.url", url, "an address with a path is rare: leave /projects and such out")
    return Diagnosis(GOOD, "review.url", url)


def _token(token: str) -> Diagnosis:
    if not token:
        return Diagnosis(BAD, "token", f"none in {TOKEN}", f"make one under Account & Settings, put it into {TOKEN}")
    if LEGACY.fullmatch(token):
        return Diagnosis(GOOD, "token", "a legacy token")
    if PERSONAL.fullmatch(token):
        return Diagnosis(GOOD, "token", "a personal access token")
    return Diagnosis(
        BAD,
        "token",
        f"{len(token)} characters of no kind that is known",
        "copy the whole token, without Bearer or Token",
    )


def _server(workspace: Path, settings: LabelStudioSettings) -> Iterator[Diagnosis]:
    try:
        with connect(workspace, settings) as client:
            client.users()
            yield _version(client.version())
            yield _loopback(client, expected=settings.url is not None or settings.loopback)
            if settings.url is None and client.may_call(ANOTHER_MACHINE):
                do = "curate review stop, then start: it was started by an earlier version"
                yield Diagnosis(BAD, "calls to other machines", "allowed", do)
    except AnswerError as error:
        yield _no_answer(error, settings)
    except ReviewError as error:
        yield Diagnosis(BAD, "token", "refused before it was sent", str(error))


def _no_answer(error: AnswerError, settings: LabelStudioSettings) -> Diagnosis:
    if error.status not in (401, 403):
        return Diagnosis(BAD, "address", "nothing that answers as Label Studio does", str(error))
    if LEGACY.fullmatch(os.environ.get(TOKEN, "")) and settings.url is not None:
        return Diagnosis(
            BAD,
            "token",
            "a legacy token that the server does not take",
            "make a personal access token under Account & Settings, or allow legacy tokens under Organization",
        )
    do = "make a new one under Account & Settings" if settings.url else "curate review secure"
    return Diagnosis(BAD, "token", "one that the server does not know", do)


def _version(found: str) -> Diagnosis:
    if found == MEASURED:
        return Diagnosis(GOOD, "version", found)
    if _minor(found) == _minor(MEASURED):
        return Diagnosis(GOOD, "version", f"{found}; measured with {MEASURED}")
    do = f"measured with {MEASURED}: try a push and a pull of one record first"
    return Diagnosis(WARNING, "version", found or "none that it tells", do)


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]


def _loopback(client: Client, *, expected: bool) -> Diagnosis:
    if client.may_call("http://127.0.0.1:9/"):
        if expected:
            return Diagnosis(GOOD, "calls to this machine", "allowed")
        do = "curate review stop, then start: it runs since before the setting"
        return Diagnosis(WARNING, "calls to this machine", "allowed, but review.loopback is false", do)
    if not expected:
        return Diagnosis(GOOD, "calls to this machine", "blocked, as review.loopback says")
    return Diagnosis(
        WARNING,
        "calls to this machine",
        "blocked by the server",
        "back end and webhooks on 127.0.0.1 do not work: let the server run with USE_DEFAULT_BANNED_SUBNETS=false "
        "and a list in USER_ADDITIONAL_BANNED_SUBNETS, or give review.backend.address an address that it may call",
    )
