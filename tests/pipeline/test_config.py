import tomllib

import pytest

from curation.errors import ConfigError, UsageError
from pipeline.config import Config, commented_config, load_config, settings_rows
from pipeline.config_examples import EXAMPLES
from pipeline.workspace import Workspace


def config(tmp_path, text):
    path = tmp_path / "curate.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(path)


def test_a_missing_file_gives_the_defaults(tmp_path):
    assert load_config(tmp_path / "curate.toml") == Config()


def test_the_commented_file_says_every_key_and_changes_nothing(tmp_path):
    text = commented_config()
    assert config(tmp_path, text) == Config()
    for key, _, description in settings_rows():
        assert f"# {key.rpartition('.')[2]} = " in text
        assert description, key


def uncommented(line):
    is_example = line.startswith("# [models.") or (" = " in line and "(unset)" not in line)
    return line.removeprefix("# ") if is_example else line


def test_the_commented_lines_are_toml_once_their_mark_is_removed():
    text = "\n".join(uncommented(line) for line in commented_config().splitlines())
    loaded = Config.model_validate(tomllib.loads(text))
    defaults = {key: default for key, default, _ in settings_rows() if default is not None}
    assert {key: value for key, value, _ in settings_rows(loaded) if key in defaults} == defaults


def test_a_key_without_a_default_is_shown_with_an_example_that_fits():
    unset = {key for key, default, _ in settings_rows() if default is None}
    assert set(EXAMPLES) == unset
    text = "\n".join(uncommented(line) for line in commented_config().splitlines())
    found = {key: value for key, value, _ in settings_rows(Config.model_validate(tomllib.loads(text)))}
    assert all(found[key] is not None for key in unset)


def test_an_unset_key_without_its_mark_is_told_with_its_line(tmp_path):
    text = commented_config().replace("# url = (unset)", "url = (unset)", 1)
    line = text.splitlines().index("url = (unset)  # for example:") + 1
    with pytest.raises(ConfigError, match=rf"expected TOML, .*; line {line}: \(unset\) stands for no value"):
        config(tmp_path, text)


def test_overrides_stand_in_the_file(tmp_path):
    made = config(tmp_path, commented_config({"run.sources": ("a b", "c"), "curation.split.seed": 7}))
    assert (made.run.sources, made.curation.split.seed) == (("a b", "c"), 7)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[curation]\nbatchsize = 3", r"unknown key curation\.batchsize; did you mean curation\.batch_size\?"),
        ("[curation.split]\nsed = 3", r"unknown key curation\.split\.sed; did you mean curation\.split\.seed\?"),
        ("[zebra]\nx = 3", "unknown key zebra; known here are: curation, annotation, review"),
        ("[curation]\nbatch_size = 0", r"curation\.batch_size: .*greater than or equal to 1, got 0"),
        ("[curation.split]\ntrain = 0.5", r"expected train, validation and test to add up to 1, got 0\.7"),
        ("[curation", "expected TOML"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        config(tmp_path, text)


def test_a_workspace_is_made_once_and_not_overwritten(tmp_path):
    made = Workspace.make(tmp_path / "w", {"curation.split.seed": 3})
    Workspace.make(tmp_path / "w")
    assert Workspace.at(tmp_path / "w").config.curation.split.seed == 3
    assert made.scheme.name == "clinical-summary"
    assert made.store_url == f"sqlite:///{tmp_path / 'w' / 'records.db'}"


def test_a_folder_that_is_no_workspace_is_told(tmp_path):
    with pytest.raises(UsageError, match=r"found no curate\.toml; make one with: curate init"):
        Workspace.at(tmp_path)
