from __future__ import annotations

import re
from xml.etree.ElementTree import fromstring

import pytest

from annotation.adjudication.differences import disagreements, disagreements_page, shown_names, text_segments
from annotation.adjudication.project import with_differences
from annotation.adjudication.settings import AdjudicationSettings
from annotation.adjudication.task_payloads import adjudication_payload
from annotation.adjudication.wording import adjudication_wording
from annotation.agreement.ballot import ballot
from annotation.label_studio.editor.label_config import label_config
from curation.scheme import Scheme

MARKED = {
    "anna": "<b>No</b> [high fever]{signs_symptoms negated} & [cough]{signs_symptoms}\n\tin [May]{age}.",
    "ben": "<b>No</b> high [fever]{signs_symptoms negated} & [cough]{signs_symptoms}\n\tin May.",
}


@pytest.fixture
def vote(reviews):
    return ballot(*reviews(**MARKED))


def seen(vote, scheme: Scheme, *, language: str = "en", blind: bool = False):
    said = adjudication_wording(language)
    names = shown_names(vote, said, blind=blind)
    found = disagreements(vote, scheme, names, said, language=language)
    return found, disagreements_page(vote, found, said)


def test_the_stretches_are_the_text_and_name_what_is_disputed(vote) -> None:
    found = list(text_segments(vote))
    assert "".join(one.text for one in found) == vote.record.text
    assert [(one.text, one.within, one.ending) for one in found if one.within] == [
        ("high ", (1,), ()),
        ("fever", (1, 2), (1, 2)),
        ("May", (3,), (3,)),
    ]


def test_the_list_says_who_said_what_and_who_did_not(vote, scheme: Scheme) -> None:
    found, _ = seen(vote, scheme)
    assert [(one.number, one.what, [(v.text, v.names) for v in one.opinions], one.silent) for one in found] == [
        (1, "Signs and symptoms", [("high fever (stated as absent)", ("anna",))], ("ben",)),
        (2, "Signs and symptoms", [("fever (stated as absent)", ("ben",))], ("anna",)),
        (3, "Age", [("May", ("anna",))], ("ben",)),
    ]


def test_translations_that_were_corrected_otherwise_are_told_by_their_words(reviews, scheme: Scheme) -> None:
    same = "Hohes [Fieber]{signs_symptoms} und Hust."
    record, layers = reviews(anna=same, ben=same, clara=same, deniz=same)

    def wrote(**texts: str):
        corrected = {
            name: layer.model_copy(update={"provenance": {**layer.provenance, "translation": texts[name[6:]]}})
            for name, layer in layers.items()
            if name[6:] in texts
        }
        return ballot(record, layers | corrected)

    alike = wrote(anna="Hohes Fieber und Husten.", ben="Hohes Fieber und Husten.\n", clara=record.text, deniz="")
    assert not alike.is_disputed
    apart = wrote(anna="Hohes Fieber und Husten.", ben="Starkes Fieber und Hust.", clara=record.text)
    assert apart.is_disputed
    (found,), page = seen(apart, scheme)
    assert (found.kind, found.silent) == ("text", ("clara", "deniz"))
    assert [(opinion.text, opinion.names) for opinion in found.opinions] == [
        ("Hust. → Husten.", ("anna",)),
        ("Hohes → Starkes", ("ben",)),
    ]
    assert "text of the translation" in page


def test_the_page_is_escaped_and_well_formed(vote, scheme: Scheme) -> None:
    _, html = seen(vote, scheme)
    assert "<b>No</b>" not in html
    assert "&lt;b&gt;No&lt;/b&gt;" in html
    root = fromstring(html)
    text = next(one for one in root.iter("div") if "pre-wrap" in one.get("style", ""))
    for number in text.iter("sup"):
        number.text = ""
    assert "".join(text.itertext()) == vote.record.text


def test_a_blind_page_names_nobody(vote, scheme: Scheme) -> None:
    for language in ("en", "de"):
        _, html = seen(vote, scheme, language=language, blind=True)
        assert re.search(r"\b(anna|ben)\b", html) is None
        assert adjudication_wording(language).reviewer.format(letter="B") in html


def test_letters_are_drawn_anew_for_each_record(reviews) -> None:
    firsts = set()
    for number in range(20):
        vote = ballot(*reviews(anna=f"[fever]{{age}} {number}", ben=f"fever {number}"))
        names = shown_names(vote, adjudication_wording("en"), blind=True)
        firsts.add(min(names, key=names.__getitem__))
    assert firsts == {"human:anna", "human:ben"}


def test_the_adjudicator_begins_with_all_marks_and_sees_each_review(vote, scheme: Scheme) -> None:
    sent = adjudication_payload(vote, scheme, AdjudicationSettings(), language="en")
    assert sent.versions == ("to decide", "anna", "ben")
    first = [part for part in sent.predictions[0]["result"] if part["type"] == "labels"]
    assert [(part["value"]["text"], part["score"], part.get("meta")) for part in first] == [
        ("high fever", 0.5, {"text": ["high fever (stated as absent): anna (1 of 2)"]}),
        ("fever", 0.5, {"text": ["fever (stated as absent): ben (1 of 2)"]}),
        ("cough", 1.0, None),
        ("May", 0.5, {"text": ["May: anna (1 of 2)"]}),
    ]
    assert "high" in sent.task["data"]["differences"]


def test_the_adjudicator_may_begin_with_the_majority(vote, scheme: Scheme) -> None:
    settings = AdjudicationSettings(start="majority", blind=True)
    sent = adjudication_payload(vote, scheme, settings, language="en")
    assert [part["value"]["text"] for part in sent.predictions[0]["result"] if part["type"] == "labels"] == ["cough"]
    assert sent.versions == ("to decide", "Reviewer A", "Reviewer B")


def test_the_config_shows_the_differences_before_the_work(scheme: Scheme) -> None:
    plain = fromstring(label_config(scheme))
    config = fromstring(with_differences(label_config(scheme), adjudication_wording("en")))
    tags = [child.tag for child in config]
    assert tags.index("View") == sum(child.tag == "Style" for child in plain)
    (panel,) = config.iter("HyperText")
    assert panel.get("value") == "$differences"
    assert {one.get("toName") for one in config.iter() if one.get("toName")} == {
        one.get("toName") for one in plain.iter() if one.get("toName")
    }


def test_every_language_has_all_words() -> None:
    assert adjudication_wording("de").start != adjudication_wording("en").start
    assert adjudication_wording("xx") == adjudication_wording("en")
    assert set(adjudication_wording("de").kinds) == set(adjudication_wording("en").kinds)
    assert set(adjudication_wording("de").columns) == set(adjudication_wording("en").columns)
