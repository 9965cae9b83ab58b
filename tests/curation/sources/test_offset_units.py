"""What offsets count, settled once per document: any counting of any text comes in right, or is said to be wrong."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from curation.record import Alignment
from curation.sources import Problem, Read, ReadOptions, read

ENGLISH = ReadOptions(language="en")
LETTER = "Grüße 🩺 aus München\r\nGicht\r\nAspirin: Ausschlag\r\nu\u0308bel 🩺\r\nAspirin 100 mg täglich"


def utf8(text: str) -> int:
    return len(text.encode())


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


#: Where a character stands in other tools, by what stands before it.
COUNTINGS = {
    "characters": len,
    "UTF-16 units": utf16,
    "bytes": utf8,
    "characters, line ends as one": lambda before: len(before.replace("\r\n", "\n")),
    "UTF-16 units, line ends as one": lambda before: utf16(before.replace("\r\n", "\n")),
    "bytes, line ends as one": lambda before: utf8(before.replace("\r\n", "\n")),
    "characters, from a byte order mark or from 1": lambda before: 1 + len(before),
    "bytes, from a byte order mark": lambda before: 3 + utf8(before),
}


def standoff(text: str, spans, count, *, inclusive: bool = False) -> str:
    """The annotations of BRAT of these spans, counted in some way."""
    lines = []
    for number, (start, end) in enumerate(spans, start=1):
        last = count(text[:end]) - inclusive
        words = " ".join(text[start:end].splitlines())
        lines.append(f"T{number}\tX {count(text[:start])} {last}\t{words}\n")
    return "".join(lines)


def spans_of(text: str, *wordings: str):
    """The last place of each wording."""
    return [(text.rindex(words), text.rindex(words) + len(words)) for words in wordings]


@pytest.fixture
def pair(written):
    def write(text: str, ann: str, *, mark: str = ""):
        written("set/d.ann", ann)
        return written("set/d.txt", mark + text).parent

    return write


@pytest.mark.parametrize("name", COUNTINGS)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_what_the_offsets_count_is_found_said_and_recorded(pair, outcome, name, mark):
    spans = spans_of(LETTER, "Gicht", "u\u0308bel", "Aspirin", "100 mg", "täglich")
    result = outcome(pair(LETTER, standoff(LETTER, spans, COUNTINGS[name]), mark=mark), options=ENGLISH)
    (layer,) = result.layers
    assert [entity.spans for entity in layer.entities] == [(span,) for span in spans]
    assert {entity.alignment for entity in layer.entities} == {Alignment.EXACT}
    assert (result.problems, result.realigned) == ([], 0)
    if name == "characters":
        assert (result.noticed, layer.provenance) == ([], {"format": "brat"})
    else:
        assert result.noticed == [f"d.txt:1: counted in {name}"]
        assert layer.provenance["offsets"] == name


def test_the_text_may_have_lost_the_line_ends_that_the_offsets_count(pair, outcome):
    text = LETTER.replace("\r\n", "\n")
    spans = spans_of(text, "Gicht", "Aspirin", "täglich")
    ann = standoff(text, spans, lambda before: utf8(before.replace("\n", "\r\n")))
    result = outcome(pair(text, ann), options=ENGLISH)
    assert [found for _, _, found in result.entities] == [(span,) for span in spans]
    assert result.noticed == ["d.txt:1: counted in bytes, line ends as two"]


@pytest.mark.parametrize(("lead", "where"), [(37, "37 before the text"), (-6, "6 after its start")])
def test_the_text_may_have_lost_or_got_a_header(pair, outcome, lead, where):
    text = "Aspirin. Aspirin 100 mg abends, Gicht seit 2009, Aspirin vertragen, Husten nachts"
    spans = spans_of(text, "Gicht", "Husten", "100 mg", "Aspirin")
    ann = standoff(text, spans, lambda before: len(before) + lead)
    result = outcome(pair(text, ann), options=ENGLISH)
    assert [found for _, _, found in result.entities] == [(span,) for span in spans]
    assert result.noticed == [f"d.txt:1: counted in characters, from {where}"]


def test_a_header_is_believed_by_several_wordings_only(pair, outcome):
    text = "Aspirin. Aspirin 100 mg abends, Gicht seit 2009, Aspirin vertragen"
    ann = standoff(text, spans_of(text, "Gicht", "Aspirin"), lambda before: len(before) + 9)
    result = outcome(pair(text, ann), options=ENGLISH)
    assert ([words for _, words, _ in result.entities], result.realigned, len(result.problems)) == (["Gicht"], 1, 1)


def test_ends_may_be_the_last_character(pair, outcome):
    spans = spans_of(LETTER, "Gicht", "Aspirin", "täglich")
    result = outcome(pair(LETTER, standoff(LETTER, spans, len, inclusive=True)), options=ENGLISH)
    assert [found for _, _, found in result.entities] == [(span,) for span in spans]
    assert result.noticed == ["d.txt:1: counted in characters, ends inclusive"]


def test_a_row_settles_its_own(written, outcome):
    text = "🩺 fever, fever"
    fever = {"label": "X", "start": 10, "end": 15, "text": "fever"}
    result = outcome(written("x.jsonl", json.dumps({"text": text, "entities": [fever]})), options=ENGLISH)
    assert result.entities == [("X", "fever", ((9, 14),))]
    assert result.noticed == ["x.jsonl:1: counted in UTF-16 units"]


def test_single_wordings_that_are_elsewhere_are_moved_and_counted(pair, outcome):
    text = "No fever, no cough. Given aspirin at night, pain on walking."
    ann = standoff(text, spans_of(text, "fever", "cough", "pain"), len) + "T9\tX 50 57\taspirin\n"
    result = outcome(pair(text, ann), options=ENGLISH)
    assert [(found.text, found.spans, found.alignment) for found in result.layers[0].entities] == [
        ("fever", ((3, 8),), Alignment.EXACT), ("cough", ((13, 18),), Alignment.EXACT),
        ("pain", ((44, 48),), Alignment.EXACT), ("aspirin", ((26, 33),), Alignment.FUZZY),
    ]  # fmt: skip
    assert (result.realigned, result.layers[0].provenance["realigned"], result.notices) == (1, 1, [])


def test_a_wording_that_could_be_in_several_places_is_no_guess(pair, outcome):
    text = "Aspirin: rash. On discharge aspirin, cough, pain; aspirin later."
    ann = standoff(text, spans_of(text, "cough", "pain"), len) + "T9\tX 8 15\taspirin\n"
    result = outcome(pair(text, ann), options=ENGLISH)
    assert [words for _, words, _ in result.entities] == ["cough", "pain"]
    assert result.said == [
        "d.ann:3: entity T9: expected its wording (7 characters) at 8 to 15, got other text there, "
        "and its wording elsewhere more than once"
    ]


def test_two_countings_that_differ_are_a_problem(pair, outcome):
    text = "🩺 abab."  # unit 5 is the second "ab" in UTF-16, the first one in bytes, and no "ab" in characters
    result = outcome(pair(text, "T1\tX 5 7\tab\n"), options=ENGLISH)
    assert result.entities == []
    (said,) = result.said
    assert said.startswith("d.ann:1: entity T1: its offsets may be counted in UTF-16 units or bytes")


def test_where_no_counting_fits_the_entities_are_problems(pair, outcome):
    text = "Fever. Fever. Cough. Cough."
    result = outcome(pair(text, "T1\tX 2 7\tfever\nT2\tX 11 16\tCough\nT3\tX 3 9\tjaundice\n"), options=ENGLISH)
    assert (result.entities, len(result.problems), result.realigned) == ([], 3, 0)


def test_offsets_without_wordings_are_converted_where_only_one_counting_cuts_no_word(written, outcome):
    text = "Grüße aus München: Übelkeit, Fieber, Müdigkeit und Röteln bemerkt"
    spans = spans_of(text, "Übelkeit", "Fieber", "Müdigkeit", "Röteln", "bemerkt")
    row = {"text": text, "entities": [[utf8(text[:start]), utf8(text[:end]), "X"] for start, end in spans]}
    result = outcome(written("x.jsonl", json.dumps(row)), options=ENGLISH)
    assert [found for _, _, found in result.entities] == [(span,) for span in spans]
    assert result.noticed == ["x.jsonl:1: counted in bytes"]


def test_offsets_without_wordings_that_cut_words_are_said_or_refused(written, outcome):
    text = "Herzinsuffizienz und Fieber, Husten, Schmerz"
    few = {"text": text, "entities": [[0, 4, "X"], [21, 27, "X"], [29, 35, "X"]]}
    most = {"text": text, "entities": [[1, 4, "X"], [22, 27, "X"], [30, 34, "X"], [29, 35, "X"]]}
    result = outcome(written("x.jsonl", f"{json.dumps(few)}\n{json.dumps(most)}\n"), options=ENGLISH)
    assert [words for _, words, _ in result.entities] == ["Herz", "Fieber", "Husten", "Husten"]
    assert result.noticed == ["x.jsonl:1: offsets that cut words in 1 of 3 entities without a wording"]
    assert [said.partition(": expected")[0] for said in result.said] == [
        "x.jsonl:2: entity T1", "x.jsonl:2: entity T2", "x.jsonl:2: entity T3"
    ]  # fmt: skip


def test_rules_of_a_mapping_see_settled_offsets(pair, outcome):
    spans = spans_of(LETTER, "Gicht", "Aspirin", "100 mg")
    ann = standoff(LETTER, spans, utf8).replace("T2\tX", "T2\tDrug").replace("T3\tX", "T3\tDose")
    mapping = {
        "language": {"value": "de"},
        "categories": [
            {"type": "Drug", "category": "drug", "join": [{"relation": "HAS", "types": "Dose", "direction": "to"}]}
        ],
    }
    folder = pair(LETTER, ann + "R1\tHAS Arg1:T2 Arg2:T3\n")
    assert ("drug", "Aspirin 100 mg", ((spans[1][0], spans[2][1]),)) in outcome(folder, mapping=mapping).entities


WORDS = st.sampled_from(["Fieber", "Grüße", "🩺", "u\u0308bel", "mg", "10", "Hb", "ß", "naïve", "ab", "🩺🩺x"])
GAPS = st.sampled_from([" ", "\r\n", "\n", ", ", " \r\n", "\r\n\r\n", "; "])
TEXTS = st.lists(st.tuples(WORDS, GAPS), min_size=4, max_size=30)


@pytest.mark.long
@settings(max_examples=400, deadline=None)
@given(pieces=TEXTS, chosen=st.sets(st.integers(0, 29), min_size=1, max_size=8), name=st.sampled_from([*COUNTINGS]))
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_any_counting_of_any_text_comes_in_right_or_is_a_problem(mark, pieces, chosen, name):
    text, spans = "", []
    for number, (word, gap) in enumerate(pieces):
        if number in chosen:
            spans.append((len(text), len(text) + len(word)))
        text += word + gap
    assume(spans)
    count = COUNTINGS[name]
    at_face_value = [text[count(text[:start]) : count(text[:end])] for start, end in spans]
    # Offsets under which every wording stands are right as they are, whatever their author meant.
    assume(name == "characters" or at_face_value != [text[start:end] for start, end in spans])
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "d.txt").write_bytes((mark + text).encode())
        Path(folder, "d.ann").write_bytes(standoff(text, spans, count).encode())
        found = list(read(folder, options=ENGLISH))
    (whole,) = [one for one in found if isinstance(one, Read)]
    assert whole.record.text == text
    came = {entity.id: entity.spans for entity in whole.layers[0].entities}
    right = {f"T{number}": (span,) for number, span in enumerate(spans, start=1)}
    assert came.items() <= right.items()
    assert len(came) + sum(isinstance(one, Problem) for one in found) == len(spans)
