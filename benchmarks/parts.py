"""Scripts of several parts: which of them run, where, and what they found."""

from __future__ import annotations

import argparse
import importlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any


def asked(about: str, parts: Sequence[str], quick: str) -> argparse.Namespace:
    """The words of the command line: `quick`, and `parts`, all of them or one."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--only", choices=parts, help="one part")
    words = parser.parse_args()
    words.parts = [words.only] if words.only else list(parts)
    return words


def found_by(package: str, function: str, words: argparse.Namespace) -> Iterator[Any]:
    """What the function of each part gives, each in an empty folder of its own."""
    with tempfile.TemporaryDirectory(prefix=f"{package}-") as name:
        for part in words.parts:
            folder = Path(name) / part
            folder.mkdir()
            yield from getattr(importlib.import_module(f"{package}.{part}"), function)(folder, words.quick)
