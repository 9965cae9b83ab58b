"""A translation with its text to be corrected, beside the original, which is read only; numbers link their marks.

A record that translates none has the text alone: the rest of the page is hidden.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from annotation.label_studio.editor.controls import MAIN, ORIGINAL_PAGE, TEXT, TRANSLATION
from annotation.label_studio.editor.links import DIGITS, link_numbers, linked
from annotation.label_studio.editor.places import AT_TOP, LINE, NO_ORIGINAL
from annotation.label_studio.editor.variants.classification import document_labels, shown_labels
from annotation.label_studio.editor.variants.side_by_side import COLUMN, COLUMNS
from annotation.label_studio.editor.variants.spans import assertions, category_titles, labels, marks, relations, text
from annotation.label_studio.editor.variants.variant import EditorWording, Result
from curation.record import Layer, Record
from curation.scheme import Scheme

#: The whole of what is told by the original, and its parts that only a translation has.
PAIR, OF_A_TRANSLATION, WRITTEN = "curate-pair", "curate-of-a-translation", "curate-written"

#: The number of a mark before its first letter, from the digits in its id; a mark in another has digits of its own.
STYLE = "".join(
    (
        f".{PAIR}:has(.{NO_ORIGINAL}) .{OF_A_TRANSLATION}{{display:none!important}}",
        f".{WRITTEN} textarea{{min-height:9em;width:100%}}",
        '[class*="ones"]{--hundreds:"";--tens:""}',
        *(f'[class*="{digit}{value}"]{{--{digit}:"{value}"}}' for digit in DIGITS for value in range(10)),
        '[class*="ones"][data-start]::before{content:var(--hundreds) var(--tens) var(--ones);background:#37474f;',
        "color:#fff;border-radius:7px;padding:0 4px;margin-right:2px;font-size:10px;font-weight:bold}",
    )
)


def controls(view: Element, foot: Element, scheme: Scheme, words: EditorWording) -> None:
    """The labels; the text and its original in two columns; below them the text to be corrected."""
    SubElement(view, "Style").text = STYLE + _labels_without_numbers(scheme, words)
    pair = SubElement(view, "View", className=PAIR)
    if scheme.categories:
        labels(SubElement(pair, "View", className=AT_TOP), scheme, words, MAIN)
    columns = SubElement(pair, "View", style=COLUMNS)
    ours = SubElement(columns, "View", style=COLUMN)
    theirs = SubElement(SubElement(columns, "View", className=OF_A_TRANSLATION, style=COLUMN), "View")
    _heading(ours, words.heading("translation"))
    text(ours, MAIN)
    _heading(theirs, words.heading("original_to_read"))
    # Read only: no control labels it.
    SubElement(theirs, "HyperText", name=ORIGINAL_PAGE, value=f"${ORIGINAL_PAGE}", inline="true")
    written = SubElement(SubElement(pair, "View", className=OF_A_TRANSLATION), "View", className=WRITTEN)
    _heading(written, words.heading("correct_text"))
    SubElement(
        written,
        "TextArea",
        name=TRANSLATION,
        toName=TEXT,
        value=f"${TRANSLATION}",
        rows="8",
        maxSubmissions="1",
        editable="true",
        showSubmitButton="false",
    )
    if scheme.categories:
        assertions(foot, words, MAIN)
        relations(pair, scheme)
    document_labels(pair, scheme, words)


def _labels_without_numbers(scheme: Scheme, words: EditorWording) -> str:
    """What is read behind a mark: its label without the number that Label Studio counts marks by."""
    titles = sorted(category_titles(scheme, words.language).values(), key=len)
    quoted = [title.replace("\\", "\\\\").replace('"', '\\"') for title in titles]
    return "".join(f'.htx-highlight[data-label$=":{title}"]::after{{content:"{title}"!important}}' for title in quoted)


def _heading(view: Element, heading: str) -> None:
    box = SubElement(SubElement(view, "View", className=OF_A_TRANSLATION), "View", className=LINE)
    SubElement(box, "Header", value=heading, size="5")


def result(record: Record, layer: Layer, scheme: Scheme) -> Result:
    """The marks, those that came from the original with its number in their ids; then document labels."""
    prefixes = {id: linked(number) for id, number in link_numbers(layer).items()}
    return [*marks(record, layer, scheme, MAIN, prefixes=prefixes), *shown_labels(layer, scheme)]
