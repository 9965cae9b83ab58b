"""Which HTTP client carries most requests to a language model: httpx with threads, httpx, openai on aiohttp, aiohttp.

    python benchmarks/clients.py [--quick]

A server in a process of its own answers after a log-normal time (median 0.3 s) with ten entities. Each client asks as
many times as fit in the seconds; the last line is one JSON object with the requests a second by client.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import random
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection

import packages_first  # noqa: F401

AT_ONCE = (16, 64, 256)
ENTITIES = [{"text": f"finding number {n}", "category": "signs_symptoms", "assertion": "present"} for n in range(10)]
TEXT = "A 54-year-old woman presented with fever and cough. " * 40
BODY = {"model": "m", "temperature": 0, "max_tokens": 8192, "messages": [{"role": "user", "content": TEXT}]}

Ask = Callable[[], Awaitable[object]]


def serve(ready: Connection) -> None:
    """Answer until the process is ended."""
    from aiohttp import web

    message = {"role": "assistant", "content": json.dumps({"entities": ENTITIES})}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    usage = {"prompt_tokens": 500, "completion_tokens": 250, "total_tokens": 750}
    content = {"id": "c", "object": "chat.completion", "created": 0, "model": "m", "choices": choices, "usage": usage}
    body, draw = json.dumps(content).encode(), random.Random(0)

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        await asyncio.sleep(draw.lognormvariate(-1.2, 0.3))
        return web.Response(body=body, content_type="application/json")

    async def run() -> None:
        application = web.Application()
        application.router.add_post("/v1/chat/completions", answer)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
        ready.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(run())


def httpx_threads(url: str, at_once: int, seconds: float) -> int:
    """Requests that threads with one httpx.Client have answered."""
    import httpx

    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    until = time.monotonic() + seconds
    with httpx.Client(timeout=60, limits=limits) as client, ThreadPoolExecutor(at_once) as pool:

        def ask(_: int) -> int:
            done = 0
            while time.monotonic() < until:
                client.post(f"{url}/chat/completions", json=BODY).json()
                done += 1
            return done

        return sum(pool.map(ask, range(at_once)))


async def _loop(ask: Ask, at_once: int, seconds: float) -> int:
    until, done = time.monotonic() + seconds, 0

    async def keep_asking() -> None:
        nonlocal done
        while time.monotonic() < until:
            await ask()
            done += 1

    await asyncio.gather(*(keep_asking() for _ in range(at_once)))
    return done


async def _httpx(url: str, at_once: int, seconds: float) -> int:
    import httpx

    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    async with httpx.AsyncClient(timeout=60, limits=limits) as client:

        async def ask() -> object:
            return (await client.post(f"{url}/chat/completions", json=BODY)).json()

        return await _loop(ask, at_once, seconds)


async def _openai(url: str, at_once: int, seconds: float) -> int:
    from openai import AsyncOpenAI, DefaultAioHttpClient

    http = DefaultAioHttpClient(timeout=60)
    async with AsyncOpenAI(api_key="none", base_url=url, http_client=http, max_retries=0) as client:
        return await _loop(lambda: client.chat.completions.create(**BODY), at_once, seconds)


async def _aiohttp(url: str, at_once: int, seconds: float) -> int:
    import aiohttp

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=at_once)) as client:

        async def ask() -> object:
            async with client.post(f"{url}/chat/completions", json=BODY) as answer:
                return json.loads(await answer.read())

        return await _loop(ask, at_once, seconds)


async def _ours(url: str, at_once: int, seconds: float) -> int:
    from curation.models.contract import Message, Request
    from curation.models.endpoint.model import EndpointModel
    from curation.models.pace import Pace
    from curation.models.settings import EndpointModelSettings

    model = EndpointModel("m", EndpointModelSettings(urls=(url,), concurrency=at_once), None)
    pace, request = Pace(model.limits), Request("m", (Message("user", TEXT),))

    async def ask() -> object:
        async with pace.turn(1_000) as turn:
            answer = await model.attempt(request)
            turn.went(answer)
            return answer

    try:
        return await _loop(ask, at_once, seconds)
    finally:
        await model.close()


CLIENTS: dict[str, Callable[[str, int, float], int]] = {
    "httpx, threads": httpx_threads,
    "httpx, async": lambda *words: asyncio.run(_httpx(*words)),
    "openai on aiohttp": lambda *words: asyncio.run(_openai(*words)),
    "aiohttp": lambda *words: asyncio.run(_aiohttp(*words)),
    "ours (aiohttp, with pace)": lambda *words: asyncio.run(_ours(*words)),
}


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="three seconds for each figure in place of eight")
    seconds = 3.0 if parser.parse_args().quick else 8.0
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{ours.recv()}/v1"
    found: dict[str, list[float]] = {}
    print(f"{'requests a second at once:':28}" + "".join(f"{at_once:>8}" for at_once in AT_ONCE))
    for name, client in CLIENTS.items():
        found[name] = []
        for at_once in AT_ONCE:
            began = time.monotonic()
            done = client(url, at_once, seconds)
            found[name].append(round(done / (time.monotonic() - began), 1))
        print(f"{name:28}" + "".join(f"{rate:>8}" for rate in found[name]), flush=True)
    server.terminate()
    server.join()
    print(json.dumps({"requests_per_second": found, "at_once": AT_ONCE}))


if __name__ == "__main__":
    main()
