"""Where a local model's files are, and what is not loaded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from curation.errors import UsageError
from curation.models.local import source
from curation.models.local.packaged import PACKAGED
from curation.models.local.settings import LocalModelSettings
from curation.models.local.source import adapter_revision, model_source


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "model"
    made.mkdir()
    for name, content in {"config.json": "{}", "tokenizer.json": "{}", "model.safetensors": "weights"}.items():
        (made / name).write_text(content, encoding="utf-8")
    return made


def test_a_folder_has_another_revision_once_a_file_of_it_is_another(folder):
    before = model_source(str(folder))
    assert (before.name, before.prepared()) == ("model", folder)
    assert model_source(str(folder)).revision == before.revision
    for name in ("config.json", "model.safetensors"):
        kept = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text('{"a": 1}', encoding="utf-8")
        assert model_source(str(folder)).revision != before.revision
        (folder / name).write_text(kept, encoding="utf-8")
    (folder / "chat_template.jinja").write_text("{{ messages }}", encoding="utf-8")
    assert model_source(str(folder)).revision != before.revision


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_folder_that_lacks_a_file_is_refused(name, folder):
    (folder / name).unlink()
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    with pytest.raises(UsageError, match=r"expected .*found none"):
        model_source(str(folder))


def test_settings_that_name_code_are_refused(folder):
    (folder / "config.json").write_text(json.dumps({"auto_map": {"AutoModel": "theirs.Model"}}), encoding="utf-8")
    with pytest.raises(UsageError, match="auto_map"):
        model_source(str(folder))


def test_a_name_of_the_hub_is_looked_for_on_this_machine_only():
    with pytest.raises(UsageError, match=r"on this machine.*--allow-download"):
        model_source("someone/some-model-that-is-not-there")


def test_a_gguf_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match="expected a GGUF file"):
        model_source(str(tmp_path / "model.gguf"))


def test_the_packaged_model_names_the_command_that_installs_it(monkeypatch):
    absent = PACKAGED["smollm2"].model_copy(update={"module": "not_installed_here"})
    monkeypatch.setattr(source, "PACKAGED", {"smollm2": absent})
    with pytest.raises(UsageError, match="curate models install smollm2"):
        model_source("smollm2")


@pytest.mark.parametrize("lacking", ["adapter_config.json", "adapter_model.safetensors"])
def test_an_adapter_that_lacks_a_file_is_refused(lacking, folder):
    for name in {"adapter_config.json", "adapter_model.safetensors"} - {lacking}:
        (folder / name).write_text("{}", encoding="utf-8")
    (folder / "adapter_model.bin").write_bytes(b"a pickle")
    with pytest.raises(UsageError, match=lacking):
        adapter_revision(folder)


def test_an_adapter_is_that_of_its_manifest(folder):
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        (folder / name).write_text("{}", encoding="utf-8")
    first = adapter_revision(folder)
    (folder / "clincurate.json").write_text(json.dumps({"weights_digest": "0" * 16}), encoding="utf-8")
    with pytest.raises(UsageError, match="digest"):
        adapter_revision(folder)
    (folder / "clincurate.json").unlink()
    (folder / "adapter_model.safetensors").write_text("other", encoding="utf-8")
    assert adapter_revision(folder) != first


@pytest.mark.parametrize(
    "wrong",
    [
        {"parameters": {"max_token": 3}},
        {"parameters": {"temperature": -1}},
        {"concurrency": 0},
        {"path": ""},
        {"url": "x"},
    ],
)
def test_settings_that_do_not_fit_are_refused(wrong):
    with pytest.raises(ValidationError):
        LocalModelSettings.model_validate({"path": "smollm2", **wrong})


def test_settings_are_read_from_a_file():
    settings = LocalModelSettings.model_validate({"kind": "local", "path": "smollm2", "adapter": "adapters/a"})
    assert (settings.adapter, settings.concurrency) == (Path("adapters/a"), 16)
