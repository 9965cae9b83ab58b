"""Where the reports of a workspace are."""

from __future__ import annotations

from pathlib import Path

from curation.errors import UsageError
from pipeline.workspace import Workspace

#: What to look for, in the order in which it is shown.
PATTERNS = {
    "validation": "reports/validation*/index.html",
    "agreement": "reports/agreement*/index.html",
    "calibration": "reports/calibration-*/report.html",
    "data docs": "gx/**/data_docs/**/index.html",
    "evaluation": "reports/evaluation-*/report.html",
}

#: Reports of single layers: each is shown.
OF_LAYERS = frozenset({"calibration", "evaluation"})


def find_reports(workspace: Workspace) -> dict[str, Path]:
    """The newest report of each kind by its name, and every evaluation and calibration."""
    found: dict[str, Path] = {}
    for name, pattern in PATTERNS.items():
        for path in sorted(workspace.folder.resolve().glob(pattern)):
            of = f" of {path.parent.name.removeprefix(f'{name}-')}" if name in OF_LAYERS else ""
            found[name + of] = path
    if not found:
        raise UsageError(f"expected reports in {workspace.folder}, there are none yet; run `curate validate` first")
    return found
