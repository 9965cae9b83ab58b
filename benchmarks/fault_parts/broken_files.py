"""Files of a workspace that are empty, half or foreign: one line, and afterwards what an undamaged one gives."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from commands import curate

from fault_parts.contents import compared, contents
from fault_parts.kills import begun
from fault_parts.trial import Trial

Damage = Callable[[Path], object]


def _half(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


DAMAGES: dict[str, Damage] = {
    "empty": lambda file: file.write_bytes(b""),
    "half": _half,
    "no text": lambda file: file.write_bytes(b"\xff\xfe\x00" * 999),
}
#: Bytes of a page of SQLite, and commands that read different parts of the database.
PAGE = 4096
MEETING_PAGES = (("status",), ("records", "list"), ("annotate", "--with", "rules"))
#: Stands in every text.
TEXT_WORD = "Amoxicillin"
#: Files of Great Expectations, which `validate --remake-suite` makes anew.
OF_THE_SUITE = (
    "gx/great_expectations.yml",
    "gx/expectations/curated.json",
    "gx/checkpoints/validate.json",
    "gx/validation_definitions/curated.json",
)
#: Files that hold nothing which is not made anew by itself.
BY_ITSELF = ("gx/plugins/clincurate_expectations.py", "reports/validation/findings.json", "vectors.db")


def trials(folder: Path, quick: bool) -> Iterator[Trial]:
    """The database; with more time each file that a validation leaves."""
    base = begun(folder / "base", 20)
    curate("import", str(base / "rows.jsonl"), "--language", "de", "--workspace", str(base))
    for name in list(DAMAGES)[: 1 if quick else None]:
        yield _database(base, folder / f"database {name}", name)
    for seed in range(1 if quick else 8):
        yield _page(base, folder / f"page {seed}", seed)
    if quick:
        return
    curate("annotate", "--with", "rules", "--workspace", str(base))
    curate("validate", "--workspace", str(base))
    for file in (*OF_THE_SUITE, *BY_ITSELF):
        for name, damage in DAMAGES.items():
            yield _file(base, folder / f"{file.replace('/', '-')} {name}", file, name, damage)


def _database(base: Path, copy: Path, name: str) -> Trial:
    """A damaged database is told, stays as it is, and what is put back is all there."""
    shutil.copytree(base, copy)
    store = copy / "records.db"
    DAMAGES[name](store)
    damaged = store.read_bytes()
    ended = [curate(command, "--workspace", str(copy)) for command in ("status", "doctor")]
    taken_for_new = sum(command.returncode == 0 for command in ended) + (store.read_bytes() != damaged)
    shutil.copyfile(base / "records.db", store)
    trial = compared(f"records.db {name}", contents(base), [contents(copy)], [command.stderr for command in ended])
    return Trial(trial.fault, 1, trial.lost, trial.doubled, trial.unequal + taken_for_new, trial.tracebacks)


def _page(base: Path, copy: Path, seed: int) -> Trial:
    """A page within the database overwritten: commands that meet it name `curate doctor`, and repeat no text."""
    random = Random(seed)
    shutil.copytree(base, copy)
    store = copy / "records.db"
    content = bytearray(store.read_bytes())
    start = random.randrange(PAGE, len(content) - PAGE)
    content[start : start + PAGE] = random.choice((bytes(PAGE), random.randbytes(PAGE)))
    store.write_bytes(content)
    ended = [curate(*words, "--workspace", str(copy)) for words in MEETING_PAGES]
    untold = sum(run.returncode != 0 and "curate doctor" not in run.stderr for run in ended)
    untold += curate("doctor", "--workspace", str(copy)).returncode == 0
    untold += sum(TEXT_WORD in run.stderr for run in ended)
    shutil.copyfile(base / "records.db", store)
    errors = [run.stderr for run in ended]
    trial = compared(f"a page of records.db overwritten ({seed})", contents(base), [contents(copy)], errors)
    return Trial(trial.fault, len(ended), trial.lost, trial.doubled, trial.unequal + untold, trial.tracebacks)


def _file(base: Path, copy: Path, file: str, name: str, damage: Damage) -> Trial:
    shutil.copytree(base, copy)
    if (copy / file).is_file():
        damage(copy / file)
    refused = curate("validate", "--workspace", str(copy))
    errors = [refused.stderr]
    if file in OF_THE_SUITE:
        again = curate("validate", "--remake-suite", "--workspace", str(copy))
        errors.append(again.stderr)
        refused = again
    trial = compared(f"{file} {name}", contents(base), [contents(copy)], errors)
    failed = int(refused.returncode != 0)
    return Trial(trial.fault, 1, trial.lost, trial.doubled, trial.unequal + failed, trial.tracebacks)
