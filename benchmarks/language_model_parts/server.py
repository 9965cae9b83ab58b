"""A server of chat completions with latencies as those of a hosted model; it counts who was asked about.

    python benchmarks/language_model_parts/server.py

It prints its port. POST /v1/chat/completions answers; GET /asked gives for each case number the times of its requests,
begun and answered (none where the client had gone), in seconds of the monotonic clock; POST /forget forgets them.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import time
from pathlib import Path

from aiohttp import web

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1]))

from curation.models.probe import HELD
from language_model_parts.cases import ANSWER

#: Of the latency in seconds: its median, and how far it spreads.
MEDIAN, SIGMA = 0.3, 0.4
NUMBER = re.compile(rb"Case number (\d+)")
COMPLETION = json.dumps(
    {
        "id": "c",
        "object": "chat.completion",
        "created": 0,
        "model": "served",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": ANSWER}, "finish_reason": "stop", "logprobs": None}
        ],
        "usage": {"prompt_tokens": 900, "completion_tokens": 260, "total_tokens": 1160},
    }
).encode()

#: What stands in a completion, and in the answer to a canary in its place.
AS_HELD = (json.dumps(ANSWER).encode(), json.dumps(json.dumps(HELD)).encode())

asked: dict[int, list[list[float | None]]] = {}
latency = random.Random(7)


async def complete(request: web.Request) -> web.Response:
    """The answer about one case, after a while."""
    found = NUMBER.search(await request.read())
    if found is None:
        # The canary, by which it is found out whether answers are held to a schema: it is about no case.
        return web.Response(body=COMPLETION.replace(*AS_HELD), content_type="application/json")
    times: list[float | None] = [time.monotonic(), None]
    asked.setdefault(int(found[1]), []).append(times)
    await asyncio.sleep(latency.lognormvariate(0.0, SIGMA) * MEDIAN)
    if request.transport is None or request.transport.is_closing():
        return web.Response(status=499)
    times[1] = time.monotonic()
    return web.Response(body=COMPLETION, content_type="application/json")


async def tell(request: web.Request) -> web.Response:
    """Who was asked about."""
    return web.json_response({str(number): times for number, times in asked.items()})


async def forget(request: web.Request) -> web.Response:
    """Begin anew, with the same latencies."""
    asked.clear()
    latency.seed(7)
    return web.Response()


async def serve() -> None:
    """Answer until the process is ended."""
    app = web.Application(client_max_size=2**24)
    app.add_routes([web.post("/v1/chat/completions", complete), web.get("/asked", tell), web.post("/forget", forget)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
