from __future__ import annotations

import subprocess
import sys
from xml.etree.ElementTree import fromstring

import pytest

from annotation.review.label_config import guideline, label_config
from annotation.review.project import values
from curation.scheme import Category, DocumentLabel, RelationType, Scheme

SMALL = Scheme(
    name="small",
    version=1,
    categories=(
        Category(
            name="drug",
            label={"en": 'Drug & "dose"', "de": "Wirkstoff <und> Dosis"},
            definition={"en": "What was given."},
            boundary={"en": "Not the route."},
            examples={"en": ("heparin",)},
            colour="#ff0000",
            hotkey="a",
        ),
        Category(name="age", label={"en": "Age"}, definition={"en": "In years."}, colour="#00ff00", hotkey="f"),
    ),
    relations=(RelationType(name="treats"),),
    labels=(DocumentLabel(name="smoker", values=("never", "past", "now")),),
)


def test_labels_come_from_the_scheme() -> None:
    labels = fromstring(label_config(SMALL)).find("Labels")
    assert labels is not None
    assert labels.attrib == {"name": "label", "toName": "text", "showInline": "true"}
    assert [label.attrib for label in labels] == [
        {"value": "drug", "background": "#ff0000", "hotkey": "a", "hint": 'Drug & "dose": What was given.'},
        {"value": "age", "background": "#00ff00", "hotkey": "f", "hint": "Age: In years."},
    ]


def test_the_text_keeps_its_blanks() -> None:
    view = fromstring(label_config(SMALL))
    assert view.findtext("Style") == ".htx-text{white-space:pre-wrap}"
    text = view.find("Text")
    assert text is not None
    assert text.attrib == {"name": "text", "value": "$text", "granularity": "word", "showLabels": "true"}


def test_all_that_annotations_can_hold() -> None:
    assert values(label_config(SMALL)) == {
        *(f"label: {name}" for name in ("drug", "age")),
        *(f"assertion: {name}" for name in ("present", "negated", "possible", "conditional")),
        *(f"assertion: {name}" for name in ("historical", "family")),
        *(f"document_smoker: {name}" for name in ("never", "past", "now")),
        *(f"verdict: {name}" for name in ("accept", "fix", "reject")),
        *(f"reasons: {name}" for name in ("invention", "omission", "wrong_category", "boundary")),
        *(f"reasons: {name}" for name in ("wrong_value", "translation", "identifier")),
    }
    relations = fromstring(label_config(SMALL)).iter("Relation")
    assert [relation.get("value") for relation in relations] == ["treats", "continues"]


def test_hotkeys_are_distinct_even_when_the_scheme_takes_the_wished_ones(scheme: Scheme) -> None:
    for one in (SMALL, scheme):
        keys = [element.get("hotkey") for element in fromstring(label_config(one)).iter()]
        given = [key for key in keys if key]
        assert len(given) == len(set(given)) == len(one.categories) + 9


def test_hints_and_headings_are_in_the_language(scheme: Scheme) -> None:
    german = label_config(scheme, language="de")
    assert "Was der Text über die markierte Angabe sagt" in german
    assert values(german) == values(label_config(scheme, language="en"))
    assert "Drug" in label_config(SMALL, language="fr")


def test_the_guideline_explains_each_category() -> None:
    page = guideline(SMALL, language="en")
    assert page == (
        "<div><h3>Guideline</h3>"
        '<h4>Drug &amp; "dose" (drug, Key a)</h4><p>What was given.</p>'
        "<p><b>Boundary: </b>Not the route.</p><p><b>Examples: </b>heparin</p>"
        "<h4>Age (age, Key f)</h4><p>In years.</p></div>"
    )
    assert "Wirkstoff &lt;und&gt; Dosis" in guideline(SMALL, language="de")


def test_label_studio_itself_accepts_the_config(scheme: Scheme) -> None:
    interface = pytest.importorskip("label_studio_sdk.label_interface")
    for one in (SMALL, scheme):
        interface.LabelInterface(label_config(one)).validate()


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = "{'label_studio_sdk', 'httpx', 'sqlalchemy'} & set(sys.modules)"
    code = f"import sys, annotation.review, annotation.review.settings; print({heavy})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
