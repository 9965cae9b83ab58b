import json
import sys
from collections import Counter

import pytest
import sqlalchemy as sa

from curation import record as record_module
from curation.sources import ReadOptions
from pipeline.steps.generate import generate_into
from pipeline.steps.imports import grouped_notices, import_into
from pipeline.workspace import Workspace

TEXT = "A 40-year-old man had fever."


@pytest.fixture
def workspace(tmp_path):
    return Workspace.make(tmp_path / "w")


def rows(tmp_path, *rows):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def span(category, wording):
    start = TEXT.index(wording)
    return {"label": category, "start": start, "end": start + len(wording), "text": wording}


def row(*entities, id="1"):
    return {"id": id, "text": TEXT, "entities": list(entities)}


def bring(workspace, source, *, language="en", **options):
    with workspace.open_store() as store:
        report = import_into(workspace, store, [source], ReadOptions(language=language), **options)
        layers = [item.layers.get("gold") for item in store.items(["gold"])]
    return report, layers


def test_annotations_become_a_layer(workspace, tmp_path):
    source = rows(tmp_path, row(span("age", "40-year-old"), span("signs_symptoms", "fever")))
    report, (gold,) = bring(workspace, source)
    assert (report.imported, report.layers, report.problems) == (1, 1, [])
    assert [(entity.category, entity.text) for entity in gold.entities] == [
        ("age", "40-year-old"),
        ("signs_symptoms", "fever"),
    ]


def test_a_notice_is_kept_and_is_no_problem(workspace, tmp_path):
    moved = {**span("age", "40-year-old"), "start": 3, "end": 14}
    source = rows(tmp_path, row(moved), row(moved, id="2"))
    report, (gold, _) = bring(workspace, source)
    assert report.problems == []
    what = "counted in characters, from a byte order mark"
    assert report.as_json()["notices"] == [{"where": f"{source}:{line}", "what": what} for line in (1, 2)]
    assert grouped_notices(report.notices) == {what: [f"{source}:1", f"{source}:2"]}
    assert [entity.spans for entity in gold.entities] == [((2, 13),)]


def test_importing_twice_adds_nothing(workspace, tmp_path):
    source = rows(tmp_path, row(span("age", "40-year-old")))
    bring(workspace, source)
    report, (gold,) = bring(workspace, source)
    assert (report.imported, report.unchanged, report.layers) == (0, 1, 0)
    assert len(gold.entities) == 1


def test_unknown_categories_are_left_out_with_a_problem_and_the_rest_comes_in(workspace, tmp_path):
    source = rows(tmp_path, row(span("age", "40-year-old"), span("Mood", "fever")))
    report, (gold,) = bring(workspace, source)
    assert (report.imported, report.skipped, len(report.problems)) == (1, 0, 1)
    assert "left out the entities of: Mood (1)" in report.problems[0].what
    assert [entity.category for entity in gold.entities] == ["age"]


def test_a_mapping_that_keeps_other_categories_keeps_them(workspace, tmp_path):
    source = rows(tmp_path, row(span("Mood", "fever")))
    (tmp_path / "keep.yaml").write_text("otherwise: keep\n", encoding="utf-8")
    report, (gold,) = bring(workspace, source, mapping=str(tmp_path / "keep.yaml"))
    assert report.problems == []
    assert [entity.category for entity in gold.entities] == ["Mood"]


def test_the_sample_comes_in_whole(workspace):
    report, layers = bring(workspace, "sample", language=None)
    assert report.imported >= 60 + 24
    assert report.problems == []
    assert all(layer is not None and layer.entities for layer in layers)


def test_generated_cases_come_in_both_languages_and_only_once(workspace):
    with workspace.open_store() as store:
        for expected in ({"imported": 20, "unchanged": 0}, {"imported": 0, "unchanged": 20}):
            report = generate_into(workspace, store, 10, languages=("en", "de"), seed=1, noise=0.0)
            assert {"imported": report.imported, "unchanged": report.unchanged} == expected
        assert store.count_records() == {"de": 10, "en": 10}
        pairs = [record.translation_of for record in store.records(language="de")]
        assert set(pairs) == {record.id for record in store.records(language="en")}


def test_a_run_is_noted_without_the_text(workspace, tmp_path):
    bring(workspace, rows(tmp_path, row(), {"id": "2", "text": ""}))
    (path,) = (workspace.folder / "runs").iterdir()
    manifest = json.loads(path.read_text(encoding="utf-8"))
    assert (manifest["command"], manifest["state"], manifest["outcome"]["imported"]) == ("import", "done", 1)
    assert "fever" not in path.read_text(encoding="utf-8")


def test_a_layer_is_checked_once_and_no_text_is_read_back(workspace, tmp_path, monkeypatch):
    checked = Counter()
    read_back = []

    def check(record, layer, *, categories=None):
        checked[record.id] += 1
        return check_layer(record, layer, categories=categories)

    check_layer = record_module.check_layer
    for module in list(sys.modules.values()):
        if getattr(module, "check_layer", None) is check_layer:
            monkeypatch.setattr(module, "check_layer", check)

    def note(connection, cursor, statement, *_):
        if statement.startswith("SELECT") and "records.text" in statement:
            read_back.append(statement)

    source = rows(tmp_path, row(span("age", "40-year-old")), row(span("signs_symptoms", "fever"), id="2"))
    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        with workspace.open_store() as store:
            import_into(workspace, store, [source], ReadOptions(language="en"))
            import_into(workspace, store, ["sample"], ReadOptions(), format="sample")
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert len(checked) > 2
    assert set(checked.values()) == {1}
    assert read_back == []
