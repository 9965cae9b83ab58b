"""`curate retrieve`: which reviewed records a prompt would have as examples."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from command_line import curate, curate_json
from language_model_server import Reply, completion, language_model_server
from verdicts import given

from pipeline.workspace import Workspace

#: Reports of knees and of coughs, in words of their own.
TEXTS = {
    "knie-1": "Nach einem Sturz auf das Kniegelenk klagte sie über Knieschmerzen beim Treppensteigen.",
    "knie-2": "Ein Mann von 45 Jahren klagte nach einem Sturz über Knieschmerzen rechts.",
    "knie-3": "Nach einem Treppensturz war das Kniegelenk der Frau geschwollen.",
    "husten-1": "Seit einer Woche hatte der 33-jährige Raucher Husten und Fieber.",
    "husten-2": "Husten und Fieber mit Auswurf führten die Raucherin in die Praxis.",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with all of these in the training side of `cases`, and one record that is not in it."""
    folder = tmp_path_factory.mktemp("retrieve") / "w"
    curate("init", "--workspace", folder)
    (folder / "curate.toml").write_text("[curation.split]\ntrain = 1.0\nvalidation = 0\ntest = 0\n", encoding="utf-8")
    source = folder.with_suffix(".jsonl")
    rows = [{"id": id, "text": text} for id, text in TEXTS.items()]
    source.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    curate("import", source, "--language", "de", "--workspace", folder)
    curate("annotate", "--with", "rules", "--workspace", folder)
    with Workspace.at(folder).open_store() as store:
        store.decide(given(store.record_ids(), "rules"))
    curate("freeze", "--name", "cases", "--layer", "rules", "--workspace", folder)
    return folder


