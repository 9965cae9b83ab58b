"""Every corpus of the real data, whole: records, annotations, relations, and what is wrong with it.

The counts were made independently, from the files themselves (lines of each kind, nested lists).
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter

import pytest

from curation.record import Alignment
from curation.scheme import DEFAULT_SCHEME, load_scheme

pytestmark = pytest.mark.data

NO_ANNOTATION = "expected an annotation (such as T1, a tab, ...), got something else"
#: source, mapping, and how many records, entities, relations, discontinuous entities and problems there are.
CORPORA = [
    ("maccrobat", None, 150, 18_658, 18_519, 35, 0),
    ("chia", "chia", 1_997, 48_869, 27_321, 1_822, 7),
    ("e3c/case_reports_en.jsonl", "e3c", 8_171, 0, 0, 0, 0),
    ("e3c/gold_spans_layer1_en.jsonl", "e3c-spans", 84, 8_419, 5_506, 0, 0),
    ("phee/train.json", "phee", 2_898, 18_044, 15_553, 380, 0),
    ("phee/dev.json", "phee", 961, 6_098, 5_289, 123, 0),
    ("phee/test.json", "phee", 968, 6_168, 5_330, 117, 0),
    ("bc5cdr", "bc5cdr-iob", 13_938, 28_787, 0, 0, 0),
    ("bc5cdr/CDR_sample.PubTator", "bc5cdr", 50, 925, 123, 0, 1),
    ("ncbi-disease", "ncbi-disease", 7_287, 6_881, 0, 0, 0),
    ("biored", "biored", 600, 20_419, 6_503, 0, 0),
    ("mtsamples", "mtsamples", 4_966, 0, 0, 0, 33),
    ("grascco", "grascco", 43, 956, 0, 0, 1),
    ("mantra", "mantra", 200, 621, 0, 14, 0),
    ("gptnermed", "gptnermed", 9_875, 23_530, 0, 0, 0),
    ("chemprot", "chemprot", 10_065, 20_130, 10_065, 0, 0),
    ("mts_dialog", "mts-dialog", 1_501, 0, 0, 0, 0),
    ("medical_abstracts/medical_tc_test.csv", "medical-abstracts", 2_888, 0, 0, 0, 0),
    ("aci_bench/train.csv", "aci-bench", 67, 0, 0, 0, 0),
    ("aci_bench/valid.csv", "aci-bench", 20, 0, 0, 0, 0),
]


@pytest.mark.parametrize(("source", "mapping", "records", "entities", "relations", "apart", "problems"), CORPORA)
def test_a_corpus_comes_in_whole(shared_data, outcome, source, mapping, records, entities, relations, apart, problems):
    result = outcome(shared_data / source, mapping=mapping)
    found = [entity for layer in result.layers for entity in layer.entities]
    assert (
        len(result.records),
        len(found),
        len(result.relations),
        sum(len(entity.fragments) > 1 for entity in found),
        len(result.problems),
    ) == (records, entities, relations, apart, problems)
    assert {entity.alignment for entity in found} <= {Alignment.EXACT}
    assert len({record.id for record in result.records}) == records


@pytest.fixture(scope="module")
def chia(shared_data, outcome):
    return outcome(shared_data / "chia", mapping="chia")


def test_chia_refuses_what_contradicts_itself(chia):
    """Three files are empty; three lines are no annotations; of seven wordings that differ, six run over a line's end
    and one is another's.
    """
    assert chia.said == [
        "NCT01490034_exc.txt:1: expected text, got none",
        "NCT02222272_exc.txt:1: expected text, got none",
        f"NCT02590822_exc.ann:56: {NO_ANNOTATION}",
        f"NCT02739295_exc.ann:9: {NO_ANNOTATION}",
        f"NCT02739295_exc.ann:10: {NO_ANNOTATION}",
        "NCT03198910_exc.txt:1: expected text, got none",
        "NCT03460002_inc.ann:6: entity T5: expected its wording (24 characters) at 104 to 133, "
        "got other text there, and nothing like it elsewhere",
    ]


def test_chia_keeps_both_files_of_a_trial_together(chia):
    groups = Counter(record.group for record in chia.records)
    assert len(groups) == 1_000
    assert set(groups.values()) == {1, 2}


def test_every_line_of_brat_is_accounted_for(shared_data, outcome):
    """Relations are R lines and the links of the sets on * lines; of two attributes of a name, the last counts."""
    kinds: Counter[str] = Counter()
    negated = 0
    for path in (shared_data / "maccrobat").glob("*.ann"):
        polarity: dict[str, str] = {}
        for line in path.read_text("utf-8").splitlines():
            kinds[line[:1]] += 1
            kinds["links"] += len(line.split()) - 3 if line.startswith("*") else 0
            if match := re.match(r"A\d+\tPOLARITY (\S+) (\S+)", line):
                polarity[match[1]] = match[2]
        negated += Counter(polarity.values())["NEG"]
    result = outcome(shared_data / "maccrobat")
    assert len(result.entities) == kinds["T"]
    assert len(result.relations) == kinds["R"] + kinds["links"]
    entities = [entity for layer in result.layers for entity in layer.entities]
    assert sum(entity.attributes.get("POLARITY") == "NEG" for entity in entities) == negated


@pytest.fixture(scope="module")
def mapped(shared_data, outcome):
    """MACCROBAT in the categories of the scheme."""
    return outcome(shared_data / "maccrobat", mapping="maccrobat")


def test_maccrobat_in_the_fifteen_categories(shared_data, mapped):
    result = mapped
    scheme = load_scheme(DEFAULT_SCHEME)
    types = Counter(category for category, _, _ in result.entities)
    assert set(types) == set(scheme.names)
    lines = "\n".join(path.read_text("utf-8") for path in (shared_data / "maccrobat").glob("*.ann"))

    def of_type(name: str) -> int:
        return len(re.findall(rf"^T\d+\t{name} ", lines, flags=re.MULTILINE))

    assert {name: types[name] for name in ("age", "gender", "family_history", "social_history", "signs_symptoms",
            "pharmacological_therapy", "interventional_therapy", "patient_outcome_assessment")} == {
        "age": of_type("Age"), "gender": of_type("Sex"), "family_history": of_type("Family_history"),
        "social_history": of_type("Personal_background"), "signs_symptoms": of_type("Sign_symptom"),
        "pharmacological_therapy": of_type("Medication"), "interventional_therapy": of_type("Therapeutic_procedure"),
        "patient_outcome_assessment": of_type("Outcome"),
    }  # fmt: skip
    assert types["comorbidities"] + types["diagnosis"] == of_type("Disease_disorder")
    assert types["laboratory_values"] == 2_088
    assert types["pathology"] == 174
    assert result.problems == []
    assert {category for category, text, _ in result.entities if re.search("biops", text, re.IGNORECASE)} >= {
        "pathology"
    }
    counted = [e for layer in result.layers for e in layer.entities if e.category == "diagnosis" and scheme.counts(e)]
    assert all(entity.assertion.value in {"present", "possible"} for entity in counted)


def test_values_carry_their_tests_and_drugs_their_doses(mapped):
    result = mapped
    kinds = Counter(
        (entity.category, len(entity.fragments) > 1) for layer in result.layers for entity in layer.entities
    )
    assert kinds["laboratory_values", False] > kinds["laboratory_values", True] > 700
    assert kinds["pharmacological_therapy", True] > 100


def test_mantra_has_both_languages_in_one_group(shared_data, outcome):
    result = outcome(shared_data / "mantra", mapping="mantra")
    assert Counter(record.language for record in result.records) == {"en": 100, "de": 100}
    assert set(Counter(record.group for record in result.records).values()) == {2}
    assert {category for category, _, _ in result.entities} == {
        "DISO", "PROC", "ANAT", "CHEM", "PHYS", "LIVB", "OBJC", "PHEN", "DEVI", "GEOG",
    }  # fmt: skip
    assert all(entity.codes for layer in result.layers for entity in layer.entities)


def test_document_labels_come_from_their_columns(shared_data, outcome):
    path = shared_data / "mts_dialog" / "MTS-Dialog-TrainingSet.csv"
    with path.open(encoding="utf-8", newline="") as file:
        expected = Counter(row["section_header"] for row in csv.DictReader(file))
    result = outcome(path, mapping="mts-dialog")
    assert Counter(layer.labels["section"] for layer in result.layers) == expected


def test_repeated_notes_are_of_one_group(shared_data, outcome):
    path = shared_data / "mtsamples" / "mtsamples.jsonl"
    texts = {json.loads(line)["transcription"] for line in path.read_text("utf-8").splitlines()} - {None}
    assert len({record.group for record in outcome(path, mapping="mtsamples").records}) == len(texts)


def test_nested_events_of_phee_are_counted_alike_by_hand(shared_data, outcome):
    """Distinct (id, role, place) of every argument in the raw file, against the entities that came in."""
    seen: set[tuple] = set()
    path = shared_data / "phee" / "dev.json"
    for number, line in enumerate(path.read_text("utf-8").splitlines()):
        for annotation in json.loads(line)["annotations"]:
            for event in annotation["events"]:
                _collect(event, event["event_type"], number, seen)
    assert len(outcome(path, mapping="phee").entities) == len(seen)


def _collect(value, role: str, number: int, seen: set[tuple]) -> None:
    if isinstance(value, list):
        for item in value:
            _collect(item, role, number, seen)
    elif isinstance(value, dict):
        for index, starts in enumerate(value.get("start", ())):
            seen.add((number, value["entity_id"][index], role, tuple(sorted(starts))))
        for key, inner in value.items():
            if isinstance(inner, dict | list) and key not in {"text", "start", "entity_id"}:
                name = {"Trigger": value.get("event_type"), "Disorder": f"{role}_disorder"}.get(key, key)
                _collect(inner, name, number, seen)


def test_wrong_tables_beside_the_right_ones_are_one_problem_each(shared_data, outcome):
    result = outcome(shared_data / "aci_bench", mapping="aci-bench")
    assert len(result.records) == 87
    assert [said.split(":")[0] for said in result.said] == ["train_metadata.csv", "valid_metadata.csv"]
