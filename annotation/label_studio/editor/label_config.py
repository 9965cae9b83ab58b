"""The editor that annotators work in, made from the scheme."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from annotation.label_studio.editor.controls import COMMENT, QUALITY, REASON, STARS, TEXT, VERDICT
from annotation.label_studio.editor.hotkeys import Hotkeys, hotkey_attribute
from annotation.label_studio.editor.places import AT_FOOT, AT_TOP, LINE, NOT_PRESENT, ROW
from annotation.label_studio.editor.task_summary import ASSERTED, CHECK
from annotation.label_studio.editor.variants import VARIANTS
from annotation.label_studio.editor.variants.variant import EditorWording
from annotation.label_studio.editor.wording import HEADINGS, REASONS, VERDICTS, localised, title
from annotation.label_studio.settings import Variant
from curation.scheme import Category, Scheme

#: Without this the page collapses blanks, and the shown text no longer matches the offsets.
TEXT_STYLE = '[class*="htx-richtext"]{white-space:pre-wrap}'

#: What stays in sight while a long text is scrolled is small, a heading beside its choices; the red of what is not
#: simply present can be read on a light and on a dark page.
STYLE = "".join(
    (
        TEXT_STYLE,
        f".{AT_TOP},.{AT_FOOT}{{position:sticky;z-index:5;background:var(--color-neutral-background)}}",
        f".{AT_TOP}{{top:0}}.{AT_FOOT}{{border-top:1px solid var(--color-neutral-border)}}",
        # Over the margin of the page too, where the text would be seen below it.
        f".{AT_FOOT}{{bottom:-16px;margin:0 -12px;padding:0 12px 16px}}",
        f".{ROW}{{display:flex;flex-wrap:wrap;align-items:center;column-gap:16px}}",
        f".{LINE},.{LINE} *,.{ROW} *{{font-size:14px!important;line-height:20px!important}}",
        f".{LINE} *,.{ROW} *{{margin-top:1px!important;margin-bottom:1px!important}}",
        f".{ROW} sup{{font-size:10px!important}}",
        f".{NOT_PRESENT} *{{color:#d4380d!important}}",
    )
)


def label_config(scheme: Scheme, *, language: str = "en", variant: Variant = Variant.SPANS) -> str:
    """The labelling interface as XML; values are the scheme's names, headings and hints are localised."""
    words = EditorWording(language, Hotkeys(category.hotkey for category in scheme.categories))
    # First, so that the verdict has the same keys with each scheme and variant.
    verdicts = {value: words.keys.take(preferred) for value, (preferred, _) in VERDICTS.items()}
    view = Element("View")
    SubElement(view, "Style").text = STYLE
    _summary(view)
    foot = Element("View", className=AT_FOOT)
    VARIANTS[variant].controls(view, foot, scheme, words)
    view.append(foot)
    _verdict(foot, words, verdicts)
    _remarks(view, words)
    indent(view)
    return tostring(view, encoding="unicode")


def guideline(scheme: Scheme, *, language: str = "en") -> str:
    """The scheme's definitions as HTML, for the instruction that annotators see before they begin."""
    headings = HEADINGS.get(language, HEADINGS["en"])
    page = Element("div")
    SubElement(page, "h3").text = headings["guideline"]
    if headings["buttons"]:
        SubElement(page, "p").text = headings["buttons"]
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


def _summary(view: Element) -> None:
    """What validation said, and what is negated, possible ... in the pre-annotation."""
    box = SubElement(view, "View", className=LINE)
    SubElement(box, "Header", value=f"${CHECK}", size="5")
    SubElement(SubElement(box, "View", className=NOT_PRESENT), "Header", value=f"${ASSERTED}", size="5")


def _verdict(view: Element, words: EditorWording, keys: Mapping[str, str | None]) -> None:
    """The verdict, and the reasons for a record that is fixed or rejected."""
    row = SubElement(view, "View", className=ROW)
    SubElement(row, "Header", value=words.heading("verdict"), size="5")
    verdict = SubElement(
        row,
        "Choices",
        name=VERDICT,
        toName=TEXT,
        choice="single",
        showInline="true",
        required="true",
        requiredMessage=words.heading("verdict_missing"),
    )
    for value, (_, hint) in VERDICTS.items():
        shown = {"value": title(value, words.language), "alias": value} | hotkey_attribute(keys[value])
        SubElement(verdict, "Choice", shown, hint=localised(hint, words.language))
    shown_with = {"visibleWhen": "choice-selected", "whenTagName": VERDICT, "whenChoiceValue": "fix,reject"}
    box = SubElement(SubElement(view, "View", shown_with), "View", className=ROW)
    SubElement(box, "Header", value=words.heading("reasons"), size="5")
    reasons = SubElement(
        box,
        "Choices",
        # Repeated here: without it, Label Studio requires a reason also where the box is hidden.
        shown_with,
        name=REASON,
        toName=TEXT,
        choice="multiple",
        showInline="true",
        required="true",
        requiredMessage=words.heading("reasons_missing"),
    )
    for value, hint in REASONS.items():
        shown = {"value": title(value, words.language), "alias": value}
        SubElement(reasons, "Choice", shown, hint=localised(hint, words.language))


def _remarks(view: Element, words: EditorWording) -> None:
    """A rating of quality, and a comment."""
    SubElement(view, "Header", value=words.heading("quality"), size="5")
    SubElement(view, "Rating", name=QUALITY, toName=TEXT, maxRating=str(STARS), icon="star", size="small")
    SubElement(view, "Header", value=words.heading("comment"), size="5")
    SubElement(view, "TextArea", name=COMMENT, toName=TEXT, rows="2", maxSubmissions="1", editable="true")


def _explain(page: Element, category: Category, language: str, headings: dict[str, str]) -> None:
    title = SubElement(page, "h4")
    key = f", {headings['hotkey']} {category.hotkey}" if category.hotkey else ""
    title.text = f"{localised(category.label, language)} ({category.name}{key})"
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
