from __future__ import annotations

import subprocess
import sys
from xml.etree.ElementTree import fromstring

import pytest

from annotation.label_studio.editor.config_values import config_values
from annotation.label_studio.editor.hotkeys import Hotkeys
from annotation.label_studio.editor.label_config import guideline, label_config
from annotation.label_studio.editor.variants.spans import category_titles
from annotation.label_studio.settings import Variant
from curation.errors import SchemeError
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
    labels = fromstring(label_config(SMALL)).find(".//Labels")
    assert labels is not None
    assert labels.attrib == {"name": "label", "toName": "text", "showInline": "true", "smart": "true"}
    assert [label.attrib for label in labels] == [
        {
            "value": 'Drug & "dose"',
            "alias": "drug",
            "background": "#ff0000",
            "hotkey": "a",
            "hint": 'Drug & "dose": What was given.',
        },
        {"value": "Age", "alias": "age", "background": "#00ff00", "hotkey": "f", "hint": "Age: In years."},
    ]


def test_categories_of_one_label_are_told_apart() -> None:
    drug, age = SMALL.categories
    named = {"drug": "Age", "age": "Age"}
    twins = [category.model_copy(update={"label": {"en": named[category.name]}}) for category in (drug, age)]
    assert category_titles(SMALL.model_copy(update={"categories": tuple(twins)}), "en") == {
        "drug": "Age (drug)",
        "age": "Age (age)",
    }
    crossed = [drug.model_copy(update={"label": {"en": "age"}}), age]
    assert category_titles(SMALL.model_copy(update={"categories": tuple(crossed)}), "en") == {
        "drug": "age (drug)",
        "age": "Age",
    }


def test_the_text_keeps_its_blanks() -> None:
    view = fromstring(label_config(SMALL))
    assert '[class*="htx-richtext"]{white-space:pre-wrap}' in (view.findtext("Style") or "")
    text = view.find("Text")
    assert text is not None
    assert text.attrib == {"name": "text", "value": "$text", "granularity": "word", "showLabels": "true"}


def test_all_that_annotations_can_hold() -> None:
    assert config_values(label_config(SMALL)) == {
        *(f"label: {name}" for name in ("drug", "age")),
        *(f"assertion: {name}" for name in ("present", "negated", "possible", "conditional")),
        *(f"assertion: {name}" for name in ("historical", "family")),
        *(f"document_smoker: {name}" for name in ("never", "past", "now")),
        *(f"verdict: {name}" for name in ("accept", "fix", "reject")),
        *(f"reasons: {name}" for name in ("invention", "omission", "wrong_category", "boundary")),
        *(f"reasons: {name}" for name in ("wrong_value", "translation", "identifier")),
        "quality",
        "comment",
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
    shown = {str(element.get("value")) for element in fromstring(german).iter() if element.get("alias")}
    assert {"Symptome und Befunde", "verneint", "verwerfen", "steht nicht im Text"} <= shown
    english = {str(element.get("value")) for element in fromstring(label_config(scheme)).iter() if element.get("alias")}
    assert not shown & english - {"Pathologie"}
    messages = [str(element.get("requiredMessage")) for element in fromstring(german).iter() if element.get("required")]
    assert len(messages) == 2
    assert all(message.startswith("Bitte geben Sie") for message in messages)
    assert config_values(german) == config_values(label_config(scheme, language="en"))
    assert "Drug" in label_config(SMALL, language="fr")


def test_the_guideline_explains_each_category() -> None:
    page = guideline(SMALL, language="en")
    assert page == (
        "<div><h3>Guideline</h3>"
        '<h4>Drug &amp; "dose" (drug, Key a)</h4><p>What was given.</p>'
        "<p><b>Boundary: </b>Not the route.</p><p><b>Examples: </b>heparin</p>"
        "<h4>Age (age, Key f)</h4><p>In years.</p>"
        "<h4>smoker</h4><p><b>One of: </b>never; past; now</p></div>"
    )
    german = guideline(SMALL, language="de")
    assert "Wirkstoff &lt;und&gt; Dosis" in german
    assert "Submit speichert Ihre Antwort" in german


@pytest.mark.parametrize("variant", Variant)
def test_label_studio_itself_accepts_the_config(scheme: Scheme, variant: Variant) -> None:
    interface = pytest.importorskip("label_studio_sdk.label_interface")
    labelled = scheme.model_copy(update={"labels": SMALL.labels})
    for one in (SMALL, labelled):
        interface.LabelInterface(label_config(one, variant=variant)).validate()


def test_each_text_has_its_own_labels_side_by_side() -> None:
    view = fromstring(label_config(SMALL, variant=Variant.SIDE_BY_SIDE))
    texts = {text.get("name"): text.get("value") for text in view.iter("Text")}
    assert texts == {"text": "$text", "original": "$original"}
    assert [(labels.get("name"), labels.get("toName")) for labels in view.iter("Labels")] == [
        ("label", "text"),
        ("original_label", "original"),
    ]
    keys = [element.get("hotkey") for element in view.iter() if element.get("hotkey")]
    assert len(keys) == len(set(keys))


def test_facts_are_lines_of_each_category() -> None:
    view = fromstring(label_config(SMALL, variant=Variant.FLAT, language="de"))
    assert [area.get("name") for area in view.iter("TextArea")] == ["facts_drug", "facts_age", "comment"]
    assert view.find(".//Labels") is None
    assert "Wirkstoff <und> Dosis" in [header.get("value") for header in view.iter("Header")]


def test_classification_needs_something_to_choose(scheme: Scheme) -> None:
    view = fromstring(label_config(SMALL, variant=Variant.CLASSIFICATION))
    assert [choices.get("name") for choices in view.iter("Choices")] == ["document_smoker", "verdict", "reasons"]
    with pytest.raises(SchemeError, match="expected document labels in the scheme"):
        label_config(scheme.model_copy(update={"labels": ()}), variant=Variant.CLASSIFICATION)


def test_what_is_not_accepted_needs_a_reason() -> None:
    (reasons,) = (one for one in fromstring(label_config(SMALL)).iter("Choices") if one.get("name") == "reasons")
    assert (reasons.get("required"), reasons.get("whenChoiceValue")) == ("true", "fix,reject")
    assert reasons.get("requiredMessage") == "Please say what is wrong."


def test_a_hundred_labels_have_a_hundred_keys() -> None:
    keys = Hotkeys(())
    taken = [keys.take("a") for _ in range(130)]
    assert len(set(taken)) == 130


@pytest.mark.server
def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = "{'label_studio_sdk', 'httpx', 'sqlalchemy'} & set(sys.modules)"
    code = f"import sys, annotation.label_studio, annotation.review_settings; print({heavy})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize("variant", [Variant.SPANS, Variant.CLASSIFICATION])
def test_a_scheme_of_document_labels_asks_for_nothing_else(variant: Variant) -> None:
    only = Scheme(name="s", labels=(DocumentLabel(name="smoking", values=("a", "b"), definition={"en": "smokes?"}),))
    view = fromstring(label_config(only, variant=variant))
    assert view.find("Labels") is None
    assert view.find("Relations") is None
    assert [choice.get("value") for choice in view.iterfind("Choices[@name='document_smoking']/Choice")] == ["a", "b"]
    assert "One of: </b>a; b" in guideline(only)
    assert "Eines von: </b>a; b" in guideline(only, language="de")
    with pytest.raises(SchemeError, match="expected categories"):
        label_config(only, variant=Variant.FLAT)
