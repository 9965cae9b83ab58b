"""curate.toml: one file whose sections are the folders; unknown keys are errors that name the nearest."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from pydantic import BaseModel, Field, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo

from annotation.review_settings import ReviewSettings
from annotation.settings import AnnotationSettings
from curation.author import AuthorKind, layer_name
from curation.decision import Verdict
from curation.errors import ConfigError, no_such
from curation.models.settings import KINDS, NAME, ModelSettings, kind_of_section
from curation.printable import printable
from curation.record import Frozen
from curation.settings import CurationSettings
from curation.translate.seq2seq.settings import Seq2SeqSettings
from exports.settings import ExportSettings
from pipeline.config_examples import EXAMPLE_MODELS, EXAMPLE_TRANSLATORS, EXAMPLES
from pipeline.config_migration import MOVED, migrated
from pipeline.progress import Notify, not_notified
from pipeline.toml_text import toml_key, toml_value
from training.settings import TrainingSettings
from validation.settings import ValidationSettings

CONFIG_FILE = "curate.toml"
#: The words that a key may have, in a message of pydantic.
QUOTED = re.compile(r"'([^']+)'")
#: The parts of a dotted key, each bare or in quotes.
PARTS = re.compile(r'"((?:[^"\\]|\\.)*)"|([^.]+)')
#: Keys whose value may hold a secret that does not belong there: it is not quoted.
UNQUOTED = frozenset({"url", "urls", "proxy", "key_env", "parameters", "database", "store"})

#: Sections that have names of their own.
NAMED_SECTIONS = ("models", "translators")
#: Keys that may be looked for elsewhere, and what to say.
ELSEWHERE = {
    "translate": "a translator is a section [translators.NAME], the usual one is curation.translate.translator, and "
    "how language models translate stands in [curation.translate]",
}
SectionT = TypeVar("SectionT", bound=BaseModel)

#: Stands for no value in the file that `curate init` writes; TOML has no word for that.
UNSET = "(unset)"


class RunSettings(Frozen):
    """What `curate run` does, in this order."""

    sources: tuple[str, ...] = Field((), description="What to import: files, folders or data set names.")
    format: str = Field("auto", description="The format of the sources.")
    mapping: str | None = Field(None, description="A mapping file, or the name of one that is shipped.")
    language: str | None = Field(None, description="The sources' language, where their rows do not say it.")
    generate: int = Field(0, description="Synthetic cases to make, after the import; 0 makes none.", ge=0)
    generate_languages: tuple[str, ...] = Field(
        (),
        description="The languages that each case is told in; unset, those of the generator that are not in "
        "run.translate_to, or all of them where none is left.",
    )
    translate_to: tuple[str, ...] = Field(
        (),
        description="Languages that records are translated into, by the translator of curation.translate.translator.",
    )
    translate: Literal["before_annotating", "after_annotating"] = Field(
        "after_annotating",
        description="before_annotating: what is imported or generated is translated with its layers, and annotators "
        "read each language for themselves. after_annotating: their layers travel too, and they do not read what was "
        "translated.",
    )
    annotators: tuple[str, ...] = Field(
        (layer_name(AuthorKind.RULES),),
        description="Who annotates before review: rules, few-shot, adapter:PATH, llm:MODEL.",
    )
    review: bool = Field(True, description="Whether to start Label Studio, push, and pull what is there.")
    layer: str | None = Field(
        None,
        description="The layer to freeze and to train on, such as human:anna; unset, the first that a record has of "
        "gold, consensus, and what people said in review.",
    )
    verdicts: tuple[Verdict, ...] = Field(
        (Verdict.ACCEPTED,), description="Records with these verdicts are frozen: accepted, needs_review."
    )
    set_name: str = Field("curated", description="The name of the curated set.")
    adapter: str = Field("adapter", description="The name of the adapter that is trained.")


class Config(Frozen):
    """All settings."""

    curation: CurationSettings = Field(default_factory=CurationSettings, description="Records and sets.")
    annotation: AnnotationSettings = Field(default_factory=AnnotationSettings, description="Who annotates.")
    review: ReviewSettings = Field(default_factory=ReviewSettings, description="Review in Label Studio.")
    validation: ValidationSettings = Field(default_factory=ValidationSettings, description="What is checked.")
    training: TrainingSettings = Field(default_factory=TrainingSettings, description="How adapters are trained.")
    exports: ExportSettings = Field(default_factory=ExportSettings, description="What is written for others.")
    run: RunSettings = Field(default_factory=RunSettings, description="What `curate run` does.")
    models: dict[str, ModelSettings] = Field(
        default_factory=dict, description="Language models by their names: `llm:NAME` is asked wherever one is named."
    )

    translators: dict[str, Seq2SeqSettings] = Field(
        default_factory=dict,
        description="Sequence-to-sequence translators by their names: `seq2seq:NAME` is asked wherever one is named.",
    )

    @field_validator("models", "translators")
    @classmethod
    def _have_names(cls, sections: dict[str, SectionT], info: ValidationInfo) -> dict[str, SectionT]:
        for name in sections:
            if not NAME.fullmatch(name):
                raise ValueError(f"expected names of letters, digits and . : / + - for {info.field_name}, got {name!r}")
        return sections


def load_config(path: Path, *, notify: Notify = not_notified) -> Config:
    """The settings in a TOML file; a file that is not there gives the defaults.

    notify: called with the lines that say what to write in place of keys of before. Raises ConfigError naming each key
    that does not fit, and the nearest one to an unknown key.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Config()
    except (ValueError, RecursionError) as error:  # too deep, and numbers of thousands of digits, too
        raise ConfigError(f"{path}: expected TOML, {error}{_unset_hint(path)}") from error
    content, lines = migrated(content)
    try:
        config = Config.model_validate(content)
    except ValidationError as error:
        raise ConfigError("\n".join(f"{path}: {printable(line)}" for line in _explain(error))) from error
    for line in lines:
        notify(printable(line))
    return config


