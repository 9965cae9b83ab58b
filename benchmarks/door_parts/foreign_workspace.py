"""A workspace from somebody else: what it names and would run; and what others on the machine can read."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from door_parts.attack import Attack
from door_parts.forked import curate_forked
from door_parts.listener import Listener

DOOR = "foreign workspace"
LETTERS = [{"id": str(number), "text": f"A {50 + number}-year-old woman came with fever."} for number in range(2)]
SECRET = "sk-of-the-user"


@dataclass
class Victim:
    """Who opens the workspace: with a folder of settings of their own, and one in which code leaves marks."""

    folder: Path
    marks: Path = field(init=False)

    def __post_init__(self) -> None:
        self.marks = self.folder / "marks"
        self.marks.mkdir(parents=True, exist_ok=True)

    def curate(self, *words: str) -> subprocess.CompletedProcess[str]:
        variables = {"XDG_CONFIG_HOME": str(self.folder / "config"), "CLINCURATE_LLM_KEY": SECRET}
        return curate_forked(*words, variables=variables)

    def code(self, name: str) -> str:
        """Python that leaves a mark."""
        return f"open({str(self.marks / name)!r}, 'w').close()\n"

    def program(self, name: str) -> str:
        """A program that leaves a mark."""
        return f"#!/bin/sh\ntouch {self.marks / name}\nexit 1\n"

    def was_run(self, name: str) -> bool:
        return (self.marks / name).exists()


def attacks(folder: Path, quick: bool) -> Iterator[Attack]:
    """Each thing that a workspace can name, tried on a copy of one workspace."""
    sender = Victim(folder / "sender")
    made = sender.folder / "w"
    (letters := folder / "letters.jsonl").write_text("".join(json.dumps(row) + "\n" for row in LETTERS), "utf-8")
    sender.curate("init", str(made))
    sender.curate("import", str(letters), "--language", "en", "--workspace", str(made))
    yield from _others(made, sender)
    if quick:
        _definitions(made)
    else:
        sender.curate("annotate", "--with", "rules", "--workspace", str(made))
        sender.curate("validate", "--workspace", str(made))
    victim = Victim(folder / "victim")
    for number, attempt in enumerate((*CONFIGURED, *([] if quick else SLOW), *PLACED)):
        copy = shutil.copytree(made, folder / f"sent-{number}", symlinks=True)
        yield attempt(copy, victim)
    yield from _names(made, sender)


def _definitions(made: Path) -> None:
    """The files of Great Expectations that the attacks change, as a validation leaves them, without its seconds."""
    for name in ("plugins", "expectations", "checkpoints", "uncommitted"):
        (made / "gx" / name).mkdir(parents=True, exist_ok=True)
    (made / "gx" / "expectations" / "curated.json").write_text('{"name": "curated", "expectations": []}', "utf-8")
    (made / "gx" / "great_expectations.yml").write_text(
        """config_version: 4.0
plugins_directory: plugins/
stores:
  expectations_store:
    class_name: ExpectationsStore
    store_backend: {class_name: TupleFilesystemStoreBackend, base_directory: expectations/,
      module_name: clincurate_expectations}
  validation_results_store: {class_name: ValidationResultsStore}
  checkpoint_store: {class_name: CheckpointStore}
  validation_definition_store: {class_name: ValidationDefinitionStore}
