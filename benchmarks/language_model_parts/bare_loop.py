"""The bare loop: the `openai` client on its aiohttp transport, so many requests at once, answers kept in memory."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1]))


async def asked(url: str, bodies: Sequence[dict[str, Any]], at_once: int) -> list[Any]:
    """The parsed answers to all requests."""
    from openai import AsyncOpenAI, DefaultAioHttpClient

    answers: list[Any] = []
    left = iter(bodies)
    async with DefaultAioHttpClient() as http, AsyncOpenAI(base_url=url, api_key="none", http_client=http) as client:

        async def work() -> None:
            for body in left:
                completion = await client.chat.completions.create(**body)
                answers.append(json.loads(completion.choices[0].message.content or ""))

        await asyncio.gather(*(work() for _ in range(at_once)))
    return answers


def main() -> None:
    """Ask what stands in a file, and print the records a second."""
    url, at_once, path = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    bodies = json.loads(path.read_text(encoding="utf-8"))
    # The first import is no part of the loop.
    import openai  # noqa: F401

    began = perf_counter()
    answers = asyncio.run(asked(url, bodies, at_once))
    seconds = perf_counter() - began
    assert len(answers) == len(bodies)
    print(json.dumps({"records": len(bodies), "seconds": seconds}))


if __name__ == "__main__":
    main()
