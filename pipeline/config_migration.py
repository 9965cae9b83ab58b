"""Keys of [annotation.llm] of before, which named a model: read as a section [models.NAME], and said so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from curation.errors import ConfigError
from curation.models.settings import NAME
from pipeline.toml_text import toml_key, toml_value

#: The keys that a model has in a section of its own now, by their names there.
MOVED = {
    "url": "urls",
    "parameters": "parameters",
    "structured": "structured",
    "concurrency": "concurrency",
    "timeout": "timeout",
    "attempts": "attempts",
    "backoff": "backoff",
    "longest_wait": "longest_wait",
}
#: The model that is meant where the old settings name an address only: the words of the message.
UNNAMED = "NAME"
#: Requests at once where the old settings named none.
AT_ONCE = 4


def migrated(content: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The content of a curate.toml with the old keys as a section, and lines that say what to write in their place.

    Raises ConfigError where a section of that name stands there too.
    """
    llm = content.get("annotation", {}).get("llm") if isinstance(content.get("annotation"), dict) else None
    old = [key for key in MOVED if key in llm] if isinstance(llm, dict) else []
    if not isinstance(llm, dict) or not old:
        return content, []
    rest = {key: value for key, value in llm.items() if key not in MOVED}
    spoken = rest.get("model")
    lines = [f"The keys {', '.join(old)} of [annotation.llm] have moved to a section [models.NAME] of curate.toml."]
    if "url" not in old or not isinstance(spoken, str) or not spoken:
        lacks = "no address" if "url" not in old else "no name of the model"
        lines.append(f"They say {lacks}, so they are not used; write [models.NAME] with urls and model, ask llm:NAME.")
        # Else the packaged model would be asked in place of the server that is meant.
        return _with(content, {"model": UNNAMED, **rest} if "url" in old else rest), lines
    name = spoken if NAME.fullmatch(spoken) else re.sub(r"[^\w.-]+", "-", f"m{spoken}")
    if name in (content.get("models") or {}):
        raise ConfigError(
            f"expected one model {name}, got it from [annotation.llm] and from [models.{name}]; remove the keys "
            f"{', '.join(old)} of [annotation.llm]"
        )
    section: dict[str, Any] = {"urls": [llm["url"]], "model": spoken, "concurrency": AT_ONCE}
    section |= {MOVED[key]: llm[key] for key in old if key != "url"}
    lines += ["They are read as follows; write this in their place:", *_toml(name, section, rest)]
    return _with(content, {**rest, "model": name}, {name: section}), lines


def _with(content: Mapping[str, Any], llm: object, models: Mapping[str, Any] | None = None) -> dict[str, Any]:
    changed = {**content, "annotation": {**content["annotation"], "llm": llm}}
    return changed | ({"models": {**content.get("models", {}), **models}} if models else {})


def _toml(name: str, section: Mapping[str, object], rest: Mapping[str, object]) -> list[str]:
    kept = {**rest, "model": name}
    return [
        "[annotation.llm]",
        *(f"{key} = {toml_value(value)}" for key, value in kept.items()),
        f"[models.{toml_key(name)}]",
        *(f"{key} = {toml_value(value)}" for key, value in section.items()),
    ]
