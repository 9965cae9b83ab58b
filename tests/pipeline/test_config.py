import tomllib

import pytest

from curation.errors import ConfigError, UsageError
from pipeline.config import Config, commented_config, load_config, settings_rows, with_overrides
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
    is_example = line.startswith(("# [models.", "# [translators.")) or (" = " in line and "(unset)" not in line)
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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[translators.opus]\npath = 'm'\nbeam = 2",
            "unknown key translators.opus.beam; did you mean translators.opus.beams?",
        ),
        ("[translators.opus]\nbeams = 2", "translators.opus.path: Field required"),
        ("[translators.opus]\npath = 'm'\ndirections = ['english']", "expected two languages, such as en-de"),
        ("[translators.'a b']\npath = 'm'", "for translators, got 'a b'"),
        ("[translate]\nwith = 'seq2seq:opus'", "unknown key translate; a translator is a section [translators.NAME]"),
        ("[run]\ntranslate_to = 'de'", "run.translate_to: "),
        ("[run]\ngenerate = -1", "run.generate: "),
    ],
)
def test_what_is_not_understood_of_translators_is_said_with_what_to_write(tmp_path, text, said):
    with pytest.raises(ConfigError) as refused:
        config(tmp_path, text)
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_a_translator_is_a_section_with_a_name(tmp_path):
    found = config(
        tmp_path, "[translators.opus]\npath = 'm'\n[translators.\"nllb:600\"]\npath = 'n'\ncodes = { zh = 'zho_Hans' }"
    )
    assert {name: each.path for name, each in found.translators.items()} == {"opus": "m", "nllb:600": "n"}
    assert config(tmp_path, commented_config({"translators.opus.path": "m"})).translators["opus"].path == "m"


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
        ('[models.a]\nurl = "http://h/v1"', r"unknown key models\.a\.url; did you mean models\.a\.urls\?"),
        ('[models.a]\nmodel = "m"', r"models\.a\.urls: Field required"),
        ('[models.a]\nkind = "endpont"', r"models\.a: .*got 'endpont'; did you mean endpoint\?"),
        ("[models.a]\nkind = 3", r"models\.a: expected one of the kinds of models"),
        ('[models]\na = "m"', r"models\.a: expected a section \[models\.NAME\], got 'm'"),
        ("[models.a]\nurls = []", r"models\.a\.urls: "),
        ('[models.a]\nurls = "http://h/v1"\nprices = {inpt = 1}', r"unknown key models\.a\.prices\.inpt; did you mean"),
        ('[models."a b"]\nurls = "http://h/v1"', r"expected names of letters"),
        (
            '[models.a]\nkind = "local"\nurls = "http://h/v1"',
            r"unknown key models\.a\.urls; known here are: kind",
        ),
        ('[models.a]\nurls = ["http://h/v1", "http://127.0.0.1:1/v1"]', r"all on this machine or all elsewhere"),
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


def test_secrets_in_the_wrong_place_are_not_printed(tmp_path):
    for line in ('urls = "http://u:hunter2@h/v1"', 'proxy = "http://u:hunter2@h"', 'key_env = "sk-hunter2"'):
        with pytest.raises(ConfigError) as refused:
            config(tmp_path, f'[models.a]\nurls = "http://h/v1"\n{line}'.replace('urls = "http://h/v1"\nurls', "urls"))
        assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        '[models."a@b"]\nurls = "http://u:hunter2@h/v1"',
        '[models]\na = "http://u:hunter2@h/v1"',
        '[models.a]\nurls = "http://u:hunter2@h/v1/chat/completions"',
        '[models.a]\nurls = "http://h/v1"\nparameters = "hunter2"',
    ],
)
def test_secrets_in_sections_that_do_not_fit_are_not_printed(tmp_path, text):
    with pytest.raises(ConfigError) as refused:
        config(tmp_path, text)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('urls = "http://h/v1/chat/completions"', r"expected the base address, such as .*, without /chat/completions"),
        ('urls = "http://h/v1/chat/completions/"', "expected the base address"),
        *((f'urls = "http://h/v1"\n{key} = inf', rf"models\.a\.{key}: .*finite") for key in ("timeout", "backoff")),
        ('urls = "http://h/v1"\nprices = {input = inf, output = nan}', r"models\.a\.prices\.input: .*finite"),
        ('urls = "http://h/v1"\nprices = {input = -1, output = 1}', r"models\.a\.prices\.input: .*got -1"),
        ('urls = "http://h/v1"\nmodel = ""', r"models\.a\.model: .*at least 1 character"),
        *(
            (f'urls = "http://h/v1"\nparameters = {{{name} = 3}}', rf"models\.a\.parameters: .*got {name}: ")
            for name in ("model", "messages", "stream", "n")
        ),
        ('urls = "http://h/v1"\nkind = 3', r"models\.a: expected one of the kinds of models in the key kind, got 3"),
    ],
)
def test_what_no_model_can_be_asked_with_is_named(tmp_path, line, message):
    with pytest.raises(ConfigError, match=message):
        config(tmp_path, f"[models.a]\n{line}")


