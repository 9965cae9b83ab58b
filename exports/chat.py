"""Chat and instruction examples as JSONL, in the forms of trainers: a report, and its flat view as the answer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from curation.errors import ConfigError
from curation.private_files import made_private
from curation.record import Entity, Layer, Record
from curation.scheme import Scheme
from curation.views.chat import chat_example
from exports.losses import LABELS, Capacity
from exports.settings import ExportSettings
from exports.writer import ExportedSet, ExportFormat

#: What a flat view is beside its facts: a sentence each, in no place.
FLAT = Capacity(unplaced=True, discontinuous=True, places=False, labels=True, fields=())
#: An example in the form of a trainer.
Form = Callable[[dict[str, Any]], dict[str, Any]]
#: By the names that LLaMA-Factory has for what is in ours.
LLAMA_FACTORY_COLUMNS = {"prompt": "instruction", "response": "output", "system": "system"}


def write(view: ExportedSet, to: Path, settings: ExportSettings, *, form: Form = lambda example: example) -> list[Path]:
    """One file a split, one example a line: `{"id", "language", "messages": [system, user, assistant]}`."""
    made_private(to)
    prompt = system_prompt(settings)
    files = []
    for split in view.curated.splits:
        path = to / f"{split}.jsonl"
        with path.open("w", encoding="utf-8", newline="\n") as lines:
            for record, layer in view.members(split):
                line = form(chat_example(record, layer, view.scheme, prompt=prompt))
                lines.write(json.dumps(line, ensure_ascii=False) + "\n")
        files.append(path)
    return files


def write_llama_factory(view: ExportedSet, to: Path, settings: ExportSettings) -> list[Path]:
    """Examples in the Alpaca form, and the `dataset_info.json` by which LLaMA-Factory finds them."""
    files = write(view, to, settings, form=_alpaca)
    info = {f"clincurate_{path.stem}": {"file_name": path.name, "columns": LLAMA_FACTORY_COLUMNS} for path in files}
    listed = to / "dataset_info.json"
    listed.write_text(json.dumps(info, indent=2) + "\n", encoding="utf-8")
    return [*files, listed]


def losses(record: Record, layer: Layer, scheme: Scheme) -> Counter[str]:
    """What a flat view cannot hold: what is no information in its category, what is said twice, and every place."""
    said: dict[tuple[str, str], Entity] = {}
    for entity in layer.entities:
        if scheme.counts(entity):
            said.setdefault((entity.category, " ".join(entity.text.split())), entity)
    lost = FLAT.lost(record, layer, list(said.values()))
    lost[LABELS] = len(layer.labels.keys() - {label.name for label in scheme.labels})
    return +lost


def system_prompt(settings: ExportSettings) -> str | None:
    """The system message of the settings; None where it is made from the scheme.

    Raises ConfigError where its file cannot be read.
    """
    if not settings.prompt:
        return None
    file = Path(settings.prompt)
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"exports.prompt: expected a text file in UTF-8, {file} cannot be read ({type(error).__name__})"
        ) from error


def _prompt_and_completion(example: dict[str, Any]) -> dict[str, Any]:
    """The form of which TRL learns the answer alone."""
    *prompt, completion = example["messages"]
    return {"prompt": prompt, "completion": [completion]}


def _messages_alone(example: dict[str, Any]) -> dict[str, Any]:
    """The form of OpenAI's fine-tuning, which refuses other keys."""
    return {"messages": example["messages"]}


def _alpaca(example: dict[str, Any]) -> dict[str, Any]:
    system, user, assistant = (message["content"] for message in example["messages"])
    return {"system": system, "instruction": user, "output": assistant}


FORMAT = ExportFormat("chat examples as JSONL, with the ids of their records", write, losses)
TRL = ExportFormat(
    "prompts and completions as JSONL, for TRL's SFTTrainer", partial(write, form=_prompt_and_completion), losses
)
OPENAI = ExportFormat("messages alone as JSONL, for OpenAI's fine-tuning", partial(write, form=_messages_alone), losses)
LLAMA_FACTORY = ExportFormat("instructions (Alpaca) as JSONL, for LLaMA-Factory", write_llama_factory, losses)