expectations_store_name: expectations_store
validation_results_store_name: validation_results_store
checkpoint_store_name: checkpoint_store
""",
        encoding="utf-8",
    )


def _configured(content: str, words: tuple[str, ...], tried: str) -> Callable[[Path, Victim], Attack]:
    """Settings that lead out of the workspace, and the command that would follow them."""

    def attempt(copy: Path, victim: Victim) -> Attack:
        outside = victim.folder / "outside"
        outside.mkdir(exist_ok=True)
        before = _state(outside)
        (copy / "curate.toml").write_text(content.format(outside=outside), encoding="utf-8")
        done = victim.curate(*words, "--workspace", str(copy))
        followed = done.returncode == 0 or _state(outside) != before
        return Attack(DOOR, tried, followed, _last(done))

    return attempt


#: By a setting: what the command does with it would be seen, or it ends with an error.
CONFIGURED = (
    _configured('[curation]\nscheme = "../sender/w/scheme.yaml"', ("status",), "a scheme outside"),
    _configured('[curation]\nstore = "sqlite:///{outside}/r.db"', ("status",), "a store outside"),
    _configured('[annotation.rules]\npatterns = "{outside}"', ("annotate", "--with", "rules"), "patterns outside"),
    _configured('[annotation.llm]\nprompt = "{outside}/p.jinja"', ("status",), "a prompt outside"),
    _configured('[run]\nsources = ["{outside}"]', ("status",), "sources outside"),
    _configured('[review]\nurl = "https://labels.example.org"', ("review", "status"), "a review server elsewhere"),
    _configured('[review]\nversion = "../../x"', ("review", "status"), "a version that is a path"),
    _configured(
        '[run]\nreview = false\nadapter = "../../x"\nset_name = "../x"', ("run",), "names that are paths, in a run"
    ),
)


def _environment(copy: Path, victim: Victim) -> Attack:
    program = copy / "env" / "bin" / "label-studio"
    program.parent.mkdir(parents=True)
    (copy / "env" / "clincurate-ready").write_text("1.23.2\n", encoding="utf-8")
    for path in (program, program.with_name("python")):
        path.write_text(victim.program("environment"), encoding="utf-8")
        path.chmod(0o755)
    (copy / "curate.toml").write_text(f'[review]\nenvironment = "{copy}/env"\nstart_timeout = 5\n', encoding="utf-8")
    victim.curate("trust", str(copy))
    done = victim.curate("review", "start", "--workspace", str(copy))
    return Attack(DOOR, "a server's environment inside, though allowed", victim.was_run("environment"), _last(done))


def _python(copy: Path, victim: Victim) -> Attack:
    (copy / "python").write_text(victim.program("python"), encoding="utf-8")
    (copy / "python").chmod(0o755)
    settings = f'[review]\npython = "{copy}/python"\nenvironment = "{victim.folder}/env"\nstart_timeout = 5\n'
    (copy / "curate.toml").write_text(settings, encoding="utf-8")
    victim.curate("trust", str(copy))
    done = victim.curate("review", "install", "--workspace", str(copy))
    return Attack(DOOR, "a Python inside, though allowed", victim.was_run("python"), _last(done))


def _module(copy: Path, victim: Victim) -> Attack:
    settings = copy / "gx" / "great_expectations.yml"
    (copy / "gx" / "plugins" / "evil.py").write_text(victim.code("module"), encoding="utf-8")
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("module_name: clincurate_expectations", "module_name: evil"), encoding="utf-8")
    done = victim.curate("validate", "--workspace", str(copy))
    return Attack(DOOR, "a module in the YAML of Great Expectations", victim.was_run("module"), _last(done))


def _plugin(copy: Path, victim: Victim) -> Attack:
    for name in ("pyspark", "polars", "IPython", "snowflake", "boto3"):
        (copy / "gx" / "plugins" / f"{name}.py").write_text(victim.code("plugin"), encoding="utf-8")
    done = victim.curate("validate", "--workspace", str(copy))
    return Attack(
        DOOR, "plugins with the names of libraries", victim.was_run("plugin") or not done.returncode, _last(done)
    )


def _condition(copy: Path, victim: Victim) -> Attack:
    suite = copy / "gx" / "expectations" / "curated.json"
    content = json.loads(suite.read_text(encoding="utf-8"))
    run = f'@pd.io.common.os.system("touch {victim.marks}/condition") == 0'
    kwargs = {"column": "entities", "min_value": 0, "row_condition": run, "condition_parser": "pandas"}
    content["expectations"].append({"type": "expect_column_values_to_be_between", "kwargs": kwargs, "meta": {}})
    suite.write_text(json.dumps(content), encoding="utf-8")
    done = victim.curate("validate", "--workspace", str(copy))
    return Attack(DOOR, "a row condition that is code", victim.was_run("condition"), _last(done))


def _trigger(copy: Path, victim: Victim) -> Attack:
    import sqlite3

    with sqlite3.connect(copy / "records.db") as database:
        database.execute("CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM decisions; END")
    database.close()
    done = victim.curate("status", "--workspace", str(copy))
    return Attack(DOOR, "a trigger in the database", done.returncode == 0, _last(done))


def _link(copy: Path, victim: Victim) -> Attack:
    target = victim.folder / "outside-of-links"
    target.mkdir(exist_ok=True)
    shutil.rmtree(copy / "runs")
    (copy / "runs").symlink_to(target)
    done = victim.curate("generate", "--records", "1", "--workspace", str(copy))
    return Attack(DOOR, "a folder that is a link out of the workspace", any(target.iterdir()), _last(done))


def _server_data(copy: Path, victim: Victim) -> Attack:
    data = copy / "label-studio" / "data"
    data.mkdir(parents=True)
    (data / ".env").write_text("SECRET_KEY=known\n", encoding="utf-8")
    environment = victim.folder / "fake-environment"
    program = environment / "bin" / "label-studio"
    program.parent.mkdir(parents=True, exist_ok=True)
    (environment / "clincurate-ready").write_text("1.23.2\n", encoding="utf-8")
    program.write_text(victim.program("server"), encoding="utf-8")
    program.chmod(0o755)
    done = curate_forked(
        *("review", "start", "--workspace", str(copy)),
        variables={"XDG_CONFIG_HOME": str(victim.folder / "config"), "CLINCURATE_LABEL_STUDIO_ENV": str(environment)},
    )
    return Attack(DOOR, "a server's data, secrets and settings", victim.was_run("server"), _last(done))


def _key(copy: Path, victim: Victim) -> Attack:
    with Listener() as listener:
        settings = f'[models.m]\nurls = ["{listener.url}/v1"]\nattempts = 1\n'
        (copy / "curate.toml").write_text(settings, encoding="utf-8")
        done = victim.curate("annotate", "--with", "llm:m", "--workspace", str(copy))
        return Attack(DOOR, "the user's key and texts, by an endpoint of its own", bool(listener.heard), _last(done))


PLACED = (_environment, _python, _module, _plugin, _condition, _trigger, _link, _server_data, _key)
SLOW = (
    _configured(
        '[annotation.few_shot]\nencoder = "evil/encoder"', ("annotate", "--with", "few-shot"), "an encoder to fetch"
    ),
    _configured(
        '[annotation.few_shot]\nexamples = "{outside}"', ("annotate", "--with", "few-shot"), "examples outside"
    ),
)


def _others(made: Path, sender: Victim) -> Iterator[Attack]:
    """What another user of the machine can read of a workspace, and whether it is said."""
    wide = [path for path in (made, *made.rglob("*")) if stat.S_IMODE(path.lstat().st_mode) & 0o077]
    yield Attack("others on the machine", "read a file of the workspace", bool(wide), f"{len(wide)} wide")
    (made / "records.db").chmod(0o644)
    said = sender.curate("doctor", "--mend", "--json", "--workspace", str(made)).stderr.strip()
    still = bool(stat.S_IMODE((made / "records.db").stat().st_mode) & 0o077)
    yield Attack("others on the machine", "read a database that was wide, after doctor --mend", still, said)


def _names(made: Path, sender: Victim) -> Iterator[Attack]:
    for name in ("../x", str(sender.folder / "x"), "..", "a/../../x", "-x", "x\n"):
        done = sender.curate("train", f"--name={name}", "--workspace", str(made))
        outside = (sender.folder / "x").exists() or (made / "x").exists()
        yield Attack("names", f"train --name={name!r}", outside or done.returncode == 0, _last(done))


def _state(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*"))


def _last(done: subprocess.CompletedProcess[str]) -> str:
    lines = done.stderr.strip().splitlines()
    return lines[-1][:200] if lines else f"exit code {done.returncode}"