OLD = """[annotation.llm]
url = "http://127.0.0.1:8000/v1"
model = "qwen3:8b"
timeout = 7.0
parameters = {temperature = 1}
fuzzy = 0.9
"""


def test_keys_of_before_are_read_as_a_section_and_what_to_write_is_shown(tmp_path):
    said = []
    (tmp_path / "curate.toml").write_text(OLD, encoding="utf-8")
    found = load_config(tmp_path / "curate.toml", notify=said.append)
    model = found.models["qwen3:8b"]
    assert (model.urls, model.model, model.timeout) == (("http://127.0.0.1:8000/v1",), "qwen3:8b", 7.0)
    assert (model.parameters, model.concurrency) == ({"temperature": 1}, 4)
    assert (found.annotation.llm.model, found.annotation.llm.fuzzy) == ("qwen3:8b", 0.9)
    assert "url, parameters, timeout of [annotation.llm] have moved" in said[0]
    assert config(tmp_path, "\n".join(said[2:])) == found


def test_keys_of_before_that_make_no_model_are_said_too(tmp_path):
    for content, lacks in (('url = "http://127.0.0.1:1/v1"', "no name"), ("concurrency = 3", "no address")):
        said = []
        (tmp_path / "curate.toml").write_text(f"[annotation.llm]\n{content}", encoding="utf-8")
        found = load_config(tmp_path / "curate.toml", notify=said.append)
        assert found.models == {}
        assert lacks in said[1]
        # An address that is not used is no reason to ask the packaged model in its place.
        assert found.annotation.llm.model == ("NAME" if lacks == "no name" else None)
    with pytest.raises(ConfigError, match=r"expected one model qwen3:8b, got it from \[annotation.llm\] and from"):
        config(tmp_path, OLD + '[models."qwen3:8b"]\nurls = "http://h/v1"')
    with pytest.raises(ConfigError, match=r"annotation\.llm\.url; it has moved to a section \[models\.NAME\]"):
        with_overrides(Config(), ["annotation.llm.url=http://h/v1"])


def test_a_model_can_be_set_and_changed_key_by_key():
    made = with_overrides(Config(), ["models.a.urls=http://h/v1", "models.a.timeout=3", 'models."b.1".kind=local'])
    assert (made.models["a"].timeout, made.models["b.1"].kind) == (3.0, "local")
    changed = with_overrides(made, ["models.a.prices.input=1", "models.a.prices.output=2", "models.a.timeout=4"])
    assert (changed.models["a"].prices.output, changed.models["a"].timeout) == (2, 4.0)
    with pytest.raises(ConfigError, match=r"unknown key models\.a\.time_out; did you mean models\.a\.timeout\?"):
        with_overrides(made, ["models.a.time_out=3"])


def test_a_new_workspace_has_the_models_that_it_was_made_with(tmp_path):
    made = config(tmp_path, commented_config({"models.a.urls": ("http://h/v1",), 'models."b.1".kind': "local"}))
    assert (set(made.models), made.models["a"].urls) == ({"a", "b.1"}, ("http://h/v1",))
    with pytest.raises(ConfigError, match=r"unknown key run\.setname; did you mean run\.set_name"):
        commented_config({"run.setname": "x"})
