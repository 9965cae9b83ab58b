"""What a workspace names outside of itself, and whether the user of this machine has allowed it.

A workspace may come from somebody else. What its files name decides what is read, written, run and sent with the
rights of the user, so it stays inside the workspace, or is allowed once on this machine (`curate trust`).
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import sqlalchemy as sa
from pydantic import BaseModel

from annotation.label_studio.settings import BackendSettings, LabelStudioSettings
from annotation.settings import ExamplesSettings
from curation.address import is_this_machine
from curation.author import AuthorKind, own_name
from curation.embeddings.address import is_address
from curation.errors import ConfigError
from curation.models.endpoint.key import is_bound
from curation.models.local.settings import LocalModelSettings
from curation.models.prompt import SUFFIX, shipped_prompt
from curation.models.settings import KEY_ENV, EndpointModelSettings
from curation.store.engine import remote_database
from curation.translate.seq2seq.settings import Seq2SeqSettings
from curation.trusted import Trusted, TrustedWorkspace, known_workspace, trusted
from pipeline.config import CONFIG_FILE, Config

#: path and host: allowed by name. local: what does little harm on this machine, such as files that are only read, in a
#: workspace that was made or allowed here. program: run with the user's rights; as a path, and never in the workspace.
#: key: a secret of the user on its way to a host, allowed in that workspace only.
Kind = Literal["path", "host", "local", "program", "key"]

#: Keys whose value is a path from the workspace, wherever the command runs.
OWN_PATHS = ("curation.scheme", "curation.translate.glossary")
#: Keys whose value is a path.
PATHS = (
    "annotation.rules.patterns",
    "annotation.few_shot.examples",
    "annotation.adapter.path",
    "validation.boundaries.file",
    "training.questions",
    "exports.prompt",
)
#: Keys whose value is a prompt: one that is shipped, or a file.
PROMPTS = (
    "annotation.llm.prompt",
    "curation.judge.prompt",
    "curation.translate.prompt",
    "curation.translate.mention_prompt",
)
#: Keys whose value is a path, or the name of what is shipped, installed or in the cache of models.
PATHS_OR_NAMES = (
    "annotation.few_shot.encoder",
    "annotation.examples.encoder",
    *PROMPTS,
    "validation.similarity.encoder",
    "validation.translation.encoder",
    "curation.translate.encoder",
    "curation.scoring.bertscore.encoder",
    "training.base_model",
    "run.mapping",
)
#: Keys of a section [models.NAME] whose value is a path.
MODEL_PATHS = ("ca_bundle", "tokenizer", "script", "adapter")
#: Keys of encoders, which may also be addresses.
ENCODERS = (
    "annotation.few_shot.encoder",
    "annotation.examples.encoder",
    "validation.similarity.encoder",
    "validation.translation.encoder",
)
#: What is no name, but a file of ours.
SUFFIXES = (SUFFIX, ".yaml", ".yml")
#: A model of a hub by its name; a folder may be called so too.
HUB_NAME = re.compile(r"\w[\w.-]*/\w[\w.-]*")
#: A Python by its name, which the system looks up.
PYTHON = re.compile(r"python[0-9.]*(\.exe)?")
#: Parts of the address of a PostgreSQL database that name neither a file nor further settings.
PLAIN_QUERY = frozenset(
    {"host", "hostaddr", "port", "dbname", "user", "connect_timeout", "application_name", "sslmode"}
)
#: Label Studio's own folder: its data may be on another disk in workspaces of ours.
LABEL_STUDIO = "label-studio"


SectionT = TypeVar("SectionT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class NamedOutside:
    """A key of curate.toml, or a link, with the absolute path, the host or the address that it names."""

    key: str
    name: str
    kind: Kind


def check_workspace(folder: Path, config: Config) -> None:
    """Raises ConfigError when a workspace names what its user has not allowed, with the command that allows it."""
    if special := next(filter(_is_special, _content(folder)), None):
        raise ConfigError(
            f"expected files and folders in the workspace, got a pipe or a device at {special}, which is "
            "never read to its end; remove it"
        )
    root, known, allowed = folder.resolve(), known_workspace(folder), trusted()
    refused = [named for named in names_outside(folder, config) if not _may(named, root, known, allowed)]
    if own := [named for named in refused if _is_own_program(named, root)]:
        raise ConfigError(
            f"{folder / CONFIG_FILE}: expected {own[0].key} outside of the workspace, got {own[0].name}; a workspace "
            "brings no programs, put it elsewhere"
        )
    if refused:
        listed = ", ".join(f"{named.key} ({named.name})" for named in refused)
        raise ConfigError(
            f"{folder / CONFIG_FILE}: expected nothing outside of the workspace that you have not allowed, got "
            f"{listed}; if you trust it, allow it once on this machine: curate trust {shlex.quote(str(folder))}"
        )


def check_server_data(folder: Path) -> None:
    """Raises ConfigError when a server would begin with accounts, secrets and settings that were made elsewhere."""
    brought = folder / LABEL_STUDIO
    if (brought / "data").exists() and known_workspace(folder) is None:
        raise ConfigError(
            f"expected a review server that was made on this machine, got another one's data in {brought}; remove that "
            f"folder to begin with a new server, or allow it once: curate trust {shlex.quote(str(folder))}"
        )


def names_outside(folder: Path, config: Config) -> list[NamedOutside]:
    """Everything that a workspace names outside of itself, and the programs that it names.

    Raises ConfigError for what is no path.
    """
    try:
        return [
            *_paths(folder, config),
            *_programs(folder, config),
            *_addresses(config),
            *_models(folder, config),
            *_databases(folder, config),
            *_links(folder.resolve()),
        ]
    except (ValueError, OSError, RuntimeError) as error:
        raise ConfigError(
            f"{folder / CONFIG_FILE}: expected paths, got what is none ({type(error).__name__})"
        ) from error


def with_places(folder: Path, config: Config) -> Config:
    """The settings in which relative paths are the workspace's, where something stands there and not here."""
    for key in (*PATHS, *PATHS_OR_NAMES):
        value = _value(config, key)
        if value and (key in PATHS or _has_parts(str(value)) or str(value).endswith(SUFFIXES)):
            found = placed(folder, str(value))
            if found.exists() and not Path(value).exists():
                config = _changed(config, key.split("."), type(value)(found))
    models = {name: _model_with_places(folder, model) for name, model in config.models.items()}
    translators = {name: _model_with_places(folder, each) for name, each in config.translators.items()}
    for key, sections in (("models", models), ("translators", translators)):
        config = _changed(config, [key], sections) if sections else config
    return config


