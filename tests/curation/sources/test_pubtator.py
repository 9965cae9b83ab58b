"""PubTator: concepts and the relations between them."""

from __future__ import annotations

import pytest

from curation.sources import ReadOptions
from curation.sources.pubtator import concepts

ENGLISH = ReadOptions(language="en")
DOCUMENT = (
    "11|t|Aspirin and ulcer\n"
    "11|a|Aspirin caused an ulcer and renal and hepatic failure.\n"
    "11\t0\t7\tAspirin\tChemical\tD001\n"
    "11\t12\t17\tulcer\tDisease\tD002,D003\n"
    "11\t18\t25\tAspirin\tChemical\tD001\t\n"
    "11\t36\t41\tulcer\tDisease\tD002\n"
    "11\t46\t71\trenal and hepatic failure\tDisease\tD4|D5\trenal failure|hepatic failure\n"
    "11\tCID\tD001\tD002\tNovel\n"
    "11\tCID\tD001\tD5\n"
)


def test_a_document_becomes_a_record_with_its_concepts(written, outcome):
    result = outcome(written("x.PubTator", DOCUMENT), options=ENGLISH)
    assert result.problems == []
    (record,), (layer,) = result.records, result.layers
    assert record.text == "Aspirin and ulcer\nAspirin caused an ulcer and renal and hepatic failure."
    assert (record.group, record.meta) == ("11", {"source_id": "11"})
    assert [(one.category, one.text, one.codes) for one in layer.entities] == [
        ("Chemical", "Aspirin", ("D001",)), ("Disease", "ulcer", ("D002", "D003")), ("Chemical", "Aspirin", ("D001",)),
        ("Disease", "ulcer", ("D002",)), ("Disease", "renal and hepatic failure", ("D4", "D5")),
    ]  # fmt: skip
    assert result.relations == [("CID", "T3", "T2"), ("CID", "T3", "T5")]  # between the nearest mentions
    assert layer.provenance["relation_notes"] == {"R1": "Novel"}


def test_documents_may_stand_without_an_empty_line_between_them(written, outcome):
    content = DOCUMENT + DOCUMENT.replace("11\t", "12\t").replace("11|", "12|") + "\n" + "13|t|Alone\n13|a|\n"
    result = outcome(written("x.pubtator", content), options=ENGLISH)
    assert [record.meta["source_id"] for record in result.records] == ["11", "12", "13"]
    assert len(result.layers) == 2


def test_what_is_wrong_is_named(written, outcome):
    content = (
        "11|t|Aspirin\n11|a|helps.\n11\t0\t70\tAspirin\tChemical\tD1\n11\t0\t7\tAspirin\tChemical\tD1\n"
        "11\tCID\tD1\tD9\nnonsense\n\nno title here\n\n12|t|Next\n12|a|one.\n"
    )
    result = outcome(written("x.pubtator", content), options=ENGLISH)
    assert result.texts == ["Aspirin\nhelps.", "Next\none."]
    assert result.said == [
        "x.pubtator:6: expected an entity (5 columns or more) or a relation (4 or more), got 1 columns",
        "x.pubtator:5: relation R1: expected both its concepts among the entities, got one that is not there",
        "x.pubtator:3: entity T1: expected offsets within the text of 14 characters, got 0 to 70",
        "x.pubtator:8: expected a document that starts with id|t|title, got something else",
    ]


def test_offsets_that_fit_words_beat_a_wording_that_is_not_the_text_s(written, outcome):
    content = (
        "11|t|Aspirin for TNF-α\n11|a|ASA helps. Later aspirin alone.\n"
        "11\t0\t7\tAspirin\tChemical\tD1\n11\t12\t17\tTNF-alpha\tGene\t7\n11\t18\t21\taspirin\tChemical\tD1\n"
        "11\t35\t42\taspirin\tChemical\tD1\n"
    )
    result = outcome(written("x.pubtator", content), options=ENGLISH)
    assert [spans for _, _, spans in result.entities] == [((0, 7),), ((12, 17),), ((18, 21),), ((35, 42),)]
    assert [entity.alignment.value for entity in result.layers[0].entities] == ["exact", "fuzzy", "fuzzy", "exact"]
    assert result.noticed == ["x.pubtator:1: kept at their offsets though the text says it otherwise: 2 entities"]
    assert (result.problems, result.realigned) == ([], 0)


def test_what_is_of_another_document_is_a_problem(written, outcome):
    content = (
        "11|t|Aspirin\n11|a|helps.\n11\t0\t7\tAspirin\tC\tD1\n"
        "12\t0\t7\tAspirin\tC\tD2\n12\tR\tD1\tD1\n\n13|t|A\n14|a|b\n"
    )
    result = outcome(written("x.pubtator", content), options=ENGLISH)
    assert [entity.codes for entity in result.layers[0].entities] == [("D1",)]
    assert result.said == [
        "x.pubtator:4: expected an annotation of the document 11, got one of 12",
        "x.pubtator:5: expected an annotation of the document 11, got one of 12",
        "x.pubtator:7: expected title and abstract of one document, got two ids",
    ]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("D1", ("D1",)), ("D1|D2", ("D1", "D2")), ("7157,7158", ("7157", "7158")), ("D1;D1", ("D1",)), ("-1", ()),
        ("p|SUB|V|158|M", ("p|SUB|V|158|M",)), ("MESH:D1|OMIM:2", ("MESH:D1", "OMIM:2")), ("", ()),
    ],
)  # fmt: skip
def test_concepts_are_parted_where_they_are_several(cell, expected):
    assert concepts(cell) == expected
