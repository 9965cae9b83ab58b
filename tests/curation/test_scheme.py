import pytest
import yaml

from curation.errors import SchemeError
from curation.record import Layer
from curation.scheme import DEFAULT_SCHEME, load_scheme

FIFTEEN = (
    "age gender life_style family_history social_history medical_surgical_history signs_symptoms comorbidities "
    "diagnostic_techniques_procedures diagnosis laboratory_values pathology pharmacological_therapy "
    "interventional_therapy patient_outcome_assessment"
).split()


def test_the_default_scheme_has_the_fifteen_categories_in_both_languages(scheme):
    assert list(scheme.names) == FIFTEEN
    for category in scheme.categories:
        assert set(category.label) == set(category.definition) == set(category.boundary) == {"en", "de"}
        assert all(category.examples[language] for language in ("en", "de"))
    assert len({category.colour for category in scheme.categories}) == 15


def test_the_flat_view_joins_facts_in_order_and_says_na(scheme, annotated):
    _, layer = annotated(
        "A [40-year-old]{age} [man]{gender} with [fever]{signs_symptoms} and [cough]{signs_symptoms}, "
        "no [rash]{signs_symptoms negated}; [no cancer in the family]{family_history negated}; [fever]{signs_symptoms}."
    )
    flat = scheme.flat(layer)
    assert list(flat) == FIFTEEN
    assert {name: value for name, value in flat.items() if value != "N/A"} == {
        "age": "40-year-old",
        "gender": "man",
        "family_history": "no cancer in the family",
        "signs_symptoms": "fever; cough",
    }


def test_an_empty_layer_is_absent_everywhere(scheme):
    assert set(scheme.flat(Layer(record_id="r", name="gold", author="gold")).values()) == {"N/A"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda content: content["categories"].append(content["categories"][0]),
            "expected each category once",
        ),
        (lambda content: content["categories"][0].update(hotkey="2"), "expected each hotkey once, got 2"),
        (lambda content: content["categories"][0].update(colour="red"), "expected a colour such as"),
        (lambda content: content["relations"][0].update(heads=["mood"]), "names unknown categories: mood"),
        (lambda content: content.update(colour="red"), "colour: unknown key"),
    ],
)
def test_a_scheme_that_does_not_fit_is_refused(tmp_path, change, message):
    content = yaml.safe_load(DEFAULT_SCHEME.read_text(encoding="utf-8"))
    change(content)
    path = tmp_path / "scheme.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(SchemeError, match=message):
        load_scheme(path)


def test_a_missing_or_broken_scheme_is_named(tmp_path):
    with pytest.raises(SchemeError, match=r"expected a scheme file at .*scheme\.yaml"):
        load_scheme(tmp_path / "scheme.yaml")
    (tmp_path / "scheme.yaml").write_text("a: [", encoding="utf-8")
    with pytest.raises(SchemeError, match=r"scheme\.yaml"):
        load_scheme(tmp_path / "scheme.yaml")


def test_another_scheme_works_by_giving_another_file(tmp_path):
    (tmp_path / "smoking.yaml").write_text(
        """
name: smoking
version: 1
categories:
  - {name: tobacco, label: {en: Tobacco}, definition: {en: Any mention of smoking.}, colour: "#112233", hotkey: "1"}
labels:
  - {name: status, values: [current, past, never, unknown]}
""",
        encoding="utf-8",
    )
    scheme = load_scheme(tmp_path / "smoking.yaml")
    assert scheme.names == ("tobacco",)
    assert scheme.labels[0].values == ("current", "past", "never", "unknown")


def test_a_changed_copy_knows_its_own_names_and_digest() -> None:
    scheme = load_scheme()
    assert scheme.names
    known = scheme.digest
    smaller = scheme.model_copy(update={"categories": scheme.categories[:2], "relations": (), "attributes": ()})
    assert len(smaller.names) == 2
    assert smaller.digest != known == scheme.digest
