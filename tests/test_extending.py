"""The worked examples of docs/extend do what the pages say: they are read from there and put into the tables."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from command_line import curate, curate_json

from annotation import annotators
from curation.record import Layer, Record
from curation.sources import formats as sources
from curation.store.sets import CuratedSet
from exports import formats as exports
from exports.settings import ExportSettings
from exports.writer import ExportedSet

PAGES = Path(__file__).parents[1] / "docs" / "extend"
REPORT = "A 54-year-old woman.\nNo fever.\n---\n2\t13\tage\nno entity\n24\t29\tsigns_symptoms\n"


@pytest.fixture
def example(monkeypatch):
    """Makes a page's module importable; gives the page's other blocks of Python."""

    def load(page: str) -> list[str]:
        text = (PAGES / page).read_text(encoding="utf-8")
        (path,) = re.findall(r"^`([\w/]+\.py)`:$", text, flags=re.M)
        file, *lines = re.findall(r"```python\n(.*?)```", text, flags=re.S)
        module = ModuleType(path.removesuffix(".py").replace("/", "."))
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(compile(file, path, "exec"), module.__dict__)
        return lines

    return load


@pytest.fixture
def imported(example, monkeypatch, tmp_path) -> Path:
    """A workspace into which a file of the new format was imported."""
    entry, suffixes = (ast.literal_eval(f"{{{line}}}") for line in example("source.md"))
    _add(monkeypatch, sources.FORMATS, entry)
    _add(monkeypatch, sources.SUFFIXES, suffixes)
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "one.report").write_text(REPORT, encoding="utf-8")
    workspace = tmp_path / "workspace"
    curate("init", "--workspace", workspace)
    options = ("--format", "report", "--language", "en", "--workspace", workspace)
    report = curate_json("import", folder, *options, code=1)
    assert report["imported"] == 1
    assert [Path(problem["where"]).name for problem in report["problems"]] == ["one.report:5"]
    return workspace


def test_a_new_source_is_imported_with_its_layer(imported):
    (layer,) = _layers(imported, "gold")
    assert [(entity.category, entity.text) for entity in layer.entities] == [
        ("age", "54-year-old"),
        ("signs_symptoms", "fever"),
    ]


def test_a_new_annotator_writes_its_layer(imported, example, monkeypatch):
    function, line = example("annotator.md")
    scope = dict(vars(annotators))
    exec(function, scope)
    _add(monkeypatch, annotators.ANNOTATORS, eval(f"{{{line}}}", scope))
    curate("annotate", "--with", "ages", "--workspace", imported)
    (layer,) = _layers(imported, "ages")
    assert [(entity.category, entity.text) for entity in layer.entities] == [("age", "54-year-old")]


def test_a_new_format_is_written(example, annotated, scheme, monkeypatch, tmp_path):
    (line,) = example("format.md")
    _add(monkeypatch, exports.FORMATS, ast.literal_eval(f"{{{line}}}"))
    member: tuple[Record, Layer] = annotated("No [fever]{signs_symptoms negated}.")
    frozen = CuratedSet(digest="abc", name="cases", version=1, manifest={"splits": {"train": 1}})
    format = exports.export_format("table")
    view = ExportedSet(frozen, scheme, lambda split: iter([member]))
    (file,) = format.write(view, tmp_path, ExportSettings())
    assert file.read_text(encoding="utf-8").splitlines() == [
        "record\tcategory\twording\tassertion",
        f"{member[0].id}\tsigns_symptoms\tfever\tnegated",
    ]
    assert format.lost(view) == {"places of entities": 1, "fields of records": 2}


def _add(monkeypatch, table: dict, entry: dict) -> None:
    """The line of a page in a table, for as long as the test lasts."""
    ((name, value),) = entry.items()
    assert name not in table
    monkeypatch.setitem(table, name, value)


def _layers(folder: Path, name: str) -> list[Layer]:
    from pipeline.workspace import Workspace

    with Workspace.at(folder).open_store() as store:
        return [layer for id in store.record_ids() if (layer := store.layer(id, name))]
