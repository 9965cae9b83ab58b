"""Two first validations of one workspace at once: is the result that of one?"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from commands import begin, curate

from fault_parts.contents import Contents, compared, contents
from fault_parts.kills import begun
from fault_parts.trial import Trial


def trials(folder: Path, quick: bool) -> Iterator[Trial]:
    """One validation alone, and two together; then the suites of both."""
    base = begun(folder / "base", 40)
    curate("import", str(base / "rows.jsonl"), "--language", "de", "--workspace", str(base))
    curate("annotate", "--with", "rules", "--workspace", str(base))
    alone = Path(shutil.copytree(base, folder / "alone"))
    together = Path(shutil.copytree(base, folder / "together"))
    errors = [curate("validate", "--workspace", str(alone)).stderr]
    both = [begin("validate", "--workspace", str(together)) for _ in range(2)]
    errors += [process.communicate()[1] for process in both]
    yield compared("two first validations at once", _with_suite(alone), [_with_suite(together)], errors)


def _with_suite(folder: Path) -> Contents:
    suite = json.loads((folder / "gx" / "expectations" / "curated.json").read_text(encoding="utf-8"))
    found = contents(folder)
    found.update(
        ("expectation", entry["type"], json.dumps(entry["kwargs"], sort_keys=True)) for entry in suite["expectations"]
    )
    return found
