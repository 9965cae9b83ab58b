"""The measure of the docs, added as the docs say, finds what it should."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "extend" / "measure.md"

#: The beginning of the table of measures.
TABLE = "MEASURES: tuple[MeasureSpec, ...] = (\n"

VALIDATE = """
import json, sys
from pathlib import Path
from curation.record import Record
from curation.scheme import load_scheme
from curation.store import Store
from validation.rules import BY_NAME
from validation.settings import SimilaritySettings, ValidationSettings
from validation.stage import Measure
from validation.verdict import judge

folder, scheme = Path(sys.argv[1]), load_scheme()
settings = ValidationSettings(similarity=SimilaritySettings(enabled=False))
texts = {
    "few": "The patient was seen in the emergency room with a cough; a computed tomography (CT) showed pneumonia.",
    "many": "The patient with COPD and CHF was seen in the ER with a cough; a computed tomography was done.",
}
with Store.open(f"sqlite:///{folder / 'records.db'}") as store:
    store.add_records(Record(id=id, group=id, source="test", language="en", text=text) for id, text in texts.items())
    stage = Measure.over(store, scheme, settings)
    results = stage(list(store.items(stage.reads)))
    store.put_measures(stage.name, {result.record_id: result.measures for result in results})
    verdicts = judge(store, scheme, settings, folder)
    (found,) = (finding for finding in verdicts.per_expectation if finding.expectation == "abbreviations_explained")
    print(json.dumps({"failed": dict(found.failed), "of": BY_NAME[found.expectation].of.value,
                      "reason": store.decisions()["many"].reason, "checked": found.checked,
                      "marked": "title=\\"abbreviation\\">COPD<" in verdicts.report.read_text()}))
"""


@pytest.mark.server
@pytest.mark.expectations
def test_the_example_is_one_file_one_line_and_one_test(tmp_path: Path) -> None:
    measure, imported, entry, test = re.findall(
        r"```(?:python|text)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    package = tmp_path / "code" / "validation"
    shutil.copytree(ROOT / "validation", package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "measures" / "abbreviations.py").write_text(measure, encoding="utf-8")
    table = package / "measures" / "table.py"
    head, _, entries = table.read_text(encoding="utf-8").partition(TABLE)
    table.write_text(f"{imported}{head}{TABLE}{entry}{entries}", encoding="utf-8")
    (tmp_path / "test_abbreviations.py").write_text(test, encoding="utf-8")

    environment = {**os.environ, "PYTHONPATH": f"{package.parent}{os.pathsep}{ROOT}"}

    def python(*arguments: str) -> str:
        return subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
        ).stdout

    assert "1 passed" in python("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_abbreviations.py")
    told = json.loads(python("-c", VALIDATE, str(tmp_path)).splitlines()[-1])
    assert told == {
        "failed": {"many": 3},
        "of": "text",
        "reason": "abbreviations_explained: observed 3, expected at most 2",
        "checked": 2,
        "marked": True,
    }
