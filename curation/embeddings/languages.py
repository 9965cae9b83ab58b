"""Whether an encoder gives sentences of the same meaning in two languages similar vectors.

A model that was trained on one language gives cosines for others too, and they mean nothing. So a model counts as
multilingual only where there is evidence for it: the settings, its name, its card, or its vocabulary.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from curation.embeddings.encoder import PACKAGED_ENCODER, packaged_encoder_path

#: Parts of the names of families that were trained on many languages.
NAMES = re.compile(
    r"multilingual|xlm-?r|labse|bge-m3|(?:^|[/_#-])laser|sonar|distiluse|jina-embeddings-v[3-9]|arctic-embed-[ml]-v2"
    r"|language-agnostic|(?:^|[/_#-])muse(?:$|[_-])|embeddinggemma|qwen3-embedding|text-embedding-3",
    re.IGNORECASE,
)
#: Kinds of model whose vocabulary is of many languages, and the size from which any vocabulary is.
KINDS = frozenset({"xlm-roberta", "xlm", "mt5", "m2m_100"})
VOCABULARY = 100_000
FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---", re.DOTALL)


def covers(name: str, languages: frozenset[str], *, declared: bool | None = None) -> bool:
    """Whether the encoder of a name or folder covers all the languages (ISO 639-1); `declared` takes precedence."""
    if declared is not None:
        return declared
    if NAMES.search(name):
        return True
    folder = packaged_encoder_path() if name == PACKAGED_ENCODER else Path(name)
    if not folder.is_dir():
        return False
    listed = card_languages(folder)
    if listed:
        return "multilingual" in listed or languages <= listed
    config = _json(folder / "config.json")
    return config.get("model_type") in KINDS or int(config.get("vocab_size") or 0) >= VOCABULARY


@lru_cache(maxsize=8)
def card_languages(folder: Path) -> frozenset[str]:
    """The languages that the card in a model's folder names, if it names any."""
    try:
        front = FRONT_MATTER.match((folder / "README.md").read_text(encoding="utf-8"))
        listed = yaml.safe_load(front[1]).get("language") if front else None
    except (OSError, UnicodeError, yaml.YAMLError, AttributeError):
        return frozenset()
    return frozenset(map(str, [listed] if isinstance(listed, str) else listed or []))


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
