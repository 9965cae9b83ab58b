"""FHIR in R4B, plain R4 and R5: what is denied, measured, said by machines, and confirmed by people."""

from __future__ import annotations

import json
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from curation.errors import ConfigError
from curation.record import Assertion, Entity, Layer, Record
from curation.scheme import Scheme
from exports.fhir.values import blood_pressure, dose, measured_value, says_a_number, ucum
from exports.formats import export_format
from exports.handover import hand_over
from exports.settings import ExportSettings
from exports.writer import ExportedSet

AIAST_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
VERSIONS = {"fhir": "fhir.resources.R4B", "fhir-r5": "fhir.resources"}
#: Every category with a kind of its own, and every assertion.
CATEGORIES = ("diagnosis", "medical_surgical_history", "laboratory_values", "pharmacological_therapy",
              "interventional_therapy", "family_history", "age")  # fmt: skip


def entity(text: str, category: str, *, id: str = "T1", **fields: Any) -> Entity:
    return Entity.at(text, 0, len(text), category, id=id, **fields)


def said(text: str, *entities: Entity, author: str = "rules@1", language: str = "en", **provenance: Any) -> Any:
    record = Record(id="r", group="g", source="s", language=language, text=text)
    layer = Layer(record_id="r", name="said", author=author, entities=entities, provenance=provenance)
    return record, layer


@pytest.fixture
def bundle(hard_view: ExportedSet, tmp_path: Path) -> Any:
    """Gives the bundle of a record and its layer."""

    def written(
        member: tuple[Record, Layer], format: str = "fhir", scheme: Scheme | None = None, **settings: Any
    ) -> dict[str, Any]:
        view = replace(hard_view, scheme=scheme or hard_view.scheme, members=lambda split: iter([member]))
        hand_over(format, view, tmp_path / format, ExportSettings(**settings), Counter())
        found: dict[str, Any] = json.loads((tmp_path / format / "test.ndjson").read_text(encoding="utf-8"))
        return found

    return written


