"""`curate run` with synthetic records and translations: before or after annotating, once, and whatever fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import curate

from curation.errors import UsageError
from curation.record import Layer
from curation.translate.projection.layers import is_carried
from pipeline.steps.imports import ImportReport
from pipeline.steps.run import FinishedStep, LeftOut, StepResult, run_steps
from pipeline.steps.translate import TranslateReport
from pipeline.workspace import Workspace

pytestmark = pytest.mark.long

TEXTS = ("There was fever here.", "There was fever again.", "There was a cough.")
SCRIPT = [
    {"if": '"translation"', "answer": {"1": "Fieber"}},
    {"if": "<e0>fever</e0>", "answer": {"1": "Es bestand <e0>Fieber</e0>."}},
    {"if": "fever", "answer": {"1": "Es bestand Fieber."}},
    {"answer": "Sorry?"},
]
SETTINGS: dict[str, object] = {
    "run.sources": ("letters",),
    "run.language": "en",
    "run.annotators": ("rules",),
    "run.review": False,
    # Nobody has reviewed anything: the run ends after validation.
    "run.layer": "human:anna",
    "run.translate_to": ("de",),
    "curation.translate.translator": "llm:m",
    "validation.similarity.enabled": False,
    "models.m.kind": "scripted",
    "models.m.script": "m.jsonl",
}


def workspace(folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: object) -> Workspace:
    monkeypatch.chdir(folder)
    (folder / "letters").mkdir()
    for number, text in enumerate(TEXTS):
        (folder / "letters" / f"{number}.txt").write_text(text, encoding="utf-8")
    made = Workspace.make(folder / "w", SETTINGS | {f"run.{name}": value for name, value in settings.items()})
    lines = (json.dumps(line, ensure_ascii=False) for line in SCRIPT)
    (made.folder / "m.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return Workspace.at(made.folder)


def steps(of: Workspace, last: str) -> dict[str, FinishedStep[StepResult]]:
    """The steps of a run up to this one."""
    found: dict[str, FinishedStep[StepResult]] = {}
    with of.open_store() as store:
        for step in run_steps(of, store):
            found[step.name] = step
            if step.name == last:
                break
    return found


def contents(of: Workspace) -> tuple[object, ...]:
    with of.open_store() as store:
        layers = sorted(layer.model_dump_json() for layer in german_layers(of))
        return store.count_records(), store.layer_names(), layers, [row.answers for row in store.spending()]


def german_layers(of: Workspace) -> list[Layer]:
    with of.open_store() as store:
        return [layer for item in store.items(["rules"], language="de") for layer in item.layers.values()]


@pytest.mark.parametrize(
    ("when", "order"),
    [
        ("after_annotating", ["import", "generate", "annotate rules", "translate de"]),
        ("before_annotating", ["import", "generate", "translate de", "annotate rules"]),
    ],
)
def test_translations_come_where_the_settings_say_and_a_second_run_does_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str, order: list[str]
) -> None:
    made = workspace(tmp_path, monkeypatch, translate=when)
    found = steps(made, order[-1])
    assert list(found) == order
    report = found["translate de"].result
    assert isinstance(report, TranslateReport)
    # What fails is counted and kept, and the run goes on.
    assert (report.done.done, report.done.failed) == (2, 1)
    layers = german_layers(made)
    assert len(layers) == 2
    assert {is_carried(layer) for layer in layers} == {when == "after_annotating"}
    before = contents(made)
    again = steps(made, order[-1])
    assert isinstance(again["translate de"].result, TranslateReport)
    assert (again["translate de"].result.done.done, again["translate de"].result.done.failed_before) == (0, 1)
    assert contents(made) == before


def test_synthetic_records_are_made_once_and_stay_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = workspace(tmp_path, monkeypatch, generate=2, annotators=(), translate_to=())
    first = steps(made, "generate")
    assert isinstance(first["generate"].result, ImportReport)
    assert first["generate"].result.imported == 4  # in both languages, since nothing is translated
    with made.open_store() as store:
        generated = next(record.id for record in store.records() if record.source == "generated")
    curate("records", "delete", generated, "--reason", "not wanted", "--by", "anna", "--workspace", made.folder)
    with made.open_store() as store:
        records = store.count_records()
    assert steps(made, "generate")["generate"].unchanged
    with made.open_store() as store:
        assert store.count_records() == records


def test_synthetic_records_are_in_the_languages_that_are_not_translated_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = workspace(tmp_path, monkeypatch, generate=1, annotators=())
    steps(made, "generate")
    with made.open_store() as store:
        assert [record.language for record in store.records() if record.source == "generated"] == ["en"]


def test_what_is_not_configured_is_left_out_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = steps(workspace(tmp_path, monkeypatch, translate_to=()), "translate")
    assert (found["generate"].result, found["translate"].result) == (
        LeftOut("run.generate asks for no synthetic records"),
        LeftOut("run.translate_to names no language"),
    )


@pytest.mark.parametrize(
    ("translator", "said"),
    [("", "three ways to one"), ("llm:nobody", "nobody"), ("seq2seq:opus", "[translators.opus]"), ("rules", "rules")],
)
def test_a_translator_that_is_not_there_is_said_and_the_rest_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, translator: str, said: str
) -> None:
    made = workspace(tmp_path, monkeypatch, translate="before_annotating")
    config = made.folder / "curate.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('translator = "llm:m"', f'translator = "{translator}"'), encoding="utf-8")
    found = steps(Workspace.at(made.folder), "annotate rules")
    assert isinstance(left_out := found["translate de"].result, LeftOut)
    assert said in left_out.reason
    assert len(left_out.reason.splitlines()) == 1
    assert list(found)[-1] == "annotate rules"


def test_an_unknown_language_is_refused_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = workspace(tmp_path, monkeypatch, translate_to=("german",))
    with pytest.raises(UsageError, match=r"run\.translate_to: expected a language of"):
        steps(made, "import")
    with made.open_store() as store:
        assert not store.count_records()


@pytest.mark.expectations
def test_a_run_tells_what_was_translated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = workspace(tmp_path, monkeypatch)
    done = curate("run", "--workspace", made.folder, "--json")
    told = json.loads(done.stdout)
    assert told["counts"]["translate de"]["done"] == 2
    assert told["translations"]["translate de"]["carried"]["records"] == 2
    assert told["left_out"] == {"generate": "run.generate asks for no synthetic records"}
    assert "validate" in told["counts"], "a record that was not translated does not end the run"
    assert "failed 1, unchanged 0" in done.stderr


def test_two_words_say_when(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = workspace(tmp_path, monkeypatch)
    config = made.folder / "curate.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("[run]\n", '[run]\ntranslate = "before_annotation"\n'), encoding="utf-8")
    refused = curate("run", "--workspace", made.folder, code=1).stderr
    assert "did you mean before_annotating?" in refused