def _model_with_places(folder: Path, model: SectionT) -> SectionT:
    for key, path in (*_model_paths(model), *_folders_or_names(model)):
        found = placed(folder, str(path))
        if found.exists() and not path.exists():
            model = _changed(model, [key], type(getattr(model, key))(found))
    return model


def placed(folder: Path, value: str) -> Path:
    """The absolute path of a relative one, links followed: from where the command runs, else from the workspace.

    Raises ConfigError for what is no path: a null byte, a loop of links, a name that is too long.
    """
    here = Path.cwd() / value
    try:
        if "\0" in value:
            raise ValueError
        return (here if here.exists() else folder / value).resolve()
    except (ValueError, OSError, RuntimeError) as error:
        raise ConfigError(f"{folder / CONFIG_FILE}: expected a path, got {value[:80]!r}") from error


def _may(named: NamedOutside, root: Path, known: TrustedWorkspace | None, allowed: Trusted) -> bool:
    """Whether the user has allowed it, by the workspace, by a folder or by a host."""
    if _is_own_program(named, root):
        return False
    if known and (named.kind == "local" or named.name in known.names):
        return True
    if named.kind == "host":
        return named.name in allowed.hosts
    return os.path.isabs(named.name) and any(Path(named.name).is_relative_to(folder) for folder in allowed.folders)


def _is_own_program(named: NamedOutside, root: Path) -> bool:
    return named.kind == "program" and Path(named.name).is_relative_to(root)


