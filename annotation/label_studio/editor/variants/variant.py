"""The contract of the editor's variants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from annotation.label_studio.editor.hotkeys import Hotkeys
from annotation.label_studio.editor.wording import HEADINGS
from curation.record import Layer, Record
from curation.scheme import Scheme

#: The parts of a prediction in Label Studio.
Result = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class EditorWording:
    """The language of the editor, its headings, and the free keys."""

    language: str
    keys: Hotkeys

    def heading(self, name: str) -> str:
        """A heading in the language, or in English."""
        return HEADINGS.get(self.language, HEADINGS["en"])[name]


@dataclass(frozen=True, slots=True)
class LabelingInterface:
    """A variant: it adds controls to the editor's view, and makes the parts of a prediction that show a layer.

    The second element stays in sight at the foot of the view, above the verdict.
    """

    controls: Callable[[Element, Element, Scheme, EditorWording], None]
    result: Callable[[Record, Layer, Scheme], Result]
