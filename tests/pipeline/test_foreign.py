"""A workspace from somebody else reads, runs and sends nothing outside of itself until its user allows it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import command_line
import pytest
from pydantic import BaseModel

from curation.errors import ConfigError, CurateError
from curation.trusted import known_workspace
from pipeline.config import Config, load_config
from pipeline.foreign import PATHS, check_server_data, names_outside
from pipeline.workspace import Workspace


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A workspace that was made here."""
    return Workspace.make(tmp_path / "w").folder


@pytest.fixture
def foreign(own: Path, tmp_path: Path) -> Path:
    """A copy of it, as somebody else would have sent it."""
    return shutil.copytree(own, tmp_path / "foreign")


def configure(folder: Path, content: str) -> Workspace:
    (folder / "curate.toml").write_text(content, encoding="utf-8")
    return Workspace.at(folder)


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ('[curation]\nscheme = "../scheme.yaml"', "curation.scheme"),
        ('[curation]\nscheme = "/srv/scheme.yaml"', "curation.scheme"),
        ('[curation]\nstore = "sqlite:////srv/records.db"', "curation.store"),
        ('[curation]\nstore = "sqlite:///../records.db"', "curation.store"),
        ('[curation]\nstore = "sqlite:///file:records.db?uri=true"', "curation.store"),
        ('[curation]\nstore = "postgresql+psycopg://me@db.example.org/d"', "curation.store"),
        ('[curation]\nstore = "postgresql+psycopg:///d?host=db.example.org"', "curation.store"),
        ('[curation]\nstore = "postgresql+psycopg:///d?host=localhost,db.example.org"', "curation.store"),
        ('[curation]\nstore = "postgresql+psycopg:///d?service=x"', "curation.store"),
        ('[curation]\nstore = "postgresql+psycopg:///d?passfile=/srv/x"', "curation.store"),
        ('[annotation.rules]\npatterns = "/srv/patterns"', "annotation.rules.patterns"),
        ('[annotation.few_shot]\nexamples = "../examples"', "annotation.few_shot.examples"),
        ('[annotation.few_shot]\nencoder = "/srv/model"', "annotation.few_shot.encoder"),
        ('[annotation.adapter]\npath = "/srv/adapter"', "annotation.adapter.path"),
        ('[curation.scoring.bertscore]\nencoder = "/srv/model"', "curation.scoring.bertscore.encoder"),
        ('[curation.scoring.bertscore]\nencoder = "../model"', "curation.scoring.bertscore.encoder"),
        ('[curation.scoring.bertscore]\nbaselines = {de = "/srv/de.tsv"}', "curation.scoring.bertscore.baselines"),
        ('[curation.scoring.bertscore]\nbaselines = {de = "../de.tsv"}', "curation.scoring.bertscore.baselines"),
        ('[annotation.llm]\nprompt = "../extract.v1"', "annotation.llm.prompt"),
        ('[annotation.llm]\nprompt = "/srv/mine.jinja"', "annotation.llm.prompt"),
        ('[annotation.llm]\nurl = "https://models.example.org/v1"\nmodel = "m"', "models.m.urls"),
        ('[models.m]\nurls = ["https://models.example.org/v1", "https://two.example.org/v1"]', "models.m.urls"),
        ('[models.m]\nurls = "http://127.0.0.1:1/v1"\nproxy = "http://proxy.example.org:1"', "models.m.proxy"),
        ('[models.m]\nurls = "http://127.0.0.1:1/v1"\nca_bundle = "inside.pem"', "models.m.ca_bundle"),
        ('[models.m]\nurls = "http://127.0.0.1:1/v1"\ntokenizer = "/srv/tokenizer.json"', "models.m.tokenizer"),
        ('[models.m]\nurls = "http://127.0.0.1:1/v1"\nkey_env = "AWS_SECRET_ACCESS_KEY"', "models.m.key_env"),
        ('[models.m]\nkind = "scripted"\nscript = "../answers.jsonl"', "models.m.script"),
        ('[models.m]\nkind = "local"\npath = "/srv/model"', "models.m.path"),
        ('[models.m]\nkind = "local"\npath = "../model.gguf"', "models.m.path"),
        ('[models.m]\nkind = "local"\nadapter = "/srv/adapter"', "models.m.adapter"),
        ('[translators.t]\npath = "/srv/model"', "translators.t.path"),
        ('[translators.t]\npath = "../model"', "translators.t.path"),
        ('[curation.translate]\nglossary = "/srv/glossary.yaml"', "curation.translate.glossary"),
        ('[curation.translate]\nglossary = "../glossary.yaml"', "curation.translate.glossary"),
        ('[curation.translate]\nprompt = "/srv/mine.jinja"', "curation.translate.prompt"),
        ('[curation.translate]\nmention_prompt = "../mine.jinja"', "curation.translate.mention_prompt"),
        ('[curation.judge]\nprompt = "/srv/mine.jinja"', "curation.judge.prompt"),
        ('[validation.boundaries]\nfile = "/srv/boundaries.yaml"', "validation.boundaries.file"),
        ('[validation.similarity]\nencoder = "../model"', "validation.similarity.encoder"),
        (
            '[validation.privacy]\nrecognisers = [{kind = "transformers", path = "/srv/m", labels = {}}]',
            "validation.privacy.recognisers",
        ),
        ('[training]\nbase_model = "/srv/base"', "training.base_model"),
        ('[training]\nquestions = "/srv/questions.yaml"', "training.questions"),
        ('[training]\nquestions = "../questions.yaml"', "training.questions"),
        ('[exports]\nprompt = "../prompt.txt"', "exports.prompt"),
        ('[review]\nurl = "https://labels.example.org"', "review.url"),
        ('[review]\ndatabase = "postgresql://me@db.example.org/d"', "review.database"),
        ('[review]\nenvironment = "/srv/label-studio"', "review.environment"),
        ('[review]\npython = "/srv/python"', "review.python"),
        ('[review]\npython = "rm"', "review.python"),
        ('[review.backend]\nannotator = "adapter:/srv/adapter"', "an annotator"),
        ('[review.backend]\nhost = "0.0.0.0"', "review.backend.host"),
        ('[review.backend]\naddress = "http://evil.example.org:9090"', "review.backend.address"),
        ('[review.watch]\naddress = "http://evil.example.org/hints"', "review.watch.address"),
        ('[run]\nannotators = ["adapter:../adapter"]', "an annotator"),
    ],
)
def test_what_leads_out_is_refused_until_it_is_allowed(own: Path, content: str, key: str) -> None:
    workspace = configure(own, content)
    with pytest.raises(ConfigError, match="curate trust") as refused:
        workspace.config  # noqa: B018
    assert key in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1 or key == "review.python"
    if not (key == "review.python" and "rm" in content):
        command_line.curate("trust", own)
        assert Workspace.at(own).config == workspace.settings


