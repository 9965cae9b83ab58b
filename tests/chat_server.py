"""A server that speaks OpenAI's chat completions over real HTTP; what it answers is up to the test."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from curation.models.probe import ASKED, HELD

Body = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    content: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def completion(text: str | None, *, ended: str = "stop", refusal: str | None = None) -> Answer:
    """A chat completion as servers give it."""
    message = {"role": "assistant", "content": text, "refusal": refusal}
    body = {
        "id": "c",
        "object": "chat.completion",
        "model": "served-model",
        "choices": [{"index": 0, "message": message, "finish_reason": ended}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7},
    }
    return Answer(json.dumps(body).encode())


def extraction(*entities: tuple[str, str] | tuple[str, str, str], **more: object) -> Answer:
    """A completion with entities: wording, category, and assertion unless it is present."""
    listed = [{"text": entity[0], "category": entity[1], "assertion": (*entity, "present")[2]} for entity in entities]
    return completion(json.dumps({"entities": listed, **more}, ensure_ascii=False))


@dataclass
class ChatServer:
    """What the server was asked, and how it answers."""

    url: str
    respond: Callable[[Body], Answer]
    requests: list[Body] = field(default_factory=list)
    #: Canaries, which it answers as one that holds answers to schemas, where `holds` is left as it is.
    canaries: list[Body] = field(default_factory=list)
    holds: bool = True
    keys: list[str | None] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    busy: int = 0
    most_busy: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def chat_server() -> Iterator[ChatServer]:
    """A server on a free port of this machine."""
    state = ChatServer("", lambda body: extraction())

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            is_canary = state.holds and body["messages"][0]["content"] == ASKED[0].content
            with state.lock:
                (state.canaries if is_canary else state.requests).append(body)
                state.keys.append(self.headers.get("authorization"))
                state.paths.append(self.path)
                state.busy += 1
                state.most_busy = max(state.most_busy, state.busy)
            try:
                answer = completion(json.dumps(HELD)) if is_canary else state.respond(body)
            finally:
                with state.lock:
                    state.busy -= 1
            try:
                self.send_response(answer.status)
                for name, value in {"content-length": str(len(answer.content)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.content)
            except OSError:
                self.close_connection = True  # the client gave up

        def log_message(self, format: str, *args: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{listening.server_address[1]}/v1"
    thread = threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield state
    listening.shutdown()
    listening.server_close()
    thread.join()
