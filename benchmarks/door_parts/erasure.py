"""What is left of a letter after its deletion, after de-identification, and after a deletion that was killed."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from commands import ROOT, environment

from door_parts.attack import Attack
from door_parts.forked import curate_forked

DOOR = "erasure"
LETTER = (
    "Mrs. Karin Lindemann, born 4 May 1961, was seen on 3 March 2020 with fever of 39.1 degrees. "
    "Her telephone is 089 1234567. Amoxicillin was given for a week and she recovered fully."
)
OTHER = "A {age}-year-old woman came with a dry cough. Ibuprofen helped and she went home after {age} hours."
#: Words that only the letter has.
WORDS = ("Lindemann", "4 May 1961", "089 1234567")
BY = ("--by", "ruth")
DELETE = ("records", "delete", "letter", "--reason", "asked", *BY)
ERASE = ("records", "erase-originals", "--yes", *BY)
#: Where a deletion is killed.
STOPS = (
    "curation.store.Store.drop_table",
    "curation.store.deletion.DeletionLog._log",
    "pipeline.steps.records.forget_records",
    "curation.store.Store.scrub",
)
KILLED = """
import os, signal, sys
from unittest import mock
from pipeline.command import main

def kill(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

with mock.patch(os.environ["STOP"], kill):
    main()
"""


def attacks(folder: Path, quick: bool) -> Iterator[Attack]:
    """Search all bytes of the workspace for words of the letter, for its hashes, and for guesses at its sentences."""
    made = folder / "made"
    _make(made)
    yield _searched("guess a sentence by the keys of the vectors", made, _guessed(made))
    deleted = shutil.copytree(made, folder / "deleted")
    _run(deleted, *DELETE)
    yield _searched("read a deleted letter in the files", deleted, _left(deleted))
    copied = shutil.copytree(made, folder / "copied")
    _run(copied, "deidentify")
    quoting = [name for name in _left(copied) if not name.startswith("records.db")]
    yield _searched("read an original in pages and vectors after de-identification", copied, quoting)
    _run(copied, *ERASE)
    yield _searched("read an erased original in the files", copied, _left(copied))
    for stop in STOPS[-1:] if quick else STOPS:
        killed = shutil.copytree(made, folder / f"killed-{stop.rpartition('.')[2]}")
        ended = _killed(killed, stop)
        _run(killed, *DELETE)
        tried = f"read a letter after a deletion killed at {stop.rpartition('.')[2]} and given again"
        found = _left(killed) or _unlike(killed, deleted)
        yield _searched(tried, killed, found if ended == -signal.SIGKILL else ["was not killed"])


def _make(workspace: Path) -> None:
    """A workspace with the letter, its layers, vectors, reports and Data Docs."""
    _run(workspace, "init")
    rows = [{"id": "letter", "text": LETTER}]
    rows += [{"id": f"case-{age}", "text": OTHER.format(age=age)} for age in range(30, 36)]
    source = workspace.parent / "rows.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    _run(workspace, "import", str(source), "--language", "en")
    source.unlink()
    _run(workspace, "annotate", "--with", "rules")
    _run(workspace, "validate", "--layer", "rules")


def _searched(tried: str, workspace: Path, found: Sequence[str]) -> Attack:
    files = sum(path.is_file() for path in workspace.rglob("*"))
    seen = f"in {', '.join(found)}" if found else f"in none of {files} files"
    return Attack(DOOR, tried, worked=bool(found), seen=seen)


def _left(workspace: Path) -> list[str]:
    """The files that hold a word of the letter or a plain hash of it, in figures or as bytes."""
    plain = hashlib.sha256(LETTER.encode()).digest()
    forms = [*(word.encode() for word in WORDS), plain[:16], plain.hex()[:32].encode()]
    return _holding(workspace, forms)


def _guessed(workspace: Path) -> list[str]:
    """The files of vectors that hold the plain digest of a text that somebody may guess, as earlier versions had it."""
    from curation.embeddings.encoder import load_encoder
    from curation.record import digest

    encoder = load_encoder()
    texts = [LETTER, *LETTER.split(". "), "fever", "cough", "Amoxicillin"]
    texts += [text.rstrip(".") + "." for text in texts]
    keys = [digest([encoder.name, encoder.revision, text], length=32) for text in texts]
    keys += [hashlib.sha256(text.encode()).hexdigest()[:32] for text in texts]
    forms = [form for key in keys for form in (bytes.fromhex(key), key.encode())]
    vectors = workspace / "vectors.db"
    if not vectors.is_file() or not vectors.stat().st_size:
        return ["no vectors were kept, so nothing was tried"]
    return [name for name in _holding(workspace, forms) if name.startswith("vectors")]


def _holding(workspace: Path, forms: Sequence[bytes]) -> list[str]:
    files = (path for path in sorted(workspace.rglob("*")) if path.is_file())
    held = ((path, path.read_bytes()) for path in files)
    return [str(path.relative_to(workspace)) for path, content in held if any(form in content for form in forms)]


def _unlike(workspace: Path, undisturbed: Path) -> list[str]:
    """What differs from the store of an undisturbed deletion: records, or what its log says."""
    from pipeline.workspace import Workspace

    found = []
    for each in (workspace, undisturbed):
        with Workspace.at(each).open_store() as store:
            log = [(line.record_id, line.counts) for line in store.deletions()]
            found.append({"records": store.record_ids(), "log": log})
    return [f"{name} unlike an undisturbed deletion's" for name in found[0] if found[0][name] != found[1][name]]


def _killed(workspace: Path, stop: str) -> int:
    """How a deletion ended that was killed there."""
    words = [sys.executable, "-c", KILLED, *DELETE, "--workspace", str(workspace)]
    variables = environment({"STOP": stop})
    done = subprocess.run(words, env=variables, cwd=ROOT, capture_output=True, timeout=300, check=False)
    return done.returncode


def _run(workspace: Path, *words: str) -> str:
    done = curate_forked(*words, "--workspace", str(workspace))
    if done.returncode:
        raise RuntimeError(f"{words}: expected exit code 0, got {done.returncode}: {done.stderr}")
    return done.stdout
