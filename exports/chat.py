"""Chat examples as JSONL: the task, a report, and its flat view as the answer."""

from __future__ import annotations

import json
from pathlib import Path

from curation.errors import ConfigError
from curation.private_files import made_private
from curation.views.chat import chat_example
from exports.settings import ExportSettings
from exports.writer import ExportedSet


def write(view: ExportedSet, to: Path, settings: ExportSettings) -> list[Path]:
    """One file a split, one example a line: `{"id", "language", "messages": [system, user, assistant]}`."""
    made_private(to)
    prompt = _prompt(Path(settings.prompt)) if settings.prompt else None
    files = []
    for split in view.curated.splits:
        path = to / f"{split}.jsonl"
        with path.open("w", encoding="utf-8") as lines:
            for record, layer in view.members(split):
                line = chat_example(record, layer, view.scheme, prompt=prompt)
                lines.write(json.dumps(line, ensure_ascii=False) + "\n")
        files.append(path)
    return files


def _prompt(file: Path) -> str:
    """The system message of the settings. Raises ConfigError where its file cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"exports.prompt: expected a text file in UTF-8, {file} cannot be read ({type(error).__name__})"
        ) from error