def _unset_hint(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    open_ones = [number for number, line in enumerate(lines, 1) if re.match(rf"[^#]*= *{re.escape(UNSET)}", line)]
    return f"; line {open_ones[0]}: {UNSET} stands for no value, put the # back or write one" if open_ones else ""


def with_overrides(config: Config, changes: Sequence[str]) -> Config:
    """The settings with some changed, each written as SECTION.KEY=VALUE, the value as in TOML.

    Raises ConfigError as for a file that says so.
    """
    content = config.model_dump()
    for change in changes:
        key, equals, value = change.partition("=")
        if not equals:
            raise ConfigError(f"expected SECTION.KEY=VALUE, got {change!r}")
        *parents, name = key_parts(key.strip())
        section = content
        for parent in parents:
            if section.get(parent) is None:
                section[parent] = {}
            section = section[parent]
            if not isinstance(section, dict):
                raise ConfigError(f"expected a section at {parent} of {key.strip()}, it is a key with a value")
        section[name] = _toml(value.strip())
    return _validated(content)


def with_sections(config: Config, sections: Mapping[str, Any]) -> Config:
    """The settings with those of some sections in the place of theirs. Raises ConfigError as for a file."""
    content = config.model_dump(exclude_unset=True)  # a default is no setting that somebody chose
    _merge(content, sections)
    return _validated(content)


def _merge(content: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        if isinstance(value, Mapping) and isinstance(content.get(key), dict):
            _merge(content[key], value)
        else:
            content[key] = value


def _validated(content: Mapping[str, Any]) -> Config:
    try:
        return Config.model_validate(content)
    except ValidationError as error:
        raise ConfigError("\n".join(map(printable, _explain(error)))) from error


def key_parts(key: str) -> tuple[str, ...]:
    """The parts of a dotted key; a part with dots stands in quotes, as in TOML."""
    return tuple(json.loads(f'"{quoted}"') if quoted else bare for quoted, bare in PARTS.findall(key))


def _toml(value: str) -> Any:
    """A value as TOML reads it; what TOML cannot read is words."""
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except (ValueError, RecursionError):
        return value


def _explain(error: ValidationError) -> Iterator[str]:
    for problem in error.errors():
        location = [str(part) for part in problem["loc"]]
        kind = location.pop(2) if location[0] == "models" and len(location) > 2 else None
        key = ".".join(location)
        if problem["type"] == "extra_forbidden":
            yield f"unknown key {key}; {_nearest(location, kind)}"
        elif problem["type"] == "union_tag_invalid":
            yield f"{key}: {_no_kind(problem['input'])}"
        elif UNQUOTED & {*location} or location == ["models"]:
            yield f"{key}: {_in_words(problem['msg'])}"
        else:
            yield f"{key}: {_in_words(problem['msg'])}, got {problem['input']!r}{_meant(problem)}"


def _in_words(message: str) -> str:
    """What pydantic says of a value, as our other errors say it."""
    message = re.sub("^Input should be (greater|less|a multiple)", r"expected a number \1", message)
    return (
        message.removeprefix("Value error, ")
        .replace("Input should be", "expected")
        .replace("Input should have", "expected")
    )


def _no_kind(section: object) -> str:
    if not isinstance(section, Mapping):
        # An address may hold a password.
        shown = "an address" if re.search("://|@", str(section)) else repr(section)
        return f"expected a section [models.NAME], got {shown}"
    kind = section.get("kind")
    if not isinstance(kind, str):
        return f"expected one of the kinds of models in the key kind, got {kind!r}; there are: {', '.join(KINDS)}"
    return no_such("one of the kinds of models in the key kind", kind_of_section(section), KINDS)


def _meant(problem: Mapping[str, Any]) -> str:
    """The nearest of the words that a key may have."""
    words = QUOTED.findall(str(problem.get("ctx", {}).get("expected", "")))
    near = difflib.get_close_matches(str(problem["input"]), words, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""


def _nearest(location: Sequence[str], kind: str | None = None) -> str:
    if [*location[:2]] == ["annotation", "llm"] and location[-1] in MOVED:
        return f"it has moved to a section [models.NAME], where it is {MOVED[location[-1]]}"
    if len(location) == 1 and location[0] in ELSEWHERE:
        return ELSEWHERE[location[0]]
    named = KINDS[kind] if kind is not None else Seq2SeqSettings if location[0] == "translators" else None
    section: type[BaseModel] = named or Config
    for part in location[2:-1] if named is not None else location[:-1]:
        found = section.model_fields.get(part)
        section = _section_of(found) or section if found else section
    near = difflib.get_close_matches(location[-1], section.model_fields, n=1, cutoff=0.5)
    keys = ", ".join(section.model_fields)
    return f"did you mean {'.'.join([*location[:-1], near[0]])}?" if near else f"known here are: {keys}"


def _is_section(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)


def _section_of(field: FieldInfo) -> type[BaseModel] | None:
    """The class of a section, also of one that may be left out."""
    classes = (field.annotation, *get_args(field.annotation))
    return next((found for found in classes if isinstance(found, type) and issubclass(found, BaseModel)), None)


def settings_rows(section: BaseModel | None = None, prefix: str = "") -> Iterator[tuple[str, Any, str]]:
    """Every key with its default and its description, sections after plain keys; examples where there are no models."""
    section = section if section is not None else Config()
    fields = type(section).model_fields
    for name, field in fields.items():
        if not _is_section(field) and not isinstance(section, Config):
            yield prefix + name, getattr(section, name), field.description or ""
    for name, field in fields.items():
        if _is_section(field):
            yield from settings_rows(getattr(section, name), f"{prefix}{name}.")
    if isinstance(section, Config):
        for name, model in (section.models or EXAMPLE_MODELS).items():
            yield from settings_rows(model, f"models.{toml_key(name)}.")
        for name, translator in (section.translators or EXAMPLE_TRANSLATORS).items():
            yield from settings_rows(translator, f"translators.{toml_key(name)}.")


def commented_config(overrides: Mapping[str, object] | None = None) -> str:
    """A curate.toml that shows every key with its meaning; defaults are commented out."""
    overrides = overrides or {}
    if unknown := [key for key in overrides if key not in {key for key, *_ in settings_rows()} and not _is_named(key)]:
        raise ConfigError(f"unknown key {unknown[0]}; {_nearest(list(key_parts(unknown[0])))}")
    lines = [
        "# The settings of this workspace. Each key is shown with its default; remove the # to change it.",
        "# A key without a default is shown as (unset), and below that with an example.",
        "# Secrets never stand here: they come from the environment.",
    ]
    section = ""
    for key, default, description in settings_rows():
        parent, _, name = key.rpartition(".")
        if parent != section:
            section = parent
            lines += ["", *_head(parent)]
        lines.append(f"# {description}")
        if key in overrides and not _is_named(key):
            lines.append(f"{name} = {toml_value(overrides[key])}")
        else:
            shown = toml_value(default)
            lines += [f"# {name} = {shown}"] if shown is not None else _unset(key, name)
    section = ""
    for key, value in overrides.items():
        if _is_named(key):
            parent, _, name = key.rpartition(".")
            lines += ["", f"[{parent}]"] if parent != section else []
            section = parent
            lines.append(f"{name} = {toml_value(value)}")
    return "\n".join(lines) + "\n"


def _is_named(key: str) -> bool:
    """Whether it is a key of a section with a name of its own."""
    return key.partition(".")[0] in NAMED_SECTIONS


def _head(section: str) -> list[str]:
    """The line that begins a section; one of a model is an example that does not count until its # is removed."""
    if not _is_named(f"{section}."):
        return [f"[{section}]"]
    if section.startswith("translators."):
        return ["# A translator; there may be any number, each with a name of its own.", f"# [{section}]"]
    model = EXAMPLE_MODELS.get(section.removeprefix("models."))
    if model is None:  # a section within that of a model
        return [f"# [{section}]"]
    kind = model.kind
    return [f"# A model of the kind {kind}; there may be any number, each with a name of its own.", f"# [{section}]"]


def _unset(key: str, name: str) -> list[str]:
    """The lines of a key without a default: that it has none, and a value as an example."""
    return [f"# {name} = {UNSET}  # for example:", f"# {name} = {toml_value(EXAMPLES[key])}"]
