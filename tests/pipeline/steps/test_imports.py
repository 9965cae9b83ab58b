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
    what = "counted in characters, from a byte order mark or from 1"
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


def test_the_table_says_what_came_in_and_what_did_not(workspace, tmp_path):
    entities = [
        span("age", "40-year-old"),
        span("age", "40-year-old"),
        span("signs_symptoms", "fever"),
        {"label": "signs_symptoms", "start": 0, "end": 999},
        span("Mood", "fever"),
        {"label": "gender", "text": "a"},
    ]
    relations = [{"type": "related_to", "head": "T1", "tail": "T3"}, {"type": "related_to", "head": "T1", "tail": "T9"}]
    source = rows(tmp_path, {**row(*entities), "relations": relations, "labels": {"smoker": "never"}})
    report, _ = bring(workspace, source)
    assert report.counts() == {
        "imported": 1, "unchanged": 0, "skipped": 0, "layers": 1, "entities": 4, "relations": 1, "labels": 1,
        "realigned": 0, "left out": 3, "entities twice": 1,
    }  # fmt: skip
    assert {name.replace(" ", "_") for name in report.counts()} - {"entities_twice"} <= report.as_json().keys()


def test_unchanged_means_that_nothing_came_in(workspace, tmp_path):
    bare = {"id": "1", "text": TEXT}
    expected = [
        ([bare], {"imported": 1}),
        ([bare], {"unchanged": 1}),
        ([row(span("age", "40-year-old"))], {"there before, with a new layer": 1, "layers": 1, "entities": 1}),
        ([row(span("age", "40-year-old"))], {"unchanged": 1}),
        ([row(span("signs_symptoms", "fever"))],
         {"there before, with a new layer": 1, "layers": 1, "layers replaced": 1, "entities": 1}),
    ]  # fmt: skip
    for given, counts in expected:
        report, _ = bring(workspace, rows(tmp_path, *given))
        assert {name: count for name, count in report.counts().items() if count} == counts


def test_a_record_again_with_another_group_keeps_the_first_and_that_is_said(workspace, tmp_path):
    patients = [{"id": "1", "text": TEXT, "group": group} for group in ("P1", "P2")]
    report, _ = bring(workspace, rows(tmp_path, patients[0], patients[1]))
    assert [notice.what for notice in report.notices] == ["there before with another group (patient), which it keeps"]
    report, _ = bring(workspace, rows(tmp_path, patients[0]))
    assert report.notices == []
    report, _ = bring(workspace, rows(tmp_path, patients[1]))
    assert len(report.notices) == 1


def test_a_record_again_with_other_annotations_is_a_problem_and_the_first_stays(workspace, tmp_path):
    first, second = row(span("age", "40-year-old")), row(span("signs_symptoms", "fever"))
    report, (gold,) = bring(workspace, rows(tmp_path, first, second))
    (problem,) = report.problems
    assert problem.where.endswith("rows.jsonl:2")
    assert f"again with other annotations in the layer gold: those of {tmp_path}/rows.jsonl:1 stay" in problem.what
    assert (report.imported, report.unchanged, report.skipped, report.layers, report.left_out) == (1, 0, 1, 1, 1)
    assert [entity.category for entity in gold.entities] == ["age"]


def test_a_record_again_in_another_source_of_the_command_is_a_problem_too(workspace, tmp_path):
    paths = []
    for name, category, wording in (("a", "age", "40-year-old"), ("b", "signs_symptoms", "fever")):
        paths.append(tmp_path / f"{name}.jsonl")
        paths[-1].write_text(json.dumps(row(span(category, wording))), encoding="utf-8")
    with workspace.open_store() as store:
        report = import_into(workspace, store, [str(path) for path in paths], ReadOptions(language="en"))
    assert [problem.where for problem in report.problems] == [f"{paths[1]}:1"]


def test_the_same_annotations_again_are_no_problem_whatever_their_ids(workspace, tmp_path):
    again = [{**span("age", "40-year-old"), "id": "x9"}, {**span("signs_symptoms", "fever"), "id": "x8"}]
    first = row(span("signs_symptoms", "fever"), span("age", "40-year-old"))
    report, _ = bring(workspace, rows(tmp_path, first, row(*again)))
    assert (report.imported, report.unchanged, report.layers, report.problems) == (1, 1, 1, [])


def test_two_annotators_of_one_text_have_a_layer_each(workspace, tmp_path):
    first = {**row(span("age", "40-year-old")), "annotator": "anna"}
    second = {**row(span("signs_symptoms", "fever")), "annotator": "ben"}
    report, (gold,) = bring(workspace, rows(tmp_path, first, second))
    assert (report.imported, report.updated, report.problems, gold) == (1, 1, [], None)
    assert report.by_layer == {"human:anna": 1, "human:ben": 1}
    third = {**row(span("age", "40-year-old"), span("signs_symptoms", "fever")), "annotator": "anna"}
    report, _ = bring(workspace, rows(tmp_path, first, third))
    assert len(report.problems) == 1


def test_entities_without_offsets_in_one_of_several_places_are_counted(workspace, tmp_path):
    text = "Fever in the morning, fever at night."
    given = {"id": "1", "text": text, "entities": [{"label": "signs_symptoms", "text": "fever"}]}
    report, _ = bring(workspace, rows(tmp_path, given))
    assert report.counts()["at the first of several places"] == 1


def test_annotations_that_were_rejected_are_left_out_and_counted(workspace, tmp_path):
    task = {**row(span("age", "40-year-old")), "_task_hash": 1, "answer": "reject"}
    report, (gold,) = bring(workspace, rows(tmp_path, task))
    assert (report.imported, report.layers, report.left_out, gold) == (1, 0, 1, None)
    assert len(report.notices) == 1
