"""Requests to the back end are counted while they are read, and end in time; its password goes to itself alone."""

from __future__ import annotations

import base64
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from command_line import curate

from annotation.label_studio.backend import bounded_bodies, bounded_connections
from annotation.label_studio.backend.app import LARGEST_EVENT, LARGEST_TRAINING
from annotation.label_studio.backend.basic_auth import ensure_basic_auth
from annotation.label_studio.backend.state import (
    backend_folder,
    backend_state,
    clear_running,
    record_running,
    running_port,
)
from annotation.review_settings import ReviewSettings

CURATE = (sys.executable, "-c", "from pipeline.command import main; main()")


@pytest.fixture
def backend(run_backend, scheme, tmp_path, monkeypatch):
    """A back end that is not patient."""
    monkeypatch.setattr(bounded_bodies, "BODY_TIME", 1.0)
    monkeypatch.setattr(bounded_connections, "HEAD_TIME", 1.0)
    monkeypatch.setattr(bounded_connections, "REQUEST_TIME", 4.0)
    monkeypatch.setattr(bounded_connections, "MOST_CONNECTIONS", 8)
    with run_backend(tmp_path / "workspace", scheme, ReviewSettings()) as running:
        yield running


def connection(backend, sent: bytes = b"") -> socket.socket:
    """A raw connection that has sent this much."""
    parts = urlsplit(backend.url)
    opened = socket.create_connection((parts.hostname, parts.port), timeout=10)
    opened.sendall(sent)
    return opened


def answered(opened: socket.socket) -> bytes:
    """All that comes until the connection ends."""
    found = b""
    try:
        while part := opened.recv(65536):
            found += part
    except ConnectionResetError:
        pass
    opened.close()
    return found


def head(backend, path: str, *lines: str, password: bool = True) -> bytes:
    """The beginning of a request."""
    given = [f"Authorization: {backend.auth.header}"] if password else []
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: x", *given, *lines, "", ""]).encode()


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize(
    ("path", "password", "most"),
    [("/webhook", False, LARGEST_EVENT), ("/webhook", True, LARGEST_TRAINING)],
)
def test_a_body_is_counted_while_it_is_read(rules_backend, told, path, password, most) -> None:
    auth = (rules_backend.auth.login, rules_backend.auth.password) if password else None

    def status(size: int) -> int:
        body = json.dumps({"action": "ANNOTATION_CREATED"}).encode().ljust(size)
        content = body if told else iter([body[:1000], body[1000:]])
        return httpx.post(rules_backend.url + path, content=content, auth=auth, timeout=60).status_code

    assert status(most) == 200
    assert status(most + 1) == 413


def test_a_body_that_never_ends_is_refused_when_it_is_too_large(rules_backend) -> None:
    opened = connection(rules_backend, head(rules_backend, "/webhook", "Transfer-Encoding: chunked", password=False))
    part = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
    try:
        for _ in range(64):
            opened.sendall(part)
    except OSError:
        pass
    assert b" 413 " in answered(opened)


@pytest.mark.parametrize("length", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize(("path", "password"), [("/webhook", False), ("/predict", True), ("/setup", True)])
def test_a_body_that_does_not_come_is_not_waited_for(backend, path, password, length) -> None:
    began = time.monotonic()
    assert b" 408 " in answered(connection(backend, head(backend, path, length, password=password)))
    assert time.monotonic() - began < 9


def test_without_the_password_no_body_is_read(backend) -> None:
    refused = answered(connection(backend, head(backend, "/predict", "Content-Length: 60000000", password=False)))
    assert b" 401 " in refused


@pytest.mark.parametrize("begun", [b"", b"POST /predict HTTP/1.1\r\nHost: x\r\n", b"G"])
def test_a_request_that_is_not_finished_ends(backend, begun) -> None:
    assert answered(connection(backend, begun)) == b""


def test_a_request_that_comes_byte_by_byte_ends(backend) -> None:
    opened = connection(backend, b"GET /health HTTP/1.1\r\n")
    opened.settimeout(0.1)
    until = time.monotonic() + 9
    ended = False
    while not ended and time.monotonic() < until:
        try:
            opened.sendall(b"x: y\r\n")
            ended = opened.recv(1) == b""
        except TimeoutError:
            continue
        except OSError:
            ended = True
    opened.close()
    assert ended


@pytest.mark.parametrize("lines", [(), ("Connection: close",)], ids=["kept", "closed afterwards"])
def test_an_answer_that_is_not_read_ends(backend, lines) -> None:
    tasks = [{"data": {"text": "She had fever and a cough. " * 40}}] * 2_000
    body = json.dumps({"tasks": tasks}).encode()
    asked = head(backend, "/predict", f"Content-Length: {len(body)}", *lines) + body
    # Nothing is read here: that the connection has ended shows when more is sent.
    with connection(backend, asked) as opened, pytest.raises(ConnectionError):
        send_until_it_ends(opened, patience=60)


def send_until_it_ends(opened: socket.socket, *, patience: float) -> None:
    """Send on, whether or not the other side takes it; raises the error of a connection that has ended."""
    opened.settimeout(0.5)
    until = time.monotonic() + patience
    while time.monotonic() < until:
        with suppress(TimeoutError):
            opened.sendall(b"x" * 100_000)
            time.sleep(0.2)


def test_a_second_request_on_a_connection_that_is_not_finished_ends(backend) -> None:
    whole = f"GET /health HTTP/1.1\r\nHost: x\r\nAuthorization: {backend.auth.header}\r\n\r\n".encode()
    assert answered(connection(backend, whole + b"GET /hea")).count(b" 200 OK") == 1
    assert answered(connection(backend, whole + whole + b"GET /hea")).count(b" 200 OK") == 2


def test_there_are_not_more_connections_than_allowed_and_people_come_in_again(backend) -> None:
    with ExitStack() as opened:
        held = [opened.enter_context(connection(backend)) for _ in range(8)]
        assert answered(connection(backend, b"GET /health HTTP/1.1\r\n\r\n")) == b""
        for one in held:
            assert answered(one) == b""
    assert backend.http.get("/health").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"tasks": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b"",
        b"{",
        b"\xff\xfe",
        b'{"action": "START_TRAINING"',
        b"1" * 5_000,
    ],
    ids=["deep", "deep tasks", "deep objects", "empty", "begun", "other bytes", "cut off", "a long number"],
)
@pytest.mark.parametrize("path", ["/predict", "/webhook"])
def test_what_is_no_json_that_can_be_read_is_a_bad_request(rules_backend, path, body) -> None:
    assert rules_backend.http.post(path, content=body).status_code == 400