@pytest.mark.parametrize(
    "content",
    [
        '[annotation.llm]\nurl = "http://127.0.0.1:8000/v1"\nmodel = "m"',
        '[models.m]\nurls = ["http://127.0.0.1:8000/v1", "http://[::1]:8000/v1"]',
        '[review]\nurl = "http://localhost:8080"',
        '[run]\nsources = ["/srv/letters"]',
        '[run]\nmapping = "/srv/mapping.yaml"',
        '[curation]\nstore = "postgresql+psycopg://me@127.0.0.1/d"',
        '[review]\nversion = "1.20.0"',
    ],
)
def test_what_stays_on_this_machine_is_for_workspaces_that_were_made_here(
    own: Path, foreign: Path, content: str
) -> None:
    assert configure(own, content).config
    with pytest.raises(ConfigError, match="curate trust"):
        configure(foreign, content).config  # noqa: B018
    command_line.curate("trust", foreign)
    assert Workspace.at(foreign).config


@pytest.mark.parametrize(
    "content",
    [
        "",
        '[annotation.few_shot]\nencoder = "sentence-transformers/all-MiniLM-L12-v2"',
        '[annotation.llm]\nprompt = "naive"',
        '[annotation.llm]\nprompt = "classify.v1"',
        '[models.m]\nkind = "scripted"\nscript = "answers.jsonl"',
        '[models.m]\nkind = "local"\npath = "org/model"',
        '[models.m]\nkind = "local"\npath = "model.gguf"\nadapter = "adapters/mine"',
        '[training]\nbase_model = "org/encoder"',
        '[translators.t]\npath = "Helsinki-NLP/opus-mt-en-de"',
        '[translators.t]\npath = "models/opus"',
        '[translators.t]\npath = "opus"',
        '[curation.translate]\nprompt = "translate"\nmention_prompt = "mention.v1"\nglossary = "terms/de.yaml"',
        '[review]\npython = "python3"',
        '[run]\nsources = ["sample"]\nmapping = "cell"',
        '[curation]\nstore = "sqlite:///data.db"',
        '[run]\nsources = ["letters"]\nannotators = ["adapter:mine", "llm:m"]',
    ],
)
def test_names_and_what_is_inside_are_taken_in_any_workspace(foreign: Path, content: str) -> None:
    assert configure(foreign, content).config


