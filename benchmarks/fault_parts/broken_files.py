"""Files of a workspace that are empty, half or foreign: one line, and afterwards what an undamaged one gives."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

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
