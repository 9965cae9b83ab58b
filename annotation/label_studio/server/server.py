"""Our own Label Studio: a real server on 127.0.0.1, detached, with its data in the workspace."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from annotation.label_studio.processes import (
    HOST,
    PORTS,
    command_of,
    end,
    folder_of,
    free_ports,
    interrupts_held,
    is_alive,
    is_free,
    launch,
    listens_on,
)
from annotation.label_studio.server.account_order import ensure_service
from annotation.label_studio.server.credentials import Account, Credentials, ensure_credentials, read_credentials
from annotation.label_studio.server.database_template import ensure_database
from annotation.label_studio.server.environment import ensure_environment, executable
from annotation.label_studio.server.environment_variables import for_port, server_variables
from annotation.label_studio.server.health import accepts_token, is_healthy
from annotation.label_studio.server.signing_key import ensure_signing_key
from annotation.label_studio.settings import LabelStudioSettings
from curation.atomic_file import write_private
from curation.errors import ReviewError, UsageError
from curation.private_files import private_folder
from curation.process_lock import process_lock

Report = Callable[[str], None]


def silent(line: str) -> None:
    """Print nothing."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server with the steward's login, password and token, and the token of the service account."""

    url: str
    pid: int
    port: int
    log: Path
    login: str
    password: str = field(repr=False)
    token: str = field(repr=False)
    #: What the commands work with; empty where an earlier version made the workspace and it runs since.
    service: str = field(default="", repr=False)
    reused: bool = False


def start(
    workspace: Path, settings: LabelStudioSettings, *, port: int | None = None, report: Report = silent
) -> Server:
    """The workspace's server, started unless it runs: environment, database, account, port, health.

    Raises ReviewError, with the end of the server's log, when it does not come up in time, and when it cannot be had on
    the port that is asked for. Without one, the port of the last time or a free one near it is taken.
    """
    folder = _folder(workspace)
    with process_lock(folder / "lock"):
        if running := status(workspace):
            if port not in (None, running.port):
                raise ReviewError(
                    f"expected to start on port {port}, but it runs on port {running.port}; "
                    "stop it with `curate review stop` first"
                )
            return _with_service(folder, settings, running, report)
        environment = ensure_environment(settings, report=report)
        credentials = ensure_credentials(folder / "secrets.json")
        data = private_folder(folder / "data")
        ensure_database(data, environment, settings, report)
        ensure_signing_key(data)
        report("Starting Label Studio")
        started = _start_on_free_port(folder, environment, settings, credentials, port)
        return _with_service(folder, settings, started, report)


def status(workspace: Path) -> Server | None:
    """The workspace's server if it answers to the workspace's own token or works on its data, else None."""
    folder = workspace / "label-studio"
    state, credentials = _state(folder), read_credentials(folder / "secrets.json")
    # Checked first: our token is never sent to another program that uses the port now.
    if state is None or credentials is None or not _is_ours(state):
        return None
    # An annotator can switch all tokens off: a server that takes none still runs, and is not started twice.
    if not (accepts_token(state["port"], credentials.steward) or _works_on(state, folder / "data")):
        return None
    return _server(folder, state, credentials, reused=True)


def stop(workspace: Path) -> bool:
    """Whether a server ran and was stopped; another process that has its number now is left alone."""
    folder = workspace / "label-studio"
    state = _state(folder)
    if state is None:
        return False
    # A start that is under way may take minutes; nobody waits for longer without a word.
    with process_lock(folder / "lock", timeout=120.0):
        was_running = _is_ours(state)
        if was_running:
            end(state["pid"], port=state["port"])
        # The port stays in the file: the next start tries it first.
        write_private(folder / "server.json", json.dumps({"pid": 0, "port": state["port"]}))
    return was_running


def log_tail(log: Path, lines: int = 15) -> str:
    """The last lines of the server's log."""
    try:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""


def _with_service(folder: Path, settings: LabelStudioSettings, running: Server, report: Report) -> Server:
    """The server with the token of its service account, which is made once, also for a workspace of before."""
    credentials = ensure_credentials(folder / "secrets.json")
    if credentials.service is None:
        report("Making the account that projects belong to")
        ensure_service(folder, settings)
        credentials = ensure_credentials(folder / "secrets.json")
    return replace(running, service=_service(credentials))