@pytest.mark.parametrize(
    "value",
    ['{"start": 1e999, "end": 5}', '{"start": 1, "end": 1' + "0" * 4000 + "}", '{"start": NaN, "end": null}'],
)
def test_odd_numbers_bring_no_suggestion(rules_backend, value) -> None:
    body = '{"tasks": [{"data": {"text": "She had fever."}}], "params": {"context": {"result": [{"value": VALUE}]}}}'
    answer = rules_backend.http.post("/predict", content=body.replace("VALUE", value))
    assert (answer.status_code, answer.json()["results"][0]["result"]) == (200, [])


def test_half_a_character_in_a_text_is_no_crash(rules_backend) -> None:
    body = rb'{"tasks": [{"data": {"text": "She had \ud83e fever."}}, {"data": {"text": "Cough."}}]}'
    answer = rules_backend.http.post("/predict", content=body)
    assert answer.status_code == 200
    assert [bool(one["result"]) for one in answer.json()["results"]] == [False, True]


@contextmanager
def squatter(port: int) -> Iterator[list[str]]:
    """Somebody's own server on the port, and the passwords that it was sent."""
    came: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            came.append(base64.b64decode(self.headers.get("Authorization", "Basic ")[6:]).decode())
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"model_version": "mine"}')

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        try:
            yield came
        finally:
            listening.shutdown()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def as_process(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """`curate review backend` in a process of its own, once it listens."""
    curate("init", folder)
    command = [*CURATE, "review", "backend", "--no-connect", "--port", str(port), "--workspace", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            until = time.monotonic() + 120
            while backend_state(folder)["backend"] is None:
                assert process.poll() is None, process.communicate()[0]
                assert time.monotonic() < until
                time.sleep(0.1)
            yield process
        finally:
            process.kill()


@pytest.mark.server
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_back_end_that_is_asked_to_end_takes_its_note_away(tmp_path: Path, number: signal.Signals) -> None:
    folder = tmp_path / "w"
    with as_process(folder, free_port()) as process:
        note = backend_folder(folder) / "backend.json"
        assert note.is_file()
        process.send_signal(number)
        printed, _ = process.communicate(timeout=30)
        assert not note.exists()
        assert process.returncode == (130 if number is signal.SIGINT else 143)
        assert "Traceback" not in printed


@pytest.mark.server
def test_the_password_of_a_back_end_that_was_killed_goes_to_nobody(tmp_path: Path) -> None:
    folder, port = tmp_path / "w", free_port()
    with as_process(folder, port) as process:
        process.kill()
        process.wait()
        assert (backend_folder(folder) / "backend.json").is_file()
        with squatter(port) as came:
            assert backend_state(folder)["backend"] is None
            assert came == []


def test_the_password_goes_only_to_the_process_that_wrote_the_note_and_listens(tmp_path: Path) -> None:
    folder = backend_folder(tmp_path)
    auth = ensure_basic_auth(folder)
    note = folder / "backend.json"
    port = free_port()
    with squatter(port) as came:
        # Its number was given to another process meanwhile.
        record_running(folder, f"http://127.0.0.1:{port}")
        written = json.loads(note.read_text())
        for changed in ({"started": written["started"] - 5}, {"pid": os.getppid()}, {"url": "http://127.0.0.1"}):
            note.write_text(json.dumps({**written, **changed}))
            assert backend_state(tmp_path)["backend"] is None
        assert came == []
        note.write_text(json.dumps(written))
        assert (backend_state(tmp_path)["backend_version"], running_port(tmp_path)) == ("mine", port)
        note.write_text(json.dumps({**written, "pid": os.getppid()}))
        clear_running(folder)
        assert note.exists(), "the note of another back end"
        note.write_text(json.dumps(written))
        assert came == [f"{auth.login}:{auth.password}"]
