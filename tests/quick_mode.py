"""`pytest --quick`: the tests that need no server, database or model, in an interpreter that can start none.

Marks come from the fixtures that a test uses, or stand in the test. What a marked test needs is refused in quick
mode, so a test without its mark fails there.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest

#: Marks of tests that quick mode leaves out, with their meaning for `pytest --markers`.
NEEDS = {
    "server": "starts another process: Label Studio, a browser, strace, a command of ours",
    "database": "needs a PostgreSQL server",
    "model": "loads an encoder, a tagger or another model",
    "expectations": "runs a suite of Great Expectations",
    "long": "takes seconds of processor time",
}
#: Fixtures that tell what a test needs.
FIXTURES = {
    "installed": "server",
    "label_studio": "server",
    "tiny_encoder": "model",
    "driver": "server",
    "postgres_url": "database",
    "shared_data": "data",
}
#: Parameters of fixtures that tell it.
PARAMETERS = {"postgresql": "database"}
#: Libraries that quick mode has not, with the mark of a test that needs one.
REFUSED = {
    "torch": "model",
    "onnxruntime": "model",
    "great_expectations": "expectations",
    "psycopg": "database",
    "selenium": "server",
}
#: Programs by which Python and joblib ask about the machine.
HARMLESS = frozenset({"uname", "lscpu", "sysctl"})
WHOLE_FILE = re.compile(rf"^pytestmark = (?:\[[^\]]*)?pytest\.mark\.(?:data|{'|'.join(NEEDS)})\b", flags=re.M)
HINT = (
    "quick mode starts no process and has none of "
    + ", ".join(REFUSED)
    + ": a test that needs one takes a mark of "
    + ", ".join(sorted({"server", *REFUSED.values()}))
)


class _Refusal(MetaPathFinder, Loader):
    """Finds the refused libraries, and fails when one is imported; whether they are installed can still be asked."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, self) if fullname in REFUSED else None

    def exec_module(self, module: ModuleType) -> None:
        raise ModuleNotFoundError(f"expected no {module.__name__}: {HINT}", name=module.__name__)


def begin() -> None:
    """Refuse the libraries and every new process for the rest of this interpreter's life."""
    sys.meta_path.insert(0, _Refusal())
    sys.addaudithook(_refuse_processes)


def _refuse_processes(event: str, arguments: tuple[object, ...]) -> None:
    if event in {"subprocess.Popen", "os.exec", "os.posix_spawn"} and Path(str(arguments[0])).name not in HARMLESS:
        raise RuntimeError(f"expected no new process, got {event}: {HINT}")


def is_left_out(path: Path) -> bool:
    """Whether a file marks all its tests as in need of something, so that it need not be imported."""
    return path.match("test_*.py") and WHOLE_FILE.search(path.read_text(encoding="utf-8")) is not None


def mark(item: pytest.Item) -> None:
    """The marks that the test's fixtures and their parameters tell."""
    for fixture in getattr(item, "fixturenames", ()):
        if fixture in FIXTURES:
            item.add_marker(FIXTURES[fixture])
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    for value in parameters.values():
        if isinstance(value, str) and value in PARAMETERS:
            item.add_marker(PARAMETERS[value])


def needs(item: pytest.Item) -> set[str]:
    """What the test needs that quick mode has not."""
    return {marker.name for marker in item.iter_markers()} & {*NEEDS, "data"}