def _paths(folder: Path, config: Config) -> Iterator[NamedOutside]:
    root = folder.resolve()
    for key, value, kind in _spoken_paths(config):
        found = (folder / value).resolve() if key in OWN_PATHS else placed(folder, value)
        if not found.is_relative_to(root):
            yield NamedOutside(key, str(found), kind)


def _spoken_paths(config: Config) -> Iterator[tuple[str, str, Kind]]:
    """Every path as it stands in the settings, with its key."""
    for key in (*OWN_PATHS, *PATHS):
        if value := _value(config, key):
            yield key, str(value), "path"
    for key in PATHS_OR_NAMES:
        value = _value(config, key)
        if value is not None and _is_path(value) and not (key in PROMPTS and _is_shipped(value)):
            yield key, value, "local" if key == "run.mapping" else "path"
    for name, model in config.models.items():
        yield from ((f"models.{name}.{key}", str(path), "path") for key, path in _model_paths(model))
    for name, translator in config.translators.items():
        yield from ((f"translators.{name}.{key}", str(path), "path") for key, path in _model_paths(translator))
    for baseline in config.curation.scoring.bertscore.baselines.values():
        yield "curation.scoring.bertscore.baselines", baseline, "path"
    for recogniser in config.validation.privacy.recognisers:
        if _is_path(recogniser.path):
            yield "validation.privacy.recognisers", recogniser.path, "path"
    backend = config.review.backend
    for name in (backend.annotator, backend.until, *config.run.annotators):
        if name.startswith(f"{AuthorKind.ADAPTER}:") and _is_path(own_name(name)):
            yield "an annotator", own_name(name), "path"
    for source in config.run.sources:
        if _is_path(source):
            yield "run.sources", source, "local"


def _programs(folder: Path, config: Config) -> Iterator[NamedOutside]:
    """What is run: a server's environment, a Python, a package that is installed, a pipeline that may hold pickles."""
    review = config.review
    if review.environment is not None:
        yield NamedOutside("review.environment", str(placed(folder, str(review.environment.expanduser()))), "program")
    if review.python is not None:
        found = placed(folder, review.python)
        by_name = None if found.exists() or _has_parts(review.python) else shutil.which(review.python)
        if not (by_name and PYTHON.fullmatch(review.python)):
            yield NamedOutside("review.python", by_name or str(found), "program")
    if review.version != LabelStudioSettings().version:
        yield NamedOutside("review.version", review.version, "local")
    for recogniser in config.validation.privacy.recognisers:
        if recogniser.kind == "spacy" and _is_path(recogniser.path):
            yield NamedOutside("validation.privacy.recognisers", recogniser.path, "local")


def _addresses(config: Config) -> Iterator[NamedOutside]:
    """Where texts, keys and passwords are sent to, or are served."""
    backend, examples = config.review.backend, config.annotation.examples
    hosts = {
        "review.url": _host(config.review.url),
        "review.watch.address": _host(config.review.watch.address),
        "review.backend.address": _host(backend.address),
        "review.backend.host": backend.host if backend.host != BackendSettings().host else None,
        "annotation.examples.host": examples.host if examples.host != ExamplesSettings().host else None,
        **{key: _host(name) for key in ENCODERS if is_address(name := _value(config, key) or "")},
    }
    for key, host in hosts.items():
        if host is not None:
            yield NamedOutside(key, host.lower(), "local" if is_this_machine(host) else "host")


def _models(folder: Path, config: Config) -> Iterator[NamedOutside]:
    """Where models are, what is on the way there, and which of the user's secrets goes along."""
    for name, model in config.models.items():
        if not isinstance(model, EndpointModelSettings):
            continue
        for url in (*model.urls, *filter(None, [model.proxy])):
            key, host = f"models.{name}.{'proxy' if url == model.proxy else 'urls'}", _host(url) or url
            yield NamedOutside(key, host.lower(), "local" if is_this_machine(host) else "host")
        if model.ca_bundle is not None:
            # Whoever names the certificates may stand for any host, so they are allowed by name, wherever they are.
            yield NamedOutside(f"models.{name}.ca_bundle", str(placed(folder, str(model.ca_bundle))), "path")
        for url in model.urls if model.key_env != KEY_ENV else ():
            if not is_bound(url, model.key_env):
                yield NamedOutside(f"models.{name}.key_env", f"{model.key_env} for {urlsplit(url).netloc}", "key")


