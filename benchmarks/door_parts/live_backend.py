"""The live back end: its password, its note, and requests that are too large, too deep or never end."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from commands import begin, curate

from annotation.label_studio.backend.basic_auth import BasicAuth, read_basic_auth
from annotation.label_studio.backend.state import backend_folder, backend_state
from door_parts.attack import Attack
from pipeline.steps.init import init_workspace

#: Seconds until a process is given up; and until the back end must have ended a connection of itself.
START_TIME, PATIENCE = 120, 60

#: Connections that one attacker opens.
CONNECTIONS = 300


def attacks(folder: Path, quick: bool) -> Iterator[Attack]:
    """Against two real back ends: requests, then the end of one; the other is killed, and somebody takes its port."""
    workspaces = [init_workspace(folder / name).folder for name in ("asked", "killed")]
    ports = [free_port(), free_port()]
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        begun = [stack.enter_context(_begun(*each)) for each in zip(workspaces, ports, strict=True)]
        (process, auth), (killed, _) = [_listening(*each) for each in zip(begun, workspaces, strict=True)]
        yield from _requests(ports[0], auth)
        killed.kill()
        killed.wait(PATIENCE)
        taken = pool.submit(_port_taken, workspaces[1], ports[1])
        yield from _unfinished(ports[0], quick)
        process.terminate()
        process.wait(PATIENCE)
        left = (backend_folder(workspaces[0]) / "backend.json").exists()
        yield Attack("back end", "its note after SIGTERM", worked=left, seen="is there" if left else "is gone")
        yield taken.result()


def _requests(port: int, auth: BasicAuth) -> Iterator[Attack]:
    """Requests that are refused at once."""
    password = f"Authorization: {auth.header}"
    deep, large = b"[" * 200_000, b" " * 70_000
    for tried, path, lines, body, wanted in (
        ("a prediction without the password", "/predict", (), b"{}", 401),
        ("training without the password", "/webhook", (), b'{"action": "START_TRAINING"}', 401),
        ("an event of 70 kB", "/webhook", (), large, 413),
        ("deep JSON as an event", "/webhook", (), deep[:60_000], 400),
        ("deep JSON as a prediction", "/predict", (password,), deep, 400),
        ("half a character in a text", "/predict", (password,), rb'{"tasks": [{"data": {"text": "a \ud83e"}}]}', 200),
    ):
        told = _ask(port, path, (*lines, f"Content-Length: {len(body)}"), body)
        yield Attack("back end", tried, worked=told != wanted, seen=str(told))
        pieces = b"".join(b"1000\r\n" + body[at : at + 4096].ljust(4096) + b"\r\n" for at in range(0, len(body), 4096))
        told = _ask(port, path, (*lines, "Transfer-Encoding: chunked"), pieces + b"0\r\n\r\n")
        yield Attack("back end", f"{tried}, its length not told", worked=told != wanted, seen=str(told))


def _unfinished(port: int, quick: bool) -> Iterator[Attack]:
    """Requests that do not end: how long they are waited for, and whether others come in meanwhile."""
    begun = b"POST /webhook HTTP/1.1\r\nHost: x\r\n"
    if not quick:
        yield _held("headers that do not end", lambda: _open(port, begun))
        yield _held("a body that does not end", lambda: _open(port, begun + b"Content-Length: 9\r\n\r\n"))
    with ExitStack() as opened:
        for _ in range(CONNECTIONS):
            opened.enter_context(_open(port, begun))
        waited = time.monotonic()
        status = 0
        while status != 401 and time.monotonic() - waited < PATIENCE:
            status = _ask(port, "/predict", ("Content-Length: 0",), b"")
            time.sleep(0.2)
        seen = f"another one is answered after {time.monotonic() - waited:.0f} s"
        yield Attack("back end", f"{CONNECTIONS} connections that say nothing", worked=status != 401, seen=seen)


def _held(tried: str, opened: Callable[[], socket.socket]) -> Attack:
    began = time.monotonic()
    with opened() as connection:
        connection.settimeout(PATIENCE)
        try:
            while connection.recv(4096):
                pass
            held = False
        except TimeoutError:
            held = True
        except OSError:
            held = False
    return Attack("back end", tried, worked=held, seen=f"ended after {time.monotonic() - began:.0f} s")


def _port_taken(workspace: Path, port: int) -> Attack:
    """`review status` after the back end was killed and another program listens on its port."""
    came: list[bytes] = []
    with socket.create_server(("127.0.0.1", port)) as listening:

        def take() -> None:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                came.append(connection.recv(4096))

        taking = threading.Thread(target=take, daemon=True)
        taking.start()
        shown = curate("review", "status", "--workspace", str(workspace), "--json").stdout
        listening.shutdown(socket.SHUT_RDWR)
        taking.join(PATIENCE)
    told = "the password came" if any(b"Authorization" in request for request in came) else f"{len(came)} requests came"
    worked = bool(came) or '"backend": null' not in shown
    return Attack("back end", "its port after it was killed", worked=worked, seen=told)


@contextmanager
def _begun(workspace: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """`curate review backend`, which is killed in the end."""
    process = begin("review", "backend", "--no-connect", "--port", str(port), "--workspace", str(workspace))
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _listening(process: subprocess.Popen[str], workspace: Path) -> tuple[subprocess.Popen[str], BasicAuth]:
    """The back end once it listens, and its password."""
    until = time.monotonic() + START_TIME
    while backend_state(workspace)["backend"] is None:
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError("expected the back end to start, it did not")
        time.sleep(0.1)
    auth = read_basic_auth(backend_folder(workspace))
    if auth is None:
        raise RuntimeError("expected a password, found none")
    return process, auth


def _open(port: int, sent: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    with suppress(OSError):
        connection.sendall(sent)
    return connection


def _ask(port: int, path: str, lines: tuple[str, ...], body: bytes) -> int:
    """The status of the answer to a raw request; 0 where the connection ends without one."""
    head = "\r\n".join([f"POST {path} HTTP/1.1", "Host: x", "Connection: close", *lines, "", ""]).encode()
    with _open(port, head + body) as connection:
        try:
            found = connection.recv(4096)
        except OSError:
            return 0
    return int(found.split()[1]) if found.startswith(b"HTTP/1.1 ") else 0


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