def of_type(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    found = [entry["resource"] for entry in bundle["entry"]]
    return [resource for resource in found if resource["resourceType"] == kind]


@pytest.fixture(scope="module")
def everything() -> tuple[Record, Layer]:
    """Each category with each assertion, with what is measured and given."""
    texts = {"laboratory_values": "CRP < 5 mg/l", "pharmacological_therapy": "prednisolone 40 mg"}
    text = "CRP < 5 mg/l, prednisolone 40 mg, finding"
    spans = {category: texts.get(category, "finding") for category in CATEGORIES}
    entities = tuple(
        Entity.at(text, text.index(wording), text.index(wording) + len(wording), category, id=f"{category}-{assertion}",
                  assertion=assertion, score=0.5)
        for category, wording in spans.items()
        for assertion in Assertion
    )  # fmt: skip
    return said(text, *entities, author="llm:small@3", model="small", prompt="extract.v1", prompt_digest="abc")


@pytest.mark.parametrize("format", VERSIONS)
def test_every_kind_and_assertion_is_valid_in_its_version(bundle: Any, everything: Any, format: str) -> None:
    from importlib import import_module

    found = bundle(everything, format)
    module = import_module(f"{VERSIONS[format]}.bundle")
    assert module.Bundle.model_validate(found).entry
    addresses = {entry["fullUrl"] for entry in found["entry"]}
    assert len(addresses) == len(found["entry"])
    assert set(_references(found)) <= addresses


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from [value["reference"]] if "reference" in value else []
        value = list(value.values())
    for part in value if isinstance(value, list) else ():
        yield from _references(part)


# R4B (4.3.0) changed resources that are not used here; a client of R4 (4.0.1) refuses what it does not know.
def test_what_is_written_as_r4b_is_plain_r4_too(bundle: Any, everything: Any, written_hard: Path) -> None:
    client = pytest.importorskip("fhirclient.models.bundle")
    bundles = [bundle(everything), *map(json.loads, (written_hard / "train.ndjson").read_text("utf-8").splitlines())]
    for found in bundles:
        assert len(client.Bundle(found, strict=True).entry) == len(found["entry"])


@pytest.fixture(scope="module")
def written_hard(hard_view: ExportedSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fhir")
    hand_over("fhir", hard_view, folder, ExportSettings(), Counter())
    return folder


@pytest.mark.parametrize(
    ("category", "assertion", "r4", "r5"),
    [
        ("diagnosis", "present", "active", "active"),
        ("diagnosis", "negated", None, "unknown"),
        ("diagnosis", "possible", None, "unknown"),
        ("diagnosis", "historical", "inactive", "inactive"),
        ("medical_surgical_history", "present", "inactive", "inactive"),
        ("medical_surgical_history", "negated", None, "unknown"),
    ],
)
def test_r5_has_the_clinical_status_that_it_requires(bundle: Any, category, assertion, r4, r5) -> None:
    member = said("asthma", entity("asthma", category, assertion=assertion))
    for format, status in (("fhir", r4), ("fhir-r5", r5)):
        (condition,) = of_type(bundle(member, format), "Condition")
        coded = condition.get("clinicalStatus", {"coding": [{"code": None}]})
        assert coded["coding"][0]["code"] == status
        assert condition["verificationStatus"]["coding"][0]["code"] in ("confirmed", "refuted", "unconfirmed")


@pytest.mark.parametrize(
    ("assertion", "status", "adherence"),
    [("present", "active", "taking"), ("negated", "not-taken", "not-taking"), ("historical", "completed", "stopped"),
     ("possible", "unknown", "unknown")],
)  # fmt: skip
def test_a_statement_on_medication_has_the_names_of_its_version(bundle: Any, assertion, status, adherence) -> None:
    member = said("heparin", entity("heparin", "pharmacological_therapy", assertion=assertion))
    (r4,), (r5,) = (of_type(bundle(member, format), "MedicationStatement") for format in VERSIONS)
    assert (r4["status"], r4["medicationCodeableConcept"]) == (status, {"text": "heparin"})
    assert (r5["status"], r5["medication"]) == ("recorded", {"concept": {"text": "heparin"}})
    assert r5["adherence"]["code"]["coding"][0]["code"] == adherence


@pytest.mark.parametrize(
    ("wording", "language", "value", "comparator", "code"),
    [
        ("haemoglobin 7.9 g/dL", "en", 7.9, "", "g/dL"),
        ("Hämoglobin 7,9 g/dl", "de", 7.9, "", "g/dL"),
        ("Leukozyten 7,2/nl", "de", 7.2, "", "/nL"),
        ("Leukozyten 12,1 G/l", "de", 12.1, "", "10*9/L"),
        ("Thrombozyten 250.000/µl", "de", 250_000, "", "/uL"),
        ("WBC 7.2 x 10^9/L", "en", 7.2, "", "10*9/L"),
        ("platelets 58 × 10⁹/L", "en", 58, "", "10*9/L"),
        ("Temperatur 38,5 °C", "de", 38.5, "", "Cel"),
        ("Puls 88 Schläge/min", "de", 88, "", "/min"),
        ("CRP < 5 mg/l", "de", 5, "<", "mg/L"),
        ("Troponin unter 14 ng/l", "de", 14, "<", "ng/L"),
        ("ferritin ≥ 1000 µg/L", "en", 1000, ">=", "ug/L"),
        ("ferritin >= 1000 µg/L", "en", 1000, ">=", "ug/L"),
        ("D-Dimere über 500 ng/ml", "de", 500, ">", "ng/mL"),
        ("BE -3,2 mmol/l", "de", -3.2, "", "mmol/L"),
        ("eGFR 45 mL/min/1.73 m2", "en", 45, "", "mL/min/{1.73_m2}"),
        ("TSH 2.1 mIU/L", "en", 2.1, "", "m[iU]/L"),
        ("HbA1c: 6,5 %", "de", 6.5, "", "%"),
        ("Natrium 138 mval/l (Norm 135-145)", "de", 138, "", "meq/L"),
        ("INR 2.3", "en", 2.3, "", ""),
        ("NT-proBNP 8,450 ng/L", "en", 8450, "", "ng/L"),
        ("Kreatinin 1,240 mg/dl", "de", 1.24, "", "mg/dL"),
        ("ejection fraction of 60%", "en", 60, "", "%"),
        ("Hb von 7,9 g/dl", "de", 7.9, "", "g/dL"),
        ("Na+ 138 mmol/l ↑", "de", 138, "", "mmol/L"),
        ("CRP (mg/l): 12", "de", 12, "", "mg/L"),
        ("Hb [g/dl] 9,8", "de", 9.8, "", "g/dL"),
        ("CRP 12 (mg/l)", "de", 12, "", "mg/L"),
        ("Quick (%) < 70", "de", 70, "<", "%"),
        ("CRP 12 mg/l (Norm < 5)", "de", 12, "", "mg/L"),
        ("Troponin T (hs) 14 ng/l", "de", 14, "", "ng/L"),
        ("Kreatinin 1,2 mg/dl (erhöht)", "de", 1.2, "", "mg/dL"),
        ("Druckgradient 30 mmHg", "de", 30, "", "mm[Hg]"),
    ],
)  # fmt: skip
def test_a_value_is_read_with_its_unit(wording, language, value, comparator, code) -> None:
    found = measured_value(wording, language)
    assert found is not None
    assert (found.value, found.last, found.comparator, found.code) == (value, None, comparator, code)


@pytest.mark.parametrize(
    ("wording", "language"),
    [
        ("elevated troponin", "en"),
        ("CA 19-9 35 U/ml", "en"),  # several numbers
        ("Hb dropped by 2 g/dL", "en"),  # a change
        ("Hb von 9 auf 7 g/dl gefallen", "de"),
        ("Kreatinin 1.240 mg/dl", "de"),  # a thousand, or one and a quarter
        ("Protein 3+", "de"),  # a grade
        ("D-dimer ~500 ng/ml", "en"),
        ("lipase 300 U/ml", "en"),  # units of what
        ("10 Zellen/GF", "de"),
        ("CRP day 3", "en"),
        ("potassium 4.5-3.5 mmol/L", "en"),  # a fall
        ("CRP < 5-10 mg/l", "en"),
        ("Temperatur 38 Grad", "de"),  # an angle too
        ("BE - 3,2 mmol/l", "de"),  # a sign, or a dash
        ("BE –3,2 mmol/l", "de"),
        ("BE: — 3,2 mmol/l", "de"),
        ("Natrium max. 130 mmol/l", "de"),  # a peak, or a bound
        ("Temperatur maximal 39 °C", "de"),
        ("Gewichtsverlust 5 kg", "de"),  # a change in a compound
        ("Hämoglobinabfall 3 g/dl", "de"),
        ("weight loss 5 kg", "en"),
        ("Hb minus 2 g/dl", "de"),
        ("INR 2,5 (Ziel)", "de"),
        ("CRP 12 mg/l (Vorwert)", "de"),
        ("potassium 4.5 mmol/L (?)", "en"),
        ("CRP mg/l 12", "de"),  # a unit at another place, which the number alone would lose
        ("Quick % 70", "de"),
        ("Kalium (mmol/l) 3,5 mval/l", "de"),
        ("PTT (s) 30", "de"),
        ("x" * 500 + " 5 mg/l", "en"),
        ("", "en"),
    ],
)  # fmt: skip
def test_what_may_mean_something_else_stays_text(wording, language) -> None:
    assert measured_value(wording, language) is None


def test_a_decimal_keeps_what_it_says_of_its_precision(bundle: Any) -> None:
    for text, value in (("Hb 11,0 g/dl", "11.0"), ("Hb 11 g/dl", "11"), ("Thrombozyten 250.000/µl", "250000")):
        found = bundle(said(text, entity(text, "laboratory_values"), language="de"))
        (observation,) = of_type(found, "Observation")
        assert json.dumps(observation["valueQuantity"]["value"]) == value


def test_a_range_has_two_ends_and_a_pressure_two_components(bundle: Any) -> None:
    text = "potassium 3.5-4.0 mmol/L"
    (found,) = of_type(bundle(said(text, entity(text, "laboratory_values"))), "Observation")
    assert [found["valueRange"][end]["value"] for end in ("low", "high")] == [3.5, 4]
    assert found["code"]["text"] == "potassium"
    text = "RR 120/80 mmHg"
    assert blood_pressure(text) == (120, 80)
    (found,) = of_type(bundle(said(text, entity(text, "laboratory_values"))), "Observation")
    assert [part["valueQuantity"]["value"] for part in found["component"]] == [120, 80]
    assert [note["text"] for note in found["note"]][1] == text
    assert blood_pressure("LVEDP 120/80 mmHg") is blood_pressure("BP 80/120 mmHg") is None


@pytest.mark.parametrize(
    ("wording", "language", "ends", "code"),
    [
        ("prednisolone 40 mg orally once daily for five days", "en", (40, None), "mg"),
        ("Metformin 1000 mg 1-0-1", "de", (1000, None), "mg"),
        ("Morphin 2-3 mg", "de", (2, 3), "mg"),
        ("heparin 10 IU/kg/h", "en", (10, None), "[iU]/kg/h"),
        ("Digitoxin 0,07 mg", "de", (0.07, None), "mg"),
        ("meropenem 2 g intravenously three times daily", "en", (2, None), "g"),
        ("Ramipril 2 x 5 mg", "de", (5, None), "mg"),
        ("Metoprolol 47,5 mg 1-0-½", "de", (47.5, None), "mg"),
        ("epinephrine 1 mg/ml 1 ml", "en", (1, None), "mL"),
    ],
)
def test_a_dose_is_read(wording, language, ends, code) -> None:
    found = dose(wording, language)
    assert found is not None
    assert ((found.value, found.last), found.code) == (ends, code)


@pytest.mark.parametrize(
    "wording",
    ["2 tablets of 500 mg", "amoxicillin/clavulanate 500/125 mg", "ASS 100", "up to 40 mg", "lidocaine 5 mg/ml",
     "aspirin 100 mg and clopidogrel 75 mg", "zwei Tabletten 500 mg", "vitamin B12", "cream 0.1%", "500mg/5ml",
     "ramipril 5 mg / HCT 25 mg", "ramipril 5 mg-HCT 25 mg", "ramipril 5mg+HCT 25mg", "prednisolone 40→20 mg",
     "prednisolone 40->20 mg", "prednisolone 40, 20 mg", "Prednisolon 40, dann 20 mg",
     "prednisolone 5 mg less", "½ metoprolol 50 mg"],
)  # fmt: skip
def test_no_dose_is_guessed(wording) -> None:
    assert dose(wording, "en") is None


@pytest.mark.parametrize(
    "wording", ["a" * 100_000, "(" * 100_000, "1" * 100_000, "a-" * 50_000, "1 " * 50_000, "<" * 999]
)
def test_no_wording_takes_long(wording: str) -> None:
    from time import perf_counter

    started = perf_counter()
    for read in (measured_value, dose):
        assert read(wording, "en") is read(wording[:199], "en") is None
    assert blood_pressure(wording) is blood_pressure(wording[:199]) is None
    says_a_number(wording)
    assert perf_counter() - started < 2


def test_every_code_that_can_be_made_is_ucum() -> None:
    parser = pytest.importorskip("ucumvert").get_ucum_parser()
    from exports.fhir.values import _units

    units = _units()
    written = [*units.plain, *units.bases, *(spelling for several in units.codes.values() for spelling in several)]
    written += [f"{prefix}{base}/{part}" for prefix in units.prefixes for base in units.bases for part in ("l", "24h")]
    codes = {ucum(spelling) for spelling in written} | set(units.codes)
    assert None not in codes
    for code in sorted(str(code) for code in codes):
        assert parser.parse(code), code


def test_numbers_that_stay_text_are_announced(bundle: Any, hard_view: ExportedSet) -> None:
    texts = ("CRP 5 mg/l", "Hb fell by 2 g/dL", "elevated troponin")
    entities = [entity(text, "laboratory_values", id=f"T{number}") for number, text in enumerate(texts)]
    drugs = [entity(text, "pharmacological_therapy", id=text) for text in ("2 tablets of 500 mg", "heparin")]
    member = said("Hb fell by 2 g/dL and much more of it", *entities, *drugs)
    for format in VERSIONS:
        found = bundle(member, format)
        lost = export_format(format).losses(*member, hard_view.scheme)
        as_text = [item for item in of_type(found, "Observation") if any(map(str.isdigit, item.get("valueString", "")))]
        without = [item for item in of_type(found, "MedicationStatement") if "dosage" not in item]
        numbers = [item for item in without if "500" in json.dumps(item)]
        assert lost["values and doses that stay text"] == len(as_text) + len(numbers) == 2


def test_what_a_machine_said_is_marked_with_its_device_prompt_and_confidence(bundle: Any) -> None:
    member = said("asthma", entity("asthma", "diagnosis", score=0.75), author="llm:small@3", model="small-4b",
                  prompt="extract.v1", prompt_digest="abc")  # fmt: skip
    found = bundle(member)
    (condition,), (made,), (device,) = (of_type(found, kind) for kind in ("Condition", "Provenance", "Device"))
    assert [label["code"] for label in condition["meta"]["security"]] == ["AIAST"]
    assert condition["extension"][0]["url"].endswith("/StructureDefinition/AIconfidence")
    assert condition["extension"][0]["valueDecimal"] == 0.75
    assert device["deviceName"][0]["name"] == "llm:small"
    assert (device["modelNumber"], device["version"]) == ("small-4b", [{"value": "3"}])
    assert [agent["type"]["coding"][0]["code"] for agent in made["agent"]] == ["author"]
    assert made["reason"][0]["coding"][0]["code"] == "AIAST"
    assert made["entity"][1]["what"]["identifier"] == {"value": "extract.v1@abc"}


def test_what_a_person_kept_of_a_machine_is_marked_as_confirmed(bundle: Any, hard_view: ExportedSet) -> None:
    origins = {"T1": "prediction", "T2": "manual", "T3": "prediction-changed"}
    entities = [entity("asthma", "diagnosis", id=id, score=0.5) for id in origins]
    member = said("asthma", *entities, author="human:anna", origins=origins, model_version="adapter:a@12")
    found = bundle(member)
    labels = [
        [label["code"] for label in resource.get("meta", {"security": []})["security"]]
        for resource in of_type(found, "Condition")
    ]
    assert labels == [["CLINAST_AIRPT"], [], ["CLINAST_AIRPT"]]
    people = [
        [(agent["type"]["coding"][0]["code"], agent["who"]["display"]) for agent in made["agent"]]
        for made in of_type(found, "Provenance")
    ]
    assert people == [[("author", "human:anna")], [("author", "adapter:a@12"), ("verifier", "human:anna")]]
    assert [len(made["target"]) for made in of_type(found, "Provenance")] == [1, 2]
    # A score of what a person added has no place: it is not a machine's.
    assert export_format("fhir").losses(*member, hard_view.scheme)["scores"] == 1


def test_attributes_stand_in_notes(bundle: Any, hard_view: ExportedSet) -> None:
    member = said("asthma", entity("asthma", "diagnosis", attributes={"severity": "mild"}))
    (condition,) = of_type(bundle(member), "Condition")
    assert [note["text"] for note in condition["note"]][1:] == ["severity: mild"]
    assert export_format("fhir").losses(*member, hard_view.scheme) == {"fields of records": 1}


def test_what_one_person_kept_of_another_is_no_machines(bundle: Any) -> None:
    entities = (entity("asthma", "diagnosis"),)
    told = {"origins": {"T1": "prediction"}, "model_version": "human:ben"}
    found = bundle(said("asthma", *entities, author="human:clara", **told))
    (condition,) = of_type(found, "Condition")
    assert "meta" not in condition
    assert of_type(found, "Device") == []


WARDS = Scheme.model_validate(
    {
        "name": "wards",
        "categories": [
            {"name": name, "label": {"en": name}, "colour": "#112233", "hotkey": key}
            for name, key in (("drug", "1"), ("dose", "2"), ("lab", "3"))
        ],
    }
)


def test_categories_of_ones_own_are_mapped_or_announced(bundle: Any, hard_view: ExportedSet) -> None:
    format = export_format("fhir")
    text = "insulin, CRP 5 mg/l"
    spans = (("drug", 0, 7), ("dose", 0, 7), ("lab", 9, 19))
    member = said(text, *(Entity.at(text, start, end, name, id=name) for name, start, end in spans))
    view = replace(hard_view, scheme=WARDS, members=lambda split: iter([member] if split == "test" else []))
    unmapped = "entities of categories that the format has no kind for"
    assert format.lost(view)[unmapped] == 3
    settings = ExportSettings(fhir={"drug": "MedicationStatement", "lab": "Measurement"})
    assert format.lost(view, settings)[unmapped] == 1
    found = bundle(member, scheme=WARDS, fhir=settings.fhir)
    assert len(of_type(found, "MedicationStatement")) == 1
    assert ["valueQuantity" in made for made in of_type(found, "Observation")] == [False, True]


def test_a_kind_of_a_category_that_is_not_there_is_said(bundle: Any, hard_view: ExportedSet) -> None:
    settings = ExportSettings(fhir={"drugs": "MedicationStatement"})
    member = said("insulin", entity("insulin", "drug"))
    with pytest.raises(ConfigError, match="expected a category of the scheme wards, got 'drugs'; did you mean drug"):
        bundle(member, scheme=WARDS, fhir=settings.fhir)
    view = replace(hard_view, scheme=WARDS, members=lambda split: iter([member]))
    with pytest.raises(ConfigError, match=r"exports\.fhir"):
        export_format("fhir").lost(view, settings)


def test_a_layer_without_annotations_says_nothing_of_anybody(bundle: Any) -> None:
    for format in VERSIONS:
        kinds = [entry["resource"]["resourceType"] for entry in bundle(said("No findings."), format)["entry"]]
        assert kinds == ["Patient", "DocumentReference"]


def archive_of(found: dict[str, Any]) -> dict[str, bytes]:
    """The files of the archive in the annotated document of a bundle."""
    (_, annotated) = of_type(found, "DocumentReference")
    with ZipFile(BytesIO(b64decode(annotated["content"][0]["attachment"]["data"]))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_german_core_data_set_has_the_annotations_in_a_document(bundle: Any) -> None:
    cassis = pytest.importorskip("cassis")
    validated = pytest.importorskip("fhir.resources.R4B.bundle").Bundle
    text = "Kein Fieber 🩺, RR 120/80 mmHg."
    fever = Entity.at(text, 5, 11, "signs_symptoms", id="T1", assertion="negated", score=0.5)
    for author, status, labels in (
        ("human:anna", "semantic", []),
        ("rules@1", "preanno", [{"system": AIAST_SYSTEM, "code": "AIAST"}]),
    ):
        found = bundle(said(text, fever, author=author, language="de"), "fhir-mii")
        assert validated.model_validate(found)
        assert found["meta"]["tag"][0]["display"] == "profile not validated"
        original, annotated = of_type(found, "DocumentReference")
        assert "extension" not in original
        (extension,) = annotated["extension"]
        assert [code["code"] for code in extension["valueCodeableConcept"]["coding"]] == ["annotated", status]
        assert annotated["relatesTo"] == [{"code": "appends", "target": {"reference": found["entry"][1]["fullUrl"]}}]
        assert annotated["meta"].get("security", []) == labels
        files = archive_of(found)
        types = cassis.load_typesystem(BytesIO(files["TypeSystem.xml"]))
        (cas,) = (
            cassis.load_cas_from_xmi(BytesIO(content), typesystem=types)
            for name, content in files.items()
            if name.endswith(".xmi")
        )
        assert cas.sofa_string == text
        (mark,) = cas.select("webanno.custom.ClinicalEntity")
        assert (mark.get_covered_text(), mark.assertion) == ("Fieber", "negated")


def test_the_wrapper_is_plain_r4_and_announces_what_it_loses(bundle: Any, hard_view: ExportedSet) -> None:
    client = pytest.importorskip("fhirclient.models.bundle")
    lost = Entity(id="T1", category="age", text="old", alignment="none", alignment_score=0.0)
    member = said("bell\x07, one", lost, author="gold")
    assert client.Bundle(bundle(member, "fhir-mii"), strict=True).entry
    assert export_format("fhir-mii").losses(*member, hard_view.scheme) == {
        "entities": 1,
        "line breaks and control characters": 1,
        "fields of records": 1,
    }


def test_a_text_with_pseudonyms_is_called_surrogated(bundle: Any) -> None:
    from curation.deidentify.identifiers.surrogate_marks import MARK

    record, layer = said("Frau Beispiel.", author="gold", language="de")
    marked = record.model_copy(update={"meta": {MARK: {"mode": "surrogates"}}})
    original, annotated = of_type(bundle((marked, layer), "fhir-mii"), "DocumentReference")
    for resource, codes in ((original, ["surrogated"]), (annotated, ["annotated", "semantic", "surrogated"])):
        assert [code["code"] for code in resource["extension"][0]["valueCodeableConcept"]["coding"]] == codes