def test_a_translator_and_the_terms_of_the_workspace_are_its_own_wherever_the_command_runs(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (own / "opus").mkdir()
    (tmp_path / "glossary.yaml").write_text("- {source: fever, target: Fieber}", encoding="utf-8")
    config = configure(own, '[translators.t]\npath = "opus"').config
    assert Path(config.translators["t"].path) == own / "opus"
    (tmp_path / "opus").mkdir()
    with pytest.raises(ConfigError, match=r"translators\.t\.path"):
        configure(own, '[translators.t]\npath = "opus"').config  # noqa: B018


@pytest.mark.parametrize("key", ["environment", "python"])
@pytest.mark.parametrize("value", ["env", "./env", "sub/../env"])
def test_a_program_inside_is_never_run(own: Path, monkeypatch: pytest.MonkeyPatch, key: str, value: str) -> None:
    (own / "env").mkdir()
    (own / "sub").mkdir()
    workspace = configure(own, f'[review]\n{key} = "{value}"')
    command_line.curate("trust", own)
    with pytest.raises(ConfigError, match="a workspace brings no programs"):
        workspace.config  # noqa: B018
    monkeypatch.chdir(own)
    with pytest.raises(ConfigError, match="a workspace brings no programs"):
        Workspace.at(Path()).config  # noqa: B018


@pytest.mark.parametrize("version", ["../../../tmp/evil", "1.2 --index-url x", "", "1.23.2\n"])
def test_a_version_is_no_path(own: Path, version: str) -> None:
    with pytest.raises(ConfigError, match=r"review\.version"):
        configure(own, f"[review]\nversion = {version!r}".replace("'", '"')).config  # noqa: B018


def test_links_that_lead_out_are_refused(own: Path, tmp_path: Path) -> None:
    (own / "reports").mkdir()
    (own / "reports" / "inside").symlink_to(own / "scheme.yaml")
    (own / "label-studio").mkdir()
    (own / "label-studio" / "data").symlink_to(tmp_path)
    assert Workspace.at(own).config
    (own / "reports" / "validation").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="the link reports/validation"):
        Workspace.at(own).config  # noqa: B018
    command_line.curate("trust", own)
    assert Workspace.at(own).config


def test_server_data_elsewhere_is_for_workspaces_of_ours(own: Path, tmp_path: Path) -> None:
    (own / "label-studio").symlink_to(tmp_path)
    assert Workspace.at(own).config
    sent = shutil.copytree(own, tmp_path / "sent", symlinks=True)
    with pytest.raises(ConfigError, match="the link label-studio"):
        Workspace.at(sent).config  # noqa: B018


@pytest.mark.parametrize("value", ["[" * 100_000, "{a=" * 100_000, "1" * 5_000, "'x"])
def test_settings_that_cannot_be_read_are_one_line(own: Path, value: str) -> None:
    (own / "curate.toml").write_text(f"a = {value}", encoding="utf-8")
    with pytest.raises(ConfigError, match="expected TOML"):
        Workspace.at(own).config  # noqa: B018


@pytest.mark.parametrize("name", ["scheme.yaml", "records.db", "vectors.db", "gx/great_expectations.yml"])
def test_a_pipe_is_refused_before_anything_waits_for_it(own: Path, name: str) -> None:
    (own / name).parent.mkdir(exist_ok=True)
    (own / name).unlink(missing_ok=True)
    os.mkfifo(own / name)
    with pytest.raises(ConfigError, match=f"got a pipe or a device at .*{name}"):
        Workspace.at(own).config  # noqa: B018


@pytest.mark.parametrize("value", ["a\\u0000b", "loop/x", "x" * 5000])
@pytest.mark.parametrize("key", ["annotation.rules.patterns", "curation.scheme", "review.python", "run.mapping"])
def test_what_is_no_path_is_one_line(own: Path, key: str, value: str) -> None:
    (own / "loop").symlink_to(own / "loop")
    section, _, name = key.rpartition(".")
    (own / "curate.toml").write_text(f'[{section}]\n{name} = "{value}"', encoding="utf-8")
    with pytest.raises(CurateError) as refused:
        Workspace.at(own).config  # noqa: B018
    assert len(str(refused.value).splitlines()) == 1


def test_what_was_said_when_it_was_made_is_allowed(tmp_path: Path) -> None:
    outside = tmp_path / "patterns"
    made = Workspace.make(tmp_path / "w", {"annotation.rules.patterns": str(outside)})
    assert Workspace.at(made.folder).config.annotation.rules.patterns == outside
    with pytest.raises(ConfigError, match="few_shot"):
        configure(made.folder, f'[annotation.few_shot]\nexamples = "{tmp_path}/other"').config  # noqa: B018


def test_settings_that_were_there_before_do_not_count_as_made_here(tmp_path: Path) -> None:
    for brought in ("curate.toml", "records.db"):
        folder = tmp_path / brought.replace(".", "-")
        folder.mkdir()
        (folder / brought).touch()
        Workspace.make(folder)
        assert known_workspace(folder) is None


