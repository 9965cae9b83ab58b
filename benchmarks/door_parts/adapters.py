"""Adapters from somebody else, models that are only named, and the key of a language model."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from commands import curate

from curation.errors import CurateError
from curation.markup import parse_markup
from curation.record import Layer, Record
from curation.scheme import load_scheme
from curation.tagging.folder import load_tagger, read_manifest
from door_parts.attack import Attack
from door_parts.listener import Listener
from training.encoder import train
from training.settings import TrainingSettings

DOOR = "adapters"
TEXT = "A [{age}-year-old]{{age}} [woman]{{gender}} came with [fever]{{signs_symptoms}}."
SECRET = "sk-of-the-user"


def attacks(folder: Path, quick: bool) -> Iterator[Attack]:
    """A trained adapter, changed in each way; then names of models, and servers that point elsewhere."""
    made = _adapter(folder / "own" / "adapters" / "made")
    for number, (tried, change) in enumerate(CHANGES):
        copy = shutil.copytree(made, folder / f"sent-{number}" / "adapters" / "made")
        change(copy)
        try:
            load_tagger(copy)
            yield Attack(DOOR, tried, True, "it was loaded")
        except CurateError as error:
            yield Attack(DOOR, tried, False, str(error)[:200])
    yield from _fetched(folder, made, quick)
    yield from _keys(folder)


def _adapter(folder: Path) -> Path:
    pairs = []
    for age in (30, 40):
        text, entities = parse_markup(TEXT.format(age=age))
        record = Record(id=str(age), group=str(age), source="s", language="en", text=text)
        pairs.append((record, Layer(record_id=record.id, name="gold", author="gold", entities=entities)))
    train(pairs, scheme=load_scheme(), settings=TrainingSettings(epochs=1, rank=4, alpha=4), to=folder)
    return folder


def _appended(name: str) -> Callable[[Path], None]:
    """A file of the adapter with another content of the same meaning."""

    def change(copy: Path) -> None:
        with (copy / name).open("a", encoding="utf-8") as file:
            file.write("\n")

    return change


def _rewritten(name: str, **values: object) -> Callable[[Path], None]:
    """Settings with other values; the manifest of somebody who means harm has no digest of them."""

    def change(copy: Path) -> None:
        manifest = copy / "clincurate.json"
        content = json.loads(manifest.read_text(encoding="utf-8"))
        manifest.write_text(json.dumps(content | {"files": {}}), encoding="utf-8")
        file = copy / name
        file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | values), encoding="utf-8")

    return change


def _pickle(copy: Path) -> None:
    (copy / "adapter_model.safetensors").rename(copy / "adapter_model.bin")


CHANGES = (
    ("a changed tokenizer", _appended("tokenizer.json")),
    ("changed settings", _appended("adapter_config.json")),
    ("weights as a pickle", _pickle),
    (
        "settings that import a module",
        _rewritten("adapter_config.json", megatron_config={"x": 1}, megatron_core="evil"),
    ),
    ("settings that name a class", _rewritten("adapter_config.json", auto_mapping={"parent_library": "evil"})),
    ("an encoder in a folder elsewhere", _rewritten("clincurate.json", base_model="/etc")),
    ("an encoder above its workspace", _rewritten("clincurate.json", base_model="../../../etc")),
    ("an encoder of the hub", _rewritten("clincurate.json", base_model="evil/encoder")),
)


def _fetched(folder: Path, made: Path, quick: bool) -> Iterator[Attack]:
    """Whether a name makes a command ask the hub, which is a server of ours here."""
    workspace = folder / "w"
    copy = shutil.copytree(made, folder / "sent" / "adapters" / "made")
    _rewritten("clincurate.json", base_model="evil/encoder")(copy)
    (letter := folder / "letter.txt").write_text("A 54-year-old woman came with fever.", encoding="utf-8")
    with Listener() as hub:
        variables = {"HF_ENDPOINT": hub.url, "XDG_CONFIG_HOME": str(folder / "config"), "HF_HOME": str(folder / "hub")}

        def called(*words: str) -> subprocess.CompletedProcess[str]:
            return curate(*words, "--workspace", str(workspace), variables=variables)

        called("init")
        called("import", str(letter), "--language", "en")
        config = workspace / "curate.toml"
        config.write_text('[annotation.few_shot]\nencoder = "evil/encoder"\n', encoding="utf-8")
        named = ("settings that name a model of the hub", ("annotate", "--with", "few-shot"))
        loaded = ("annotate", "--with", f"adapter:{copy}", "--allow-download")
        for tried, words in (named, *(() if quick else (("an adapter that names a model of the hub", loaded),))):
            done = called(*words)
            says = done.stderr.strip().splitlines()[-1:] or [""]
            yield Attack(DOOR, tried, bool(hub.heard), "; ".join(hub.heard) or says[0][:200])
    assert read_manifest(copy).base_model == "evil/encoder"


def _keys(folder: Path) -> Iterator[Attack]:
    """Whether a server that the user chose can pass the key on, and whether a key goes to another host than its own."""
    workspace = folder / "w"
    with Listener() as other, Listener(points_to=other.url) as chosen:
        config = workspace / "curate.toml"
        config.write_text(f'[models.m]\nurls = ["{chosen.url}/v1"]\nattempts = 1\n', encoding="utf-8")
        words = ("annotate", "--with", "llm:m", "--workspace", str(workspace))
        variables = {"CLINCURATE_LLM_KEY": SECRET, "XDG_CONFIG_HOME": str(folder / "config")}
        curate(*words, variables=variables)
        seen = f"the chosen one heard {len(chosen.heard)}, the other one {len(other.heard)}"
        yield Attack("keys", "a server that points to another one", bool(other.heard) or not chosen.heard, seen)
        before = len(chosen.heard)
        curate(*words, "--retry-failed", variables=variables | {"CLINCURATE_LLM_KEY_HOST": "models.example.org"})
        seen = f"{len(chosen.heard) - before} requests"
        yield Attack("keys", "a key that belongs to another host", len(chosen.heard) > before, seen)
