"""Workspaces of made-up texts, alike but for the database, and commands in them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path

from commands import curate

#: Stands in every text: none of it may be printed.
WORD = "Zederngrund"
#: What brings the texts of a workspace in.
IMPORT = ("import", "texts.jsonl", "--language", "en")


def workspace(folder: Path, url: str | None, count: int) -> Path:
    """A workspace with the store at the URL, by default its own file, and so many texts beside it, not imported yet."""
    curate("init", "--workspace", str(folder))
    config = folder / "curate.toml"
    lines = config.read_text(encoding="utf-8").splitlines()
    # Without sentence embeddings: what is tried is the store.
    changes = [("[validation.similarity]", "enabled", "false")]
    changes += [] if url is None else [("[curation]", "store", json.dumps(url))]
    for section, name, value in changes:
        start = lines.index(section)
        end = next((number for number, line in enumerate(lines) if number > start and line.startswith("[")), len(lines))
        kept = [line for line in lines[start + 1 : end] if not line.startswith(f"{name} =")]
        lines[start + 1 : end] = [f"{name} = {value}", *kept]
    config.write_text("\n".join([*lines, ""]), encoding="utf-8")
    rows = (
        {
            "id": f"p{number}",
            "text": f"A {20 + number % 60}-year-old man of {WORD} {number} had fever and took aspirin.",
        }
        for number in range(count)
    )
    (folder / "texts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def within(folder: Path, words: Sequence[str]) -> list[str]:
    """The words of a command with the files and the folder of the workspace."""
    places = {"texts.jsonl", "out"}
    return [*(str(folder / word) if word in places else word for word in words), "--workspace", str(folder)]


def store_url(folder: Path) -> str:
    """The URL of the workspace's store."""
    url = tomllib.loads((folder / "curate.toml").read_text(encoding="utf-8"))["curation"].get("store", "records.db")
    return url if url.startswith("postgresql") else f"sqlite:///{folder / 'records.db'}"
