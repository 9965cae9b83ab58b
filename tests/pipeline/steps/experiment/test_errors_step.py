"""What layers get wrong, by kind and language; words only where they are asked for, and on the page alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import curate, curate_json

from curation.errors import UsageError
from curation.markup import parse_markup
from curation.record import Layer, Record, Relation
from curation.store import Store
from curation.store.review import ReviewTask
from pipeline.steps.experiment.errors import errors
from pipeline.workspace import Workspace

pytestmark = pytest.mark.long

GOLD = {
    "en": "A [54-year-old]{{age}} woman had [a high fever]{{signs_symptoms}} and [cough]{{signs_symptoms}}, number {}.",
    "de": "Eine [54-Jährige]{{age}} hatte [hohes Fieber]{{signs_symptoms}} und [Husten]{{signs_symptoms}}, Nummer {}.",
}
WRONG = {
    "en": "A [54-year-old]{{gender}} woman had a high [fever]{{signs_symptoms}} and cough, [number]{{diagnosis}} {}.",
    "de": "Eine [54-Jährige]{{gender}} hatte hohes [Fieber]{{signs_symptoms}} und Husten, [Nummer]{{diagnosis}} {}.",
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = Workspace.make(tmp_path_factory.mktemp("errors") / "w")
    with made.open_store() as store:
        for number in range(6):
            language = ("en", "de")[number % 2]
            text, entities = parse_markup(GOLD[language].format(number))
            _, wrong = parse_markup(WRONG[language].format(number))
            id = f"r{number}"
            store.add_records([Record(id=id, group=id, source="t", language=language, text=text)])
            for name, found in (("gold", entities), ("wrong", wrong), ("same", entities)):
                store.add_layers([Layer(record_id=id, name=name, author=name, entities=found)])
        store.put_review_tasks(
            "cases #7 2026-01-01T00:00:00", [ReviewTask(record_id="r0", project="cases", task_id=12)]
        )
    (made.folder / "label-studio").mkdir()
    (made.folder / "label-studio" / "server.json").write_text('{"pid": 0, "port": 8080}')
    return made


@pytest.fixture
def store(workspace: Workspace) -> Iterator[Store]:
    with workspace.open_store() as store:
        yield store


def test_errors_are_counted_by_kind_name_and_language(workspace: Workspace, store: Store) -> None:
    done = errors(workspace, store, ["wrong", "same"])
    content: Any = done.result.content
    found = content["layers"]["wrong"]
    assert found["kinds"] == {"boundary": 6, "category": 6, "missed": 6, "invented": 6}
    assert found["by_name"]["signs_symptoms"] == {"boundary": 6, "missed": 6}
    assert found["by_language"]["de"] == {"boundary": 3, "category": 3, "invented": 3, "missed": 3}
    assert found["confused"] == [{"trusted": "age", "predicted": "gender", "times": 6}]
    assert content["layers"]["same"]["kinds"] == {"boundary": 0, "category": 0, "missed": 0, "invented": 0}
    assert content["both"] == 0
    assert "same: no errors in 6 records (18 entities right)" in done.result.answers
    link = "http://127.0.0.1:8080/projects/7/data?task=12"
    assert {row["link"] for row in content["examples"] if row["record"] == "r0"} == {link}
    assert {row["link"] for row in content["examples"] if row["record"] == "r1"} == {None}


def test_words_are_on_the_page_alone_and_only_where_they_are_asked_for(workspace: Workspace, store: Store) -> None:
    plain = errors(workspace, store, ["wrong"])
    assert not any(b"Fieber" in path.read_bytes() for path in plain.page.parent.iterdir())
    shown = errors(workspace, store, ["wrong"], excerpts=5)
    assert shown.page.read_text().count('<div class="excerpt">') == 5
    assert "fever" in shown.page.read_text()
    others = [path for path in shown.page.parent.iterdir() if path != shown.page]
    assert not any(word in path.read_bytes() for path in others for word in (b"Fieber", b"fever", b"cough"))


def test_what_a_layer_never_gives_is_told_apart_from_its_other_errors(tmp_path: Path) -> None:
    made = Workspace.make(tmp_path / "w", {})
    text, entities = parse_markup("A woman had [fever]{signs_symptoms} of [flu]{diagnosis}.")
    head, tail = (entity.id for entity in entities)
    linked = Relation(id="R1", type="related_to", head=head, tail=tail)
    with made.open_store() as store:
        store.add_records([Record(id="r", group="r", source="t", language="en", text=text)])
        store.add_layers([Layer(record_id="r", name="gold", author="gold", entities=entities, relations=(linked,))])
        store.add_layers([Layer(record_id="r", name="plain", author="plain", entities=entities)])
        store.add_layers([Layer(record_id="r", name="whole", author="w", entities=entities, relations=(linked,))])
        about = errors(made, store, ["plain", "whole"]).result.about
    assert [line for line in about if "at all" in line] == ["plain gives no relation at all: 1 of its errors are these"]


@pytest.mark.parametrize(
    ("layers", "options", "message"),
    [
        (["wrong", "wrong"], {}, "expected one layer or adapter, or two of them, got wrong, wrong"),
        (["wrong", "same", "gold"], {}, "expected one layer or adapter, or two of them"),
        (["wrogn"], {}, "expected a layer of the store, got 'wrogn'; did you mean wrong"),
        (["wrong"], {"gold": ["none"]}, "expected a layer of the store, got 'none'"),
        (["wrong"], {"split": "test"}, "expected --set NAME with --split test"),
        (["adapter:none"], {}, "expected an adapter of this workspace, or the folder of one, got 'none'"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(
    workspace: Workspace, store: Store, layers: list[str], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        errors(workspace, store, layers, name="refused", **options)


def test_a_deleted_record_is_out_of_the_results(workspace: Workspace, store: Store) -> None:
    text, entities = parse_markup(WRONG["en"].format("nine hundred"))
    store.add_records([Record(id="gone", group="gone", source="t", language="en", text=text)])
    store.add_layers([Layer(record_id="gone", name="gold", author="gold")])
    store.add_layers([Layer(record_id="gone", name="wrong", author="wrong", entities=entities)])
    page = errors(workspace, store, ["wrong"], name="quotes", excerpts=100).page
    assert "nine hundred" in page.read_text()
    done = curate_json(
        "records", "delete", "gone", "--reason", "asked", "--by", "ruth", "--workspace", workspace.folder
    )
    assert str(page.relative_to(workspace.folder)) in done["pages"]
    assert not any(b"gone" in path.read_bytes() for path in page.parent.iterdir())


def test_the_command_prints_its_tables_and_one_object(workspace: Workspace) -> None:
    printed = curate("experiment", "errors", "wrong", "--workspace", workspace.folder)
    assert "boundary" in printed.stdout
    assert "24 errors in 6 of 6 records" in printed.stdout
    assert curate_json("experiment", "errors", "wrong", "--workspace", workspace.folder)["kind"] == "errors"
    assert Path(printed.stderr.splitlines()[-1].removeprefix("report: ")).is_file()
