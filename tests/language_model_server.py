"""A server with OpenAI's chat completions over real HTTP that misbehaves on demand.

What it answers is up to the test: `respond` gives a `Reply` for a body. A reply may come late, in pieces, cut off, too
large, without end, or not at all.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aiohttp import web

from curation.models.probe import ASKED, HELD

Body = dict[str, Any]
ServerT = TypeVar("ServerT", bound="MisbehavingServer")


@dataclass(frozen=True)
class Reply:
    """An HTTP answer, and how it comes.

    after: seconds until it begins. pieces: parts that come with `pause` seconds between them, in place of the content.
    cut: whether the connection ends before the whole has come. hang: whether nothing ever comes.
    """

    content: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    after: float = 0.0
    pieces: tuple[bytes, ...] = ()
    pause: float = 0.0
    cut: bool = False
    hang: bool = False


def completion(text: str | None, *, ended: str | None = "stop", refusal: str | None = None, **more: Any) -> Reply:
    """A chat completion as servers give it; `logprobs` and `usage` may be given, and how the reply comes."""
    message = {"role": "assistant", "content": text, "refusal": refusal}
    choice = {"index": 0, "message": message, "finish_reason": ended, "logprobs": more.pop("logprobs", None)}
    usage = more.pop("usage", {"prompt_tokens": 11, "completion_tokens": 7})
    body = {"id": "c", "object": "chat.completion", "model": "served-model", "choices": [choice], "usage": usage}
    return Reply(json.dumps(body).encode(), **more)


def stream(*pieces: str, ended: str | None = "stop", done: bool = True, **more: Any) -> Reply:
    """A chat completion that comes piece by piece."""
    chunks = [{"model": "served-model", "choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
    if ended is not None:
        chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": ended}]})
    if done:
        chunks.append({"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": len(pieces)}})
    events = [b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks]
    events += [b"data: [DONE]\n\n"] if done else []
    return Reply(pieces=tuple(events), headers={"content-type": "text/event-stream"}, **more)


@dataclass
class MisbehavingServer:
    """What the server was asked, and how it answers."""

    respond: Callable[[Body], Reply] = lambda body: completion("{}")
    url: str = ""
    requests: list[Body] = field(default_factory=list)
    #: Canaries, which it answers as one that holds answers to schemas, where `holds` is left as it is.
    canaries: list[Body] = field(default_factory=list)
    holds: bool = True
    keys: list[str | None] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    #: Pieces that went out before the client went away.
    pieces: int = 0
    busy: int = 0
    most_busy: int = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The answer to one request."""
        if request.method != "POST":
            raise web.HTTPMethodNotAllowed(request.method, ["POST"])
        body = await request.json()
        is_canary = self.holds and body["messages"][0]["content"] == ASKED[0].content
        (self.canaries if is_canary else self.requests).append(body)
        self.keys.append(request.headers.get("authorization"))
        self.paths.append(request.path)
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        try:
            return await self._sent(request, completion(json.dumps(HELD)) if is_canary else self.respond(body))
        finally:
            self.busy -= 1

    async def _sent(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        await asyncio.sleep(3600 if reply.hang else reply.after)
        if not (reply.pieces or reply.cut):
            return web.Response(body=reply.content, status=reply.status, headers=reply.headers)
        response = web.StreamResponse(status=reply.status, headers=reply.headers)
        if reply.cut:
            response.content_length = len(reply.content) + 100
        await response.prepare(request)
        for piece in reply.pieces or (reply.content,):
            await response.write(piece)
            self.pieces += 1
            await asyncio.sleep(reply.pause)
        if reply.cut:
            assert request.transport is not None
            request.transport.close()
        return response


@contextmanager
def language_model_server() -> Iterator[MisbehavingServer]:
    """A server on a free port of this machine, in a thread with an event loop of its own."""
    with serving(MisbehavingServer()) as server:
        yield server


@contextmanager
def serving(server: ServerT) -> Iterator[ServerT]:
    """A server of some kind, on a free port of this machine."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> web.AppRunner:
        application = web.Application(client_max_size=64_000_000)
        application.router.add_route("*", "/{path:.*}", server.handle)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner

    runner = asyncio.run_coroutine_threadsafe(start(), loop).result()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