@pytest.fixture(autouse=True)
def without_multilingual(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.retrieval.has_multilingual", lambda: False)


def of(folder: Path, *names: str) -> list[str]:
    with Workspace.at(folder).open_store() as store:
        return [store.find_record(name) for name in names]


def test_the_examples_of_a_record_are_its_likes_and_not_itself(made: Path) -> None:
    found = curate_json("retrieve", "knie-1", "--number", "2", "--workspace", made)
    assert [example["id"] for example in found["examples"]] == found["ids"]
    assert set(found["ids"]) == set(of(made, "knie-2", "knie-3"))
    assert (found["set"], found["by"], found["strategy"]) == ("cases@1", "character n-grams", "nearest")
    assert found["record"] == of(made, "knie-1")[0]
    assert "Treppensturz" not in json.dumps(found)
    same = curate_json("retrieve", "show", "knie-1", "--number", "2", "--set", "cases@1", "--workspace", made)
    assert same == found


def test_the_run_says_what_neighbours_are_found_by(made: Path) -> None:
    done = curate("retrieve", "husten-1", "--workspace", made)
    assert "5 in de by character n-grams" in done.stderr
    assert "clincurate[multilingual]" in done.stderr
    assert "Auswurf" not in done.stdout + done.stderr


def test_texts_are_shown_when_they_are_asked_for(made: Path) -> None:
    assert "Auswurf" in curate("retrieve", "husten-1", "--text", "--number", "1", "--workspace", made).stdout
    (example,) = curate_json("retrieve", "husten-1", "--text", "--number", "1", "--workspace", made)["examples"]
    assert example["text"] == TEXTS["husten-2"]


def test_a_text_of_a_file_is_asked_about(made: Path, tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text("Der Mann hustete seit Tagen, trockener Husten mit Fieber.", encoding="utf-8")
    words = ("retrieve", "--text-file", file, "--language", "de", "--number", "2", "--workspace", made)
    assert set(curate_json(*words)["ids"]) == set(of(made, "husten-1", "husten-2"))
    # A text of the store is that record: it is no example of its own.
    file.write_text(TEXTS["husten-1"], encoding="utf-8")
    assert of(made, "husten-1")[0] not in curate_json(*words)["ids"]
    file.write_text("Un homme tousse.", encoding="utf-8")
    french = curate("retrieve", "--text-file", file, "--language", "fr", "--workspace", made)
    assert "no examples in fr" in french.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nobody"], "nobody"),
        (["show"], "a record or --text-file"),
        (["knie-1", "--set", "none"], "cases@1"),
        (["knie-1", "--language", "de"], "--text-file only"),
        (["--text-file", "{file}", "knie-1"], "one of the two"),
        (["--text-file", "{empty}"], "a text with words"),
        (["--text-file", "{latin}"], "UTF-8"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(made: Path, tmp_path: Path, words, says: str) -> None:
    files = {"file": "Ein Text.", "empty": " \n", "latin": "Jährlich"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content.encode("latin-1" if name == "latin" else "utf-8"))
    paths = {name: tmp_path / name for name in files}
    done = curate("retrieve", *(word.format(**paths) for word in words), "--workspace", made, code=2)
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_fixed_examples_that_are_named_stand_for_every_record(made: Path) -> None:
    chosen = of(made, "husten-2", "knie-3")
    config = made / "curate.toml"
    before = config.read_text(encoding="utf-8")
    listed = ", ".join(f'"{id}"' for id in chosen)
    config.write_text(
        before
        + f'[annotation.llm]\nexamples = "cases@1"\n[annotation.examples]\nstrategy = "fixed"\nids = [{listed}]\n'
    )
    try:
        assert curate_json("retrieve", "knie-1", "--workspace", made)["ids"] == chosen
        done = curate("retrieve", "knie-1", "--strategy", "nearest", "--workspace", made, code=2)
        assert "fixed" in done.stderr
    finally:
        config.write_text(before)


def test_without_a_set_the_command_says_how_to_make_one(tmp_path: Path) -> None:
    curate("init", "--workspace", tmp_path / "w")
    assert "curate freeze" in curate("retrieve", "x", "--workspace", tmp_path / "w", code=2).stderr


def test_prompts_have_the_examples_of_the_set_that_is_named(made: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(made, tmp_path / "w")
    asked: list[str] = []
    with language_model_server() as server:
        with (folder / "curate.toml").open("a", encoding="utf-8") as config:
            config.write(f'[models.m]\nurls = ["{server.url}"]\n[annotation.llm]\nprompt = "advanced"\n')

        def respond(body: dict[str, Any]) -> Reply:
            asked.append(json.dumps(body["messages"], ensure_ascii=False))
            return completion("{}")

        server.respond = respond
        curate("trust", folder)
        words = ("annotate", "--with", "llm", "--workspace", folder)
        curate(*words, "--examples", "cases@1", "--dry-run")
        assert asked == []
        curate(*words, "--examples", "cases@1", code=1)
    about = {name: [prompt for prompt in asked if _last(prompt, text)] for name, text in TEXTS.items()}
    # Each is asked about with others as examples, and never has itself as one.
    assert all(prompts and all(prompt.count(TEXTS[name]) == 1 for prompt in prompts) for name, prompts in about.items())
    assert all(any(other in prompt for name, other in TEXTS.items() if name != "knie-1") for prompt in about["knie-1"])


def _last(prompt: str, text: str) -> bool:
    """Whether the text is what a prompt asks about."""
    return text in json.loads(prompt)[1]["content"]


def test_examples_are_for_language_models_and_of_a_set_that_is_there(made: Path) -> None:
    refused = curate("annotate", "--with", "rules", "--examples", "cases", "--workspace", made, code=2)
    assert "expected a language model (llm:NAME) with --examples, got rules" in refused.stderr


def test_a_rendered_prompt_has_the_examples_that_go_out_with_it(made: Path) -> None:
    settings = made / "curate.toml"
    before = settings.read_text(encoding="utf-8")
    model = '[models.m]\nurls = "http://127.0.0.1:9/v1"\n'
    settings.write_text(f'{before}[annotation.llm]\nexamples = "cases@1"\n{model}', encoding="utf-8")
    try:
        planned = curate_json("annotate", "--with", "llm", "--layer", "m", "--dry-run", "--workspace", made)
        (rendered,) = curate_json("prompt", "render", planned["record"], "--workspace", made)["requests"]
    finally:
        settings.write_text(before, encoding="utf-8")
    assert rendered["messages"] == planned["prompt"]
    system, user = (message["content"] for message in rendered["messages"])
    assert sum(text in system for text in TEXTS.values()) > 0
    assert sum(text in user for text in TEXTS.values()) == 1
