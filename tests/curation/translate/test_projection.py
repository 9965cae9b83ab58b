"""Where spans of a text stand in its translation, without any model."""

from __future__ import annotations

import unicodedata

import pytest

from curation.translate.projection.assignment import project
from curation.translate.projection.links import Side
from curation.translate.projection.projected import ProjectedSpan

ENGLISH, GERMAN = "en", "de"


def places(source: str, target: str, *wordings: str, to: str = GERMAN) -> list[str | None]:
    """The wordings in the target of wordings of the source, each where it stands first."""
    found = projected(source, target, *wordings, to=to)
    return [None if span is None else " … ".join(target[slice(*at)] for at in span.fragments) for span in found]


def projected(source: str, target: str, *wordings: str, to: str = GERMAN) -> list[ProjectedSpan | None]:
    spans = [((source.index(wording), source.index(wording) + len(wording)),) for wording in wordings]
    other = ENGLISH if to == GERMAN else GERMAN
    return project(Side(source, other), Side(target, to), spans)


def test_spans_are_found_in_another_order_without_articles_at_their_edges() -> None:
    source = "She had fever for three days and a painful swelling of the left knee."
    target = "Am linken Knie bestand eine schmerzhafte Schwellung, und seit drei Tagen hatte sie Fieber."
    found = places(source, target, "fever", "for three days", "left knee")
    assert found == ["Fieber", "seit drei Tagen", "linken Knie"]


def test_a_term_of_several_words_becomes_one_compound() -> None:
    source = "History of renal insufficiency and a stroke."
    target = "Niereninsuffizienz und Schlaganfall in der Anamnese."
    found = projected(source, target, "renal insufficiency", "stroke")
    assert [target[slice(*span.fragments[0])] for span in found if span] == ["Niereninsuffizienz", "Schlaganfall"]
    assert not any(span.is_part_of_word for span in found if span)


def test_a_part_of_a_compound_is_cut_out_and_flagged() -> None:
    source = "Transplantation of a kidney was planned."
    target = "Eine Nierentransplantation war geplant."
    kidney, surgery = projected(source, target, "kidney", "Transplantation")
    assert kidney
    assert surgery
    assert kidney == ProjectedSpan(((5, 11),), pytest.approx(kidney.score), is_part_of_word=True)
    assert surgery == ProjectedSpan(((11, 26),), pytest.approx(surgery.score), is_part_of_word=True)


def test_the_way_back_cuts_the_source() -> None:
    source, target = "Eine Nierentransplantation war geplant.", "Transplantation of a kidney was planned."
    at = source.index("Nieren")
    (found,) = project(Side(source, GERMAN), Side(target, ENGLISH), [((at, at + len("Nieren")),)])
    assert found
    assert target[slice(*found.fragments[0])] == "kidney"


def test_decomposed_letters_keep_their_places() -> None:
    source = "Swelling of the right foot, no fever."
    target = unicodedata.normalize("NFD", "Kein Fieber, Schwellung am rechten Fuß, Ödem möglich.")
    assert places(source, target, "fever", "right foot") == ["Fieber", "rechten Fuß"]


@pytest.mark.parametrize("value", ["38.5", "120/80"])
def test_numbers_go_to_their_like(value: str) -> None:
    source = f"Temperature {value} measured twice, pulse 92."
    target = f"Puls 92, zweimal gemessen {value.replace('.', ',')} Temperatur."
    assert places(source, target, value, "92") == [value.replace(".", ","), "92"]


def test_a_span_in_gaps_stays_in_gaps_or_closes_them() -> None:
    source = "Heart and kidney failure."
    target = "Herz- und Nierenversagen."
    heart = ((0, 5), (source.index("failure"), source.index("failure") + 7))
    (found,) = project(Side(source, ENGLISH), Side(target, GERMAN), [heart])
    assert found
    assert [target[slice(*at)] for at in found.fragments] == ["Herz", "versagen"]


def test_a_span_in_another_may_share_its_place() -> None:
    source, target = "Chronic cough since spring.", "Seit dem Frühjahr chronischer Husten."
    assert places(source, target, "Chronic cough", "cough") == ["chronischer Husten", "Husten"]


def test_two_spans_that_lie_apart_share_no_place() -> None:
    source, target = "Aspirin and aspirin again.", "Aspirin und wieder Aspirin."
    first, second = source.index("Aspirin"), source.index("aspirin")
    found = project(Side(source, ENGLISH), Side(target, GERMAN), [((at, at + 7),) for at in (first, second)])
    assert sorted(span.fragments for span in found if span) == [((0, 7),), ((19, 26),)]


@pytest.mark.parametrize("target", ["", "   ", "...", "und der die"])
def test_a_target_without_words_has_no_place(target: str) -> None:
    assert projected("Fever.", target, "Fever") == [None]


def test_no_spans_give_nothing() -> None:
    assert project(Side("Fever.", ENGLISH), Side("Fieber.", GERMAN), []) == []


def test_a_span_of_function_words_only_is_found_by_its_place() -> None:
    assert places("He coughs.", "Er hustet.", "He") == ["Er"]
