"""The editor that annotators work in, made from the scheme."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from annotation.label_studio.editor.controls import COMMENT, QUALITY, REASON, STARS, TEXT, VERDICT
from annotation.label_studio.editor.hotkeys import Hotkeys
from annotation.label_studio.editor.variants import VARIANTS
from annotation.label_studio.editor.variants.variant import EditorWording
from annotation.label_studio.editor.wording import HEADINGS, REASONS, VERDICTS, localised
from annotation.label_studio.settings import Variant
from curation.scheme import Category, Scheme

#: Without this the page collapses blanks, and the shown text no longer matches the offsets.
STYLE = '[class*="htx-richtext"]{white-space:pre-wrap}'


def label_config(scheme: Scheme, *, language: str = "en", variant: Variant = Variant.SPANS) -> str:
    """The labelling interface as XML; values are the scheme's names, headings and hints are localised."""
    words = EditorWording(language, Hotkeys(category.hotkey for category in scheme.categories))
    # First, so that the verdict has the same keys with each scheme and variant.
    verdicts = {value: words.keys.take(preferred) for value, (preferred, _) in VERDICTS.items()}
    view = Element("View")
    SubElement(view, "Style").text = STYLE
    VARIANTS[variant].controls(view, scheme, words)
    _verdict(view, words, verdicts)
    indent(view)
    return tostring(view, encoding="unicode")


def guideline(scheme: Scheme, *, language: str = "en") -> str:
    """The scheme's definitions as HTML, for the instruction that annotators see before they begin."""
    headings = HEADINGS.get(language, HEADINGS["en"])
    page = Element("div")
    SubElement(page, "h3").text = headings["guideline"]
    for category in scheme.categories:
        _explain(page, category, language, headings)
    for label in scheme.labels:
        SubElement(page, "h4").text = label.name
        if definition := localised(label.definition, language):
            SubElement(page, "p").text = definition
        line = SubElement(page, "p")
        SubElement(line, "b").text = f"{headings['values']}: "
        line[-1].tail = "; ".join(label.values)
    return tostring(page, encoding="unicode", method="html")


def _verdict(view: Element, words: EditorWording, keys: Mapping[str, str]) -> None:
    """The verdict, the reasons for a record that is fixed or rejected, a rating of quality, and a comment."""
    SubElement(view, "Header", value=words.heading("verdict"), size="5")
    verdict = SubElement(
        view, "Choices", name=VERDICT, toName=TEXT, choice="single", showInline="true", required="true"
    )
    for value, (_, hint) in VERDICTS.items():
        SubElement(verdict, "Choice", value=value, hotkey=keys[value], hint=localised(hint, words.language))
    box = SubElement(view, "View", visibleWhen="choice-selected", whenTagName=VERDICT, whenChoiceValue="fix,reject")
    SubElement(box, "Header", value=words.heading("reasons"), size="5")
    reasons = SubElement(
        box,
        "Choices",
        name=REASON,
        toName=TEXT,
        choice="multiple",
        showInline="true",
        # Repeated here: without it, Label Studio requires a reason also where the box is hidden.
        visibleWhen="choice-selected",
        whenTagName=VERDICT,
        whenChoiceValue="fix,reject",
        required="true",
        requiredMessage=words.heading("reasons_missing"),
    )
    for value, hint in REASONS.items():
        SubElement(reasons, "Choice", value=value, hint=localised(hint, words.language))
    SubElement(view, "Header", value=words.heading("quality"), size="5")
    SubElement(view, "Rating", name=QUALITY, toName=TEXT, maxRating=str(STARS), icon="star", size="small")
    SubElement(view, "Header", value=words.heading("comment"), size="5")
    SubElement(view, "TextArea", name=COMMENT, toName=TEXT, rows="2", maxSubmissions="1", editable="true")


def _explain(page: Element, category: Category, language: str, headings: dict[str, str]) -> None:
    title = SubElement(page, "h4")
    title.text = f"{localised(category.label, language)} ({category.name}, {headings['hotkey']} {category.hotkey})"
    SubElement(page, "p").text = localised(category.definition, language)
    if boundary := localised(category.boundary, language):
        line = SubElement(page, "p")
        SubElement(line, "b").text = f"{headings['boundary']}: "
        line[-1].tail = boundary
    examples = category.examples.get(language) or category.examples.get("en") or ()
    if examples:
        line = SubElement(page, "p")
        SubElement(line, "b").text = f"{headings['examples']}: "
        line[-1].tail = "; ".join(examples)