def _model_paths(model: BaseModel) -> Iterator[tuple[str, Path]]:
    """The paths that a model's section names, by their keys."""
    for key in MODEL_PATHS:
        if (path := getattr(model, key, None)) is not None:
            yield key, path
    yield from ((key, path) for key, path in _folders_or_names(model) if _is_path(str(path)))


def _folders_or_names(model: BaseModel) -> Iterator[tuple[str, Path]]:
    """What may be a path of a model's section, or the name of a model of a hub, by its key."""
    if isinstance(model, LocalModelSettings) and (_has_parts(model.path) or model.path.endswith(".gguf")):
        yield "path", Path(model.path)
    if isinstance(model, Seq2SeqSettings):
        yield "path", Path(model.path)


def _databases(folder: Path, config: Config) -> Iterator[NamedOutside]:
    for key, url in (("curation.store", config.curation.store), ("review.database", config.review.database)):
        try:
            yield from _database(key, sa.make_url(url), folder) if url is not None else ()
        except sa.exc.ArgumentError:
            # Whoever opens it says what is wrong.
            continue


def _database(key: str, url: sa.URL, folder: Path) -> Iterator[NamedOutside]:
    shown = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite":
        path = (folder / (url.database or "")).resolve()
        if url.query or shown.partition(":///")[2].startswith("file:"):
            yield NamedOutside(key, shown, "host")
        elif not path.is_relative_to(folder.resolve()):
            yield NamedOutside(key, str(path), "path")
        return
    named = url.set(drivername="postgresql")
    hosts = [str(value) for value in (url.host, *(url.query.get(name) for name in ("host", "hostaddr"))) if value]
    remote = remote_database(named)
    if set(url.query) - PLAIN_QUERY or any("," in host for host in hosts) or len(hosts) > 1:
        yield NamedOutside(key, shown, "host")
    elif remote is None:
        yield NamedOutside(key, shown, "local")
    else:
        yield NamedOutside(key, remote.rpartition("/")[0].lower() or remote.lower(), "host")


def _links(root: Path) -> Iterator[NamedOutside]:
    """Links that lead out of a workspace: what is written there is written elsewhere."""
    for path in _content(root):
        if path.is_symlink() and not (target := path.resolve()).is_relative_to(root):
            name = path.relative_to(root)
            yield NamedOutside(f"the link {name}", str(target), "local" if name.parts[0] == LABEL_STUDIO else "path")


def _content(folder: Path) -> Iterator[Path]:
    """Everything in a folder, at any depth; links are not followed."""
    for inner, names, files in os.walk(folder):
        yield from (Path(inner, name) for name in (*names, *files))


def _is_special(path: Path) -> bool:
    """Whether it is a pipe or a device, which a reader waits for; what has gone meanwhile is none."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or stat.S_ISBLK(mode)


def _host(url: str | None) -> str | None:
    """The host of an address; of what is none, all of it."""
    try:
        return (urlsplit(url).hostname or url) if url else None
    except ValueError:
        return url


def _is_path(value: str) -> bool:
    """Whether a word that may be a name means a file or a folder: one is there, or it can be nothing else."""
    if is_address(value):
        return False
    return (_has_parts(value) and not HUB_NAME.fullmatch(value)) or Path(value).exists()


def _has_parts(value: str) -> bool:
    path = Path(value)
    return path.is_absolute() or len(path.parts) > 1 or "\\" in value or value[:1] == "." or bool(path.drive)


def _is_shipped(prompt: str) -> bool:
    return not _has_parts(prompt) and shipped_prompt(prompt) is not None


def _changed(section: SectionT, key: Sequence[str], value: object) -> SectionT:
    """A section with another value under a key; what was not set in the file still counts as not set."""
    name, *rest = key
    return section.model_copy(update={name: _changed(getattr(section, name), rest, value) if rest else value})


def _value(config: Config, key: str) -> Any:
    """The value under a dotted key."""
    step: Callable[[Any, str], Any] = getattr
    return reduce(step, key.split("."), config)
