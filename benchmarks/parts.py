"""Scripts of several parts: which of them run, where, and what they found."""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from time import perf_counter
from typing import Any

#: Parts that run at once.
LANES = 2


def asked(about: str, parts: Sequence[str], quick: str) -> argparse.Namespace:
    """The words of the command line: `quick`, and `parts`, all of them or one."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--only", choices=parts, help="one part")
    words = parser.parse_args()
    words.parts = [words.only] if words.only else list(parts)
    return words


def found_by(
    package: str,
    function: str,
    words: argparse.Namespace,
    *,
    together: Sequence[str] = (),
    around: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> list[Any]:
    """What the function of each part gives, in the order of the parts; LANES of them run at once.

    together: parts that run one after the other, in that order, inside of `around`. The seconds of each part go to
    standard error.
    """
    shared = [part for part in together if part in words.parts]
    groups = [*([shared] if shared else []), *([part] for part in words.parts if part not in together)]
    found: dict[str, list[Any]] = {}
    with ThreadPoolExecutor(LANES) as lanes:
        sent = [
            lanes.submit(_apart, package, function, group, words.quick, around if group is shared else nullcontext)
            for group in groups
        ]
        for future in sent:
            found |= future.result()
    return [each for part in words.parts for each in found[part]]


def _apart(*arguments: Any) -> dict[str, list[Any]]:
    """`_found` in a process begun for it: parts start servers, fork and set limits, and a copy of a process in which
    another part left threads may wait forever for what one of them had locked."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(_found, *arguments).result()


def _found(
    package: str,
    function: str,
    parts: Sequence[str],
    quick: bool,
    around: Callable[[], AbstractContextManager[None]],
) -> dict[str, list[Any]]:
    """What each part gives, in an empty folder of its own."""
    found = {}
    with tempfile.TemporaryDirectory(prefix=f"{package}-") as name, around():
        for part in parts:
            folder = Path(name) / part
            folder.mkdir()
            began = perf_counter()
            found[part] = list(getattr(importlib.import_module(f"{package}.{part}"), function)(folder, quick))
            print(f"{part}: {perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    return found
