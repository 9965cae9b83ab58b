"""Where spans of a text stand in its translation, without any model."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.errors import ConfigError
from curation.translate.projection.assignment import project
from curation.translate.projection.links import Side
from curation.translate.projection.meanings import WordMeanings
from curation.translate.projection.placing import placed
from curation.translate.projection.projected import ProjectedSpan, ProjectionMethod, ProjectionState

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


@pytest.mark.parametrize(
    ("marked", "states"),
    [
        # Each marker around its own words: what stands where it should is agreement enough.
        (("Bewusstlosigkeit", "Fieber", "Krampfanfall"), ("agreed", "agreed", "agreed")),
        # Exchanged markers: only what is spelt alike is confirmed where others are contradicted.
        (("Bewusstlosigkeit", "Krampfanfall", "Fieber"), ("single", "disagreeing", "disagreeing")),
    ],
)
def test_a_place_alone_confirms_nothing_where_markers_were_exchanged(
    marked: tuple[str, ...], states: tuple[str, ...]
) -> None:
    source, target = "Blackout, fever and a seizure.", "Bewusstlosigkeit, Fieber und ein Krampfanfall."
    spans = [((source.index(word), source.index(word) + len(word)),) for word in ("Blackout", "fever", "seizure")]
    markers = {number: ((target.index(word), target.index(word) + len(word)),) for number, word in enumerate(marked)}
    found = placed(Side(source, ENGLISH), Side(target, GERMAN), spans, {ProjectionMethod.MARKER: markers})
    assert [placement.state for placement in found] == [ProjectionState(state) for state in states]


class TwoMeanings:
    """An encoder for which the words of each line mean the same, and are like no other."""

    name, revision, dimensions = "two", "1", 4
    lines = (("syncope", "Bewusstlosigkeit"), ("seizure", "Krampfanfall"))

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.full((len(texts), 4), 0.5, dtype=np.float32)
        for row, text in enumerate(texts):
            for number, line in enumerate(self.lines):
                if text in line:
                    vectors[row] = np.eye(4, dtype=np.float32)[number]
        return vectors


def test_what_words_mean_places_those_that_spelling_does_not_link() -> None:
    source, target = "Syncope was seen after a seizure.", "Nach einem Krampfanfall kam es zur Bewusstlosigkeit."
    source = source[0].lower() + source[1:]
    spans = [((source.index(word), source.index(word) + len(word)),) for word in ("syncope", "seizure")]
    meanings = WordMeanings("two", TwoMeanings())
    found = project(Side(source, ENGLISH), Side(target, GERMAN), spans, meanings=meanings)
    assert [target[slice(*place.fragments[0])] for place in found if place] == ["Bewusstlosigkeit", "Krampfanfall"]
    assert project(Side(source, ENGLISH), Side("", GERMAN), spans, meanings=meanings) == [None, None]


def test_words_are_sent_to_no_address() -> None:
    with pytest.raises(ConfigError, match="expected an encoder on this machine"):
        WordMeanings("http://127.0.0.1:8080/v1#bge-m3")