def test_a_relative_path_is_the_workspaces_where_nothing_stands_here(own: Path, tmp_path, monkeypatch) -> None:
    (own / "patterns").mkdir()
    workspace = configure(own, '[annotation.rules]\npatterns = "patterns"')
    assert workspace.config.annotation.rules.patterns == own / "patterns"
    (tmp_path / "cwd" / "patterns").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "cwd")
    with pytest.raises(ConfigError, match=r"annotation\.rules\.patterns"):
        Workspace.at(own).config  # noqa: B018


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ('[training]\nquestions = "questions.yaml"', "training.questions"),
        ('[exports]\nprompt = "prompt.txt"', "exports.prompt"),
    ],
)
def test_a_file_of_the_workspace_is_found_from_anywhere(own: Path, content: str, key: str) -> None:
    file = own / content.split('"')[1]
    file.touch()
    section, _, name = key.partition(".")
    assert Path(getattr(getattr(configure(own, content).config, section), name)) == file


def path_keys(model: type[BaseModel], before: str = "") -> Iterator[str]:
    """The dotted keys of a section whose values are paths."""
    for name, field in model.model_fields.items():
        kinds = (field.annotation, *get_args(field.annotation))
        if Path in kinds:
            yield before + name
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from path_keys(kind, f"{before}{name}.")


def test_no_key_that_is_a_path_is_passed_over() -> None:
    assert set(path_keys(Config)) - set(PATHS) == {"review.environment"}  # a program, which is looked at as one


def test_a_server_begins_only_on_data_that_was_made_here(own: Path, foreign: Path) -> None:
    for folder in (own, foreign):
        check_server_data(folder)
        (folder / "label-studio" / "data").mkdir(parents=True)
    check_server_data(own)
    with pytest.raises(ConfigError, match="made on this machine"):
        check_server_data(foreign)


def test_folders_and_hosts_are_allowed_for_every_workspace(own: Path, tmp_path: Path) -> None:
    (tmp_path / "srv").mkdir()
    content = f'[annotation.rules]\npatterns = "{tmp_path}/srv/p"\n[models.m]\nurls = "https://m.example.org/v1"'
    workspace = configure(own, content)
    assert [named.name for named in names_outside(own, load_config(own / "curate.toml"))] == [
        f"{tmp_path}/srv/p",
        "m.example.org",
    ]
    command_line.curate("trust", tmp_path / "srv", "https://m.example.org/v1")
    assert replace(workspace).config
    listed = command_line.curate_json("trust")
    assert (listed["folders"], listed["hosts"]) == ([f"{tmp_path}/srv"], ["m.example.org"])
    assert {entry["folder"] for entry in listed["workspaces"]} == {str(own)}
    command_line.curate("trust", "--take-back", "m.example.org")
    with pytest.raises(ConfigError, match=r"models\.m\.urls \(m\.example\.org\)"):
        replace(workspace).config  # noqa: B018


@pytest.mark.parametrize("word", ["nowhere", "/", "", "https://"])
def test_what_cannot_be_allowed_is_one_line(word: str) -> None:
    assert len(command_line.curate("trust", word, code=2).stderr.splitlines()) == 1


def test_a_secret_goes_to_the_host_that_it_was_allowed_for_and_to_no_other(own: Path, tmp_path, monkeypatch) -> None:
    content = '[models.m]\nurls = "https://api.example.org/v1"\nkey_env = "AN_API_KEY"'
    configure(own, content)
    command_line.curate("trust", own)
    assert Workspace.at(own).config
    command_line.curate("trust", "https://other.example.org")
    with pytest.raises(ConfigError, match=r"models\.m\.key_env \(AN_API_KEY for other\.example\.org\)"):
        configure(own, content.replace("api.", "other.")).config  # noqa: B018
    with pytest.raises(ConfigError, match=r"models\.m\.key_env \(ANOTHER_KEY for api\.example\.org\)"):
        configure(own, content.replace("AN_API_KEY", "ANOTHER_KEY")).config  # noqa: B018
    monkeypatch.setenv("AN_API_KEY_HOST", "other.example.org")
    assert configure(own, content.replace("api.", "other.")).config


def test_a_model_in_a_folder_of_the_workspace_is_found_from_anywhere(own: Path) -> None:
    (own / "models" / "small").mkdir(parents=True)
    for name in ("models/small", "./models/small"):
        assert configure(own, f'[models.m]\nkind = "local"\npath = "{name}"').config.models["m"].path == str(
            own / "models" / "small"
        )


def test_what_was_not_allowed_cannot_be_taken_back(own: Path) -> None:
    assert "see them with `curate trust`" in command_line.curate("trust", "--take-back", "x.org", code=2).stderr
    assert "what to take back" in command_line.curate("trust", "--take-back", code=2).stderr
    command_line.curate("trust", "--take-back", own)
    assert command_line.curate_json("trust") == {"workspaces": [], "folders": [], "hosts": []}
