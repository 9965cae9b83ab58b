"""The original of a translation as a page to read: its marks with numbers, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from annotation.label_studio.editor.links import link_numbers
from annotation.label_studio.editor.places import NO_ORIGINAL
from annotation.label_studio.editor.task_summary import shown_text
from annotation.label_studio.editor.variants.spans import category_titles
from annotation.label_studio.editor.wording import ORIGINAL_WORDS, spoken, title
from curation.html_templates import templates
from curation.record import PROJECTION, Assertion, Entity, Layer, Record
from curation.scheme import Scheme

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATE = "original_page.html.jinja"
#: The page of a record that translates none; Label Studio shows an error in the place of an empty one.
NO_PAGE = f'<span class="{NO_ORIGINAL}"></span>'

LOST, DOUBTFUL = "lost", "disagreeing"


@dataclass(frozen=True, slots=True)
class LinkedMark:
    """An entity of the original: its number, if it is linked, and what became of it in the translation."""

    number: int | None
    spans: tuple[tuple[int, int], ...]
    colour: str
    what: str
    text: str
    state: str


@dataclass(frozen=True, slots=True)
class MarkedStretch:
    """A stretch of the original; the marks that it is in, and those of them that begin with it."""

    text: str
    within: tuple[LinkedMark, ...]
    starting: tuple[LinkedMark, ...]


def original_page(
    original: Record | None, marked: Layer | None, layer: Layer | None, scheme: Scheme, *, language: str
) -> str:
    """The page as HTML without scripts. marked: the original's layer; layer: the one that was carried over from it.

    Without a layer that was carried over, no mark is linked to another.
    """
    words = ORIGINAL_WORDS[spoken(language)]
    if original is None:
        return _render(words, [], [], words["missing"])
    found = list(_marks(marked, layer, scheme, language)) if marked else []
    says = "" if any(mark.number for mark in found) or not found else words["unlinked"]
    return _render(words, list(_stretches(shown_text(original.text), found)), found, says)


def _render(words: Mapping[str, str], stretches: list[MarkedStretch], found: list[LinkedMark], says: str) -> str:
    states = {name: [mark for mark in found if mark.state == name] for name in (LOST, DOUBTFUL)}
    return _template().render(words=words, stretches=stretches, says=says, lost=states[LOST], doubtful=states[DOUBTFUL])


@cache
def _template() -> Template:
    return templates(Path(__file__).parent, extra="review").get_template(TEMPLATE)


def _marks(marked: Layer, layer: Layer | None, scheme: Scheme, language: str) -> Iterator[LinkedMark]:
    numbers = link_numbers(layer) if layer else {}
    carried: JsonValue = layer.provenance.get(PROJECTION) if layer else None
    titles = category_titles(scheme, language)
    for entity in marked.entities:
        category = scheme.by_name.get(entity.category)
        how = carried.get(entity.id) if isinstance(carried, dict) else None
        state = str(how.get("state")) if isinstance(how, dict) and entity.id in numbers else ""
        yield LinkedMark(
            number=numbers.get(entity.id),
            spans=entity.spans,
            colour=category.colour if category else "#888888",
            what=_what(entity, titles, language),
            text=" ".join(entity.text.split()),
            state=state,
        )


def _what(entity: Entity, titles: Mapping[str, str], language: str) -> str:
    name = titles.get(entity.category, entity.category)
    return name if entity.assertion is Assertion.PRESENT else f"{name}, {title(entity.assertion.value, language)}"


def _stretches(text: str, found: Iterable[LinkedMark]) -> Iterator[MarkedStretch]:
    """The text split at the borders of marks; the stretches joined are the text."""
    marks = [mark for mark in found if mark.spans]
    cuts = sorted({0, len(text), *(cut for mark in marks for span in mark.spans for cut in span)})
    for start, end in pairwise(cuts):
        within = tuple(mark for mark in marks if any(a <= start and end <= b for a, b in mark.spans))
        starting = tuple(mark for mark in within if mark.spans[0][0] == start)
        yield MarkedStretch(text[start:end], within, starting)
