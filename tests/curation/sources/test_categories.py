"""The engine behind mapping files, rule by rule."""

from __future__ import annotations

from curation.record import Assertion
from curation.sources.categories import categorise
from curation.sources.draft import Draft, DraftEntity, DraftRelation
from curation.sources.mapping import load_mapping

TEXT = "History of diabetes. Aspirin 75 mg daily, then ticagrelor. Hb was 7.9, later 8.5."


def mention(id: str, type: str, wording: str, **fields) -> DraftEntity:
    start = TEXT.index(wording)
    return DraftEntity(id, type, spans=((start, start + len(wording)),), **fields)


def draft(*entities: DraftEntity, links: list[tuple[str, str, str]] = ()) -> Draft:
    relations = [DraftRelation(f"R{n}", *link) for n, link in enumerate(links, start=1)]
    return Draft("x:1", TEXT, entities=list(entities), relations=relations)


def wordings(result: Draft) -> list[tuple[str, str]]:
    return [(one.type, " | ".join(TEXT[start:end] for start, end in one.spans)) for one in result.entities]


def test_without_rules_nothing_changes():
    before = draft(mention("T1", "Drug", "Aspirin"))
    assert categorise(before, load_mapping({})) is before


def test_the_first_rule_that_fits_decides():
    rules = [
        {"type": "Disease", "when": {"within": "History"}, "category": "comorbidities"},
        {"type": "Disease", "category": "diagnosis"},
        {"type": "History", "category": None},
    ]
    found = draft(mention("T1", "History", "History of diabetes"), mention("T2", "Disease", "diabetes"))
    assert wordings(categorise(found, load_mapping({"categories": rules}))) == [("comorbidities", "diabetes")]


def test_a_drug_takes_its_dose_along_and_one_dose_may_serve_two_drugs():
    rules = [{"type": "Drug", "category": "therapy", "join": [{"relation": "MODIFY", "direction": "from"}]}]
    found = draft(
        mention("T1", "Drug", "Aspirin"), mention("T2", "Dose", "75 mg"), mention("T3", "Often", "daily"),
        mention("T4", "Drug", "ticagrelor"),
        links=[("MODIFY", "T2", "T1"), ("MODIFY", "T3", "T1"), ("MODIFY", "T3", "T4"), ("BEFORE", "T1", "T4")],
    )  # fmt: skip
    result = categorise(found, load_mapping({"categories": rules, "otherwise": "leave out"}))
    assert wordings(result) == [("therapy", "Aspirin 75 mg daily"), ("therapy", "daily | ticagrelor")]
    assert [(relation.type, relation.head, relation.tail) for relation in result.relations] == [
        ("MODIFY", "T1", "T4"), ("BEFORE", "T1", "T4"),
    ]  # fmt: skip


def test_a_test_goes_into_each_of_its_values_and_is_no_procedure_besides():
    rules = [
        {"type": "Value", "category": "laboratory_values",
         "join": [{"relation": "MODIFY", "types": "Test", "direction": "to"}]},
        {"type": "Test", "category": "procedures"},
    ]  # fmt: skip
    found = draft(
        mention("T1", "Test", "Hb"), mention("T2", "Value", "7.9"), mention("T3", "Value", "8.5"),
        links=[("MODIFY", "T2", "T1"), ("MODIFY", "T3", "T1")],
    )  # fmt: skip
    apart = categorise(found, load_mapping({"categories": rules}))
    assert wordings(apart) == [("laboratory_values", "Hb | 7.9"), ("laboratory_values", "Hb | 8.5")]
    bridged = categorise(found, load_mapping({"categories": rules, "bridge": r"\s*(?:was)?\s*"}))
    assert wordings(bridged) == [("laboratory_values", "Hb was 7.9"), ("laboratory_values", "Hb | 8.5")]


def test_what_has_become_an_entity_is_not_taken_into_another():
    rules = [
        {"type": "Disease", "category": "diagnosis"},
        {"type": "Drug", "category": "therapy", "join": [{"relation": "FOR"}]},
    ]
    found = draft(mention("T1", "Drug", "Aspirin"), mention("T2", "Disease", "diabetes"), links=[("FOR", "T1", "T2")])
    result = categorise(found, load_mapping({"categories": rules}))
    assert wordings(result) == [("therapy", "Aspirin"), ("diagnosis", "diabetes")]
    assert [(relation.head, relation.tail) for relation in result.relations] == [("T1", "T2")]


def test_assertions_follow_from_attributes_and_surroundings():
    mapping = load_mapping(
        {
            "assertions": [
                {"type": "Disease", "when": {"within": "Family"}, "assertion": "family"},
                {"when": {"attributes": {"POLARITY": ["NEG"]}}, "assertion": "negated"},
            ]
        }
    )
    found = draft(
        mention("T1", "Family", "History of diabetes"),
        mention("T2", "Disease", "diabetes", attributes={"POLARITY": "NEG"}),
        mention("T3", "Drug", "Aspirin", attributes={"POLARITY": "NEG"}),
        mention("T4", "Drug", "ticagrelor"),
    )
    assert [one.assertion for one in categorise(found, mapping).entities] == [
        Assertion.PRESENT, Assertion.FAMILY, Assertion.NEGATED, Assertion.PRESENT,
    ]  # fmt: skip