def _service(credentials: Credentials) -> str:
    return credentials.service.get_secret_value() if credentials.service else ""


def _start_on_free_port(
    folder: Path, environment: Path, settings: LabelStudioSettings, credentials: Credentials, port: int | None
) -> Server:
    steward = credentials.steward
    # The port that was used last is tried first, so that annotators' bookmarks stay valid.
    last = _state(folder)
    first = port or (last["port"] if last else settings.port)
    if port is not None and not is_free(port):
        raise ReviewError(f"expected port {port} to be free, it is not; name another with --port")
    for candidate in [port] if port is not None else free_ports(first):
        try:
            # Ctrl-C between the start and its note would leave a server of which nobody knows.
            with interrupts_held():
                state = _launch(folder, environment, settings, steward, candidate)
            if _came_up(folder, state, settings, steward):
                return _server(folder, state, credentials, reused=False)
        except KeyboardInterrupt:
            # It runs in a session of its own: Ctrl-C does not reach it.
            if (begun := _state(folder)) and _is_ours(begun):
                end(begun["pid"], port=candidate)
            raise
        end(state["pid"])
    raise ReviewError(f"expected a free port from {first} to {first + PORTS - 1} on {HOST}, found none")


def _launch(
    folder: Path, environment: Path, settings: LabelStudioSettings, steward: Account, port: int
) -> dict[str, Any]:
    data = folder / "data"
    program = str(executable(environment, "label-studio"))
    pid = launch(
        [program, "start", "--no-browser", "--internal-host", HOST, "--port", str(port)],
        variables=server_variables(data, settings, steward=steward) | for_port(port),
        folder=data,
        log=folder / "server.log",
    )
    state = {"pid": pid, "port": port, "version": settings.version}
    write_private(folder / "server.json", json.dumps(state))
    return state


def _came_up(folder: Path, state: dict[str, Any], settings: LabelStudioSettings, steward: Account) -> bool:
    """Whether the server accepts our token; False when another program took the port first."""
    deadline = time.monotonic() + settings.start_timeout
    while time.monotonic() < deadline:
        if accepts_token(state["port"], steward):
            return True
        if is_healthy(state["port"]) and not accepts_token(state["port"], steward):
            return _works_on(state, folder / "data")
        if not is_alive(state["pid"]):
            break
        time.sleep(0.1)
    outcome = "did not answer" if is_alive(state["pid"]) else "ended"
    end(state["pid"], port=state["port"])
    (folder / "server.json").unlink(missing_ok=True)
    log = folder / "server.log"
    raise ReviewError(
        f"expected Label Studio to answer within {settings.start_timeout:.0f} seconds, but it {outcome}; "
        f"the end of {log}:\n{log_tail(log)}"
    )


def _server(folder: Path, state: dict[str, Any], credentials: Credentials, *, reused: bool) -> Server:
    return Server(
        url=f"http://{HOST}:{state['port']}",
        pid=state["pid"],
        port=state["port"],
        log=folder / "server.log",
        login=credentials.steward.login,
        password=credentials.steward.password.get_secret_value(),
        token=credentials.steward.token.get_secret_value(),
        service=_service(credentials),
        reused=reused,
    )


def _state(folder: Path) -> dict[str, Any] | None:
    try:
        state: dict[str, Any] = json.loads((folder / "server.json").read_text(encoding="utf-8"))
        return {"pid": int(state["pid"]), "port": int(state["port"])}
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _is_ours(state: dict[str, Any]) -> bool:
    """Whether the noted process still is a Label Studio on the noted port."""
    command = command_of(state["pid"]) if state["pid"] > 0 else ""
    return "label-studio" in command and f"--port {state['port']}" in command


def _works_on(state: dict[str, Any], data: Path) -> bool:
    """Whether the noted process runs in the data folder and is the one that listens on the noted port."""
    return folder_of(state["pid"]) == data.resolve() and listens_on(state["pid"], state["port"])


def _folder(workspace: Path) -> Path:
    if not workspace.is_dir():
        raise UsageError(f"expected a workspace folder at {workspace}, found none")
    return private_folder(workspace / "label-studio")
