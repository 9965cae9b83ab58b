"""The table of styles. To add one: a file with its class, a line here, a prompt file that names it, a test."""

from __future__ import annotations

import difflib

from annotation.llm.styles.entities import EntitiesStyle
from annotation.llm.styles.flat import FlatStyle
from annotation.llm.styles.per_category import PerCategoryStyle
from annotation.llm.styles.style import Style
from annotation.llm.styles.tagged import TaggedStyle
from curation.errors import ConfigError

#: By the name that a prompt file gives in its first line.
STYLES: dict[str, Style] = {
    "entities": EntitiesStyle(),
    "linked-entities": EntitiesStyle(linked=True),
    "per-category": PerCategoryStyle(),
    "flat": FlatStyle(),
    "evidence": FlatStyle(evidence=True),
    "tagged": TaggedStyle(),
}


def style_of(name: str, prompt: str) -> Style:
    """The style that a prompt names. Raises ConfigError where there is none of that name."""
    if name not in STYLES:
        near = difflib.get_close_matches(name, STYLES, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ConfigError(f"prompt {prompt}: expected a style of {', '.join(STYLES)}, got {name!r}{hint}")
    return STYLES[name]
