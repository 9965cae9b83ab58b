"""The editor that annotators work in, made from the scheme."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from annotation.review.wording import ASSERTIONS, HEADINGS, REASONS, VERDICTS, say
from curation.scheme import Category, Scheme

#: The names of the controls, which the results of annotations and predictions refer to.
TEXT = "text"
LABELS = "label"
ASSERTION = "assertion"
RELATIONS = "relations"
VERDICT = "verdict"
REASON = "reasons"
COMMENT = "comment"

#: Prefix of the controls of a scheme's document labels, which are the scheme's to name.
DOCUMENT_LABEL = "document_"

#: A relation of ours: the tail is the next fragment of the head's entity. Label Studio has no such spans.
CONTINUES = "continues"

#: Without this the page folds runs of blanks, and shown text and offsets part.
STYLE = ".htx-text{white-space:pre-wrap}"


def label_config(scheme: Scheme, *, language: str = "en") -> str:
    """The labelling interface as XML; values are the scheme's names, headings and hints are localised."""
    headings = HEADINGS.get(language, HEADINGS["en"])
    keys = _Keys(category.hotkey for category in scheme.categories)
    view = Element("View")
    SubElement(view, "Style").text = STYLE
    _labels(view, scheme, language, headings["labels"])
    SubElement(view, "Text", name=TEXT, value="$text", granularity="word", showLabels="true")
    _assertions(view, keys, language, headings["assertion"])
    _relations(view, scheme)
    _document_labels(view, scheme, language)
    _verdict(view, keys, language, headings)
    indent(view)
    return tostring(view, encoding="unicode")


def guideline(scheme: Scheme, *, language: str = "en") -> str:
    """The scheme's definitions as HTML, for the instruction that annotators see before they begin."""
    headings = HEADINGS.get(language, HEADINGS["en"])
    page = Element("div")
    SubElement(page, "h3").text = headings["guideline"]
    for category in scheme.categories:
        _explain(page, category, language, headings)
    return tostring(page, encoding="unicode", method="html")


def _labels(view: Element, scheme: Scheme, language: str, heading: str) -> None:
    SubElement(view, "Header", value=heading, size="5")
    labels = SubElement(view, "Labels", name=LABELS, toName=TEXT, showInline="true")
    for category in scheme.categories:
        hint = f"{say(category.label, language)}: {say(category.definition, language)}"
        SubElement(
            labels,
            "Label",
            value=category.name,
            background=category.colour,
            hotkey=category.hotkey,
            hint=hint,
        )


def _assertions(view: Element, keys: _Keys, language: str, heading: str) -> None:
    box = SubElement(view, "View", visibleWhen="region-selected")
    SubElement(box, "Header", value=heading, size="5")
    choices = SubElement(
        box, "Choices", name=ASSERTION, toName=TEXT, perRegion="true", choice="single", showInline="true"
    )
    for value, (wish, hint) in ASSERTIONS.items():
        SubElement(choices, "Choice", value=value, hotkey=keys.take(wish), hint=say(hint, language))


def _relations(view: Element, scheme: Scheme) -> None:
    relations = SubElement(view, "Relations")
    for name in (*(relation.name for relation in scheme.relations), CONTINUES):
        SubElement(relations, "Relation", value=name)


def _document_labels(view: Element, scheme: Scheme, language: str) -> None:
    for label in scheme.labels:
        SubElement(view, "Header", value=say(label.definition, language) or label.name, size="5")
        name = DOCUMENT_LABEL + label.name
        choices = SubElement(view, "Choices", name=name, toName=TEXT, choice="single", showInline="true")
        for value in label.values:
            SubElement(choices, "Choice", value=value)


def _verdict(view: Element, keys: _Keys, language: str, headings: dict[str, str]) -> None:
    SubElement(view, "Header", value=headings["verdict"], size="5")
    verdict = SubElement(
        view, "Choices", name=VERDICT, toName=TEXT, choice="single", showInline="true", required="true"
    )
    for value, (wish, hint) in VERDICTS.items():
        SubElement(verdict, "Choice", value=value, hotkey=keys.take(wish), hint=say(hint, language))
    box = SubElement(view, "View", visibleWhen="choice-selected", whenTagName=VERDICT, whenChoiceValue="fix,reject")
    SubElement(box, "Header", value=headings["reasons"], size="5")
    reasons = SubElement(box, "Choices", name=REASON, toName=TEXT, choice="multiple", showInline="true")
    for value, hint in REASONS.items():
        SubElement(reasons, "Choice", value=value, hint=say(hint, language))
    SubElement(view, "Header", value=headings["comment"], size="5")
    SubElement(view, "TextArea", name=COMMENT, toName=TEXT, rows="2", maxSubmissions="1", editable="true")


def _explain(page: Element, category: Category, language: str, headings: dict[str, str]) -> None:
    title = SubElement(page, "h4")
    title.text = f"{say(category.label, language)} ({category.name}, {headings['hotkey']} {category.hotkey})"
    SubElement(page, "p").text = say(category.definition, language)
    if boundary := say(category.boundary, language):
        line = SubElement(page, "p")
        SubElement(line, "b").text = f"{headings['boundary']}: "
        line[-1].tail = boundary
    examples = category.examples.get(language) or category.examples.get("en") or ()
    if examples:
        line = SubElement(page, "p")
        SubElement(line, "b").text = f"{headings['examples']}: "
        line[-1].tail = "; ".join(examples)


class _Keys:
    """Keys that nothing else in the editor uses."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = {key.lower() for key in taken}

    def take(self, wish: str) -> str:
        """The wished key, or the next free letter."""
        key = next(one for one in self._candidates(wish) if one not in self._taken)
        self._taken.add(key)
        return key

    @staticmethod
    def _candidates(wish: str) -> Iterator[str]:
        yield wish
        yield from string.ascii_lowercase
        yield from string.digits
        # Beyond these, with more labels than keys: letters together with shift.
        yield from (f"shift+{letter}" for letter in string.ascii_lowercase)
