"""Several sets train together: under common names, each asked what it annotates, none learnt from that measures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from curation.adapters.questions import AskedPieces, QuestionReader
from curation.errors import UsageError
from curation.record import Layer, Record, Relation
from curation.scheme import Category, DocumentLabel, RelationType, Scheme, load_scheme, write_scheme
from curation.tagging.encoder import base_folder, splitter
from curation.views.questions import questions_of
from training.card import card
from training.decoder import ChatRowMaker
from training.encoder import TaggerLearner, train_tagger
from training.examples import Pair, make_examples
from training.joined import JoinedSets, SetSource
from training.mixing import mixed
from training.questions import ReaderLearner, answered_texts, check
from training.relations import pair_rows
from training.scope import scope_of, within
from training.set_mapping import read_mapping
from training.settings import TrainingSettings
from training.trained import TrainingJob

Marked = Callable[..., Pair]


def category(name: str, definition: str = "", **others: object) -> Category:
    return Category.model_validate(
        {
            "name": name,
            "label": {"en": name},
            "definition": {"en": definition} if definition else {},
            "colour": "#112233",
            "hotkey": None,
            **others,
        }
    )


DRUGS = Scheme(
    name="drugs",
    categories=(category("Drug", "A medicine."), category("Dose"), category("Device")),
    relations=(
        RelationType(name="dose_of", heads=("Dose",), tails=("Drug",)),
        RelationType(name="given_by", heads=("Drug",), tails=("Device",)),
    ),
)
CASES = Scheme(
    name="cases",
    languages=("de",),
    categories=(category("medication", "Ein Arzneimittel."), category("Finding", "What was found.")),
    labels=(DocumentLabel(name="smoking", values=("current", "past", "never")),),
)
MAPPING = {"drugs": {"Drug": "medication", "Device": "-"}}


def source(
    name: str,
    scheme: Scheme,
    *,
    train: list[Pair],
    validation: list[Pair] | None = None,
    test: list[Pair] | None = None,
) -> SetSource:
    return SetSource(
        name, scheme, f"digest of {name}", {"train": train, "validation": validation or [], "test": test or []}
    )


@pytest.fixture(scope="module")
def drugs(annotated: Marked) -> list[Pair]:
    record, layer = annotated("Gave [5 mg]{Dose} of [aspirin]{Drug} by [pump]{Device} for fever.")
    dose, drug, device = (entity.id for entity in layer.entities)
    relations = (
        Relation(id="R1", type="dose_of", head=dose, tail=drug),
        Relation(id="R2", type="given_by", head=drug, tail=device),
    )
    return [(record, layer.model_copy(update={"relations": relations})), annotated("No [heparin]{Drug} was given.")]


@pytest.fixture(scope="module")
def cases(annotated: Marked) -> list[Pair]:
    record, layer = annotated("[Husten]{Finding} unter [Ramipril]{medication} seit drei Tagen.", language="de")
    return [(record, layer.model_copy(update={"labels": {"smoking": "past"}}))]


@pytest.fixture(scope="module")
def joined(drugs: list[Pair], cases: list[Pair]) -> JoinedSets:
    return JoinedSets([source("drugs", DRUGS, train=drugs), source("cases@1", CASES, train=cases)], mapping=MAPPING)


def test_sets_of_two_schemes_stand_under_common_names(joined: JoinedSets) -> None:
    assert joined.scheme.names == ("medication", "Dose", "Finding")
    assert joined.scheme.languages == ("en", "de")
    assert [(kind.name, kind.heads, kind.tails) for kind in joined.scheme.relations] == [
        ("dose_of", ("Dose",), ("medication",))
    ]
    (first, second, third) = [layer for _, layer in joined.train]
    assert [(entity.category, entity.text) for entity in first.entities] == [
        ("Dose", "5 mg"),
        ("medication", "aspirin"),
    ]
    assert [relation.type for relation in first.relations] == ["dose_of"]
    assert third.labels == {"smoking": "past"}
    scope = scope_of(second)
    assert scope is not None
    assert (scope.of, scope.categories) == ("drugs", {"medication", "Dose"})
    assert joined.own_scheme("cases@1").names == ("medication", "Finding")


def test_what_is_left_out_is_counted_and_named(joined: JoinedSets) -> None:
    drugs, cases = joined.to_json()["sets"]  # type: ignore[misc,union-attr]
    assert (drugs["renamed"], drugs["dropped"]) == ({"Drug -> medication": 2}, {"Device": 1})  # type: ignore[index,call-overload]
    assert drugs["relations_dropped"] == 1  # type: ignore[index,call-overload]
    assert drugs["not_annotated"] == ["Finding", "smoking"]  # type: ignore[index,call-overload]
    assert cases["not_annotated"] == ["Dose", "dose_of"]  # type: ignore[index,call-overload]
    assert cases["records"] == {"train": 1, "validation": 0, "test": 0}  # type: ignore[index,call-overload]


def test_what_two_sets_have_in_training_is_learnt_from_each_and_counted(
    drugs: list[Pair], annotated: Marked, joined: JoinedSets
) -> None:
    text = "Gave 5 mg of aspirin by pump for fever."
    other = Scheme(name="other", categories=(category("Finding"),))
    (_, finding) = annotated("Gave 5 mg of aspirin by pump for [fever]{Finding}.")
    same, like = (
        (Record(id=id, group=id, source="t", language="en", text=text), finding.model_copy(update={"record_id": id}))
        for id in (drugs[0][0].id, "copy")
    )
    third = annotated("No [cough]{Finding} and nothing else that is like it.")
    both = JoinedSets([source("drugs", DRUGS, train=drugs), source("notes", other, train=[same, like, third])])
    first, second = both.to_json()["sets"]  # type: ignore[misc,union-attr]
    assert first["learnt_twice"] == {}  # type: ignore[index,call-overload]
    assert second["learnt_twice"] == {"the same record": 1, "nearly the same text": 1}  # type: ignore[index,call-overload]
    assert second["records"]["train"] == 3  # type: ignore[index,call-overload]
    assert [layer.entities[-1].text for _, layer in both.train].count("fever") == 2
    measured = JoinedSets(
        [source("drugs", DRUGS, train=drugs[1:], test=drugs[:1]), source("notes", other, train=[like, third])]
    )
    assert measured.to_json()["sets"][1]["learnt_twice"] == {}  # type: ignore[index,call-overload]
    assert measured.to_json()["sets"][1]["left_out"] == {"train": {"nearly the same text": 1}}  # type: ignore[index,call-overload]
    drugs_alone, cases_alone = joined.to_json()["sets"]  # type: ignore[misc,union-attr]
    assert drugs_alone["learnt_twice"] == cases_alone["learnt_twice"] == {}  # type: ignore[index,call-overload]


def test_the_common_scheme_is_a_file_that_a_workspace_reads(joined: JoinedSets, tmp_path: Path) -> None:
    write_scheme(joined.scheme, tmp_path / "scheme.yaml")
    assert load_scheme(tmp_path / "scheme.yaml") == joined.scheme


def test_the_same_name_with_another_meaning_is_refused_until_a_mapping_says_what_it_is(
    drugs: list[Pair], annotated: Marked
) -> None:
    other = Scheme(name="abuse", categories=(category("Drug", "An illegal substance."),))
    taken = [annotated("He took [heroin]{Drug}.")]
    sets = [source("drugs", DRUGS, train=drugs), source("abuse", other, train=taken)]
    with pytest.raises(
        UsageError, match=r"Drug to be one thing in drugs and abuse, its definition differ.*abuse: \{Drug"
    ):
        JoinedSets(sets)
    assert JoinedSets(sets, mapping={"abuse": {"Drug": "substance"}}).scheme.names[-1] == "substance"
    assert JoinedSets(sets, mapping={"abuse": {"Drug": "Drug"}}).scheme.names == DRUGS.names
    unsaid = Scheme(name="abuse", categories=(category("Drug"),))
    assert JoinedSets([sets[0], source("abuse", unsaid, train=taken)]).scheme.by_name["Drug"].definition


@pytest.mark.parametrize(
    ("scheme", "message"),
    [
        (Scheme(name="s", categories=(category("Drug", keeps=("present", "negated")),)), "the same keeps"),
        (Scheme(name="s", labels=(DocumentLabel(name="Drug", values=("a", "b")),)), "a category and a label"),
    ],
)
def test_names_that_cannot_be_one_thing_are_refused(drugs: list[Pair], scheme: Scheme, message: str) -> None:
    record = Record(id="x", group="x", source="t", language="en", text="Drug free for three years.")
    layer = Layer(record_id="x", name="g", author="g")
    with pytest.raises(UsageError, match=message):
        JoinedSets([source("drugs", DRUGS, train=drugs), source("s", scheme, train=[(record, layer)])])


def test_labels_with_other_values_are_refused_unless_they_are_mapped_to_the_same(cases: list[Pair]) -> None:
    other = Scheme(name="other", labels=(DocumentLabel(name="smoking", values=("current", "former", "never")),))
    record = Record(id="y", group="y", source="t", language="en", text="She smoked until the year before last.")
    layer = Layer(record_id="y", name="g", author="g", labels={"smoking": "former"})
    sets = [source("cases", CASES, train=cases), source("other", other, train=[(record, layer)])]
    with pytest.raises(UsageError, match="smoking with the same values in cases and other"):
        JoinedSets(sets)
    joined = JoinedSets(sets, mapping={"other": {"smoking.former": "smoking.past"}})
    assert [layer.labels for _, layer in joined.train] == [{"smoking": "past"}, {"smoking": "past"}]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"drugs": {"Drugs": "medication"}}, "did you mean Drug"),
        ({"drug": {"Drug": "medication"}}, "did you mean drugs"),
        ({"drugs": {"Drug": "two words"}}, "a common name for Drug that a scheme can have, got 'two words'"),
        ({"drugs": {"Drug": ""}}, "a common name, or '-'"),
        ({"cases": {"smoking.past": "former"}}, "smoking.past: smoking.VALUE"),
    ],
)
def test_a_mapping_that_is_not_understood_is_refused(
    drugs: list[Pair], cases: list[Pair], mapping: dict[str, dict[str, str]], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        JoinedSets([source("drugs", DRUGS, train=drugs), source("cases@1", CASES, train=cases)], mapping=mapping)


def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mapping.yaml"
    file.write_text("drugs: {Drug: medication, Device: '-'}", encoding="utf-8")
    assert read_mapping(file) == MAPPING
    for content in ("- Drug", "drugs: Drug", "drugs: {Drug: 3}", "drugs: {Drug: -"):
        file.write_text(content, encoding="utf-8")
        with pytest.raises(UsageError, match="mapping"):
            read_mapping(file)
    with pytest.raises(UsageError, match="a mapping at"):
        read_mapping(tmp_path / "none.yaml")


def test_a_name_for_a_category_and_a_relation_has_to_say_which(annotated: Marked) -> None:
    both = Scheme(name="both", categories=(category("Dose"),), relations=(RelationType(name="Dose"),))
    sets = [source("both", both, train=[annotated("Took [5 mg]{Dose} of it.")])]
    with pytest.raises(UsageError, match="category:Dose or relation:Dose"):
        JoinedSets(sets, mapping={"both": {"Dose": "amount"}})
    scheme = JoinedSets(sets, mapping={"both": {"category:Dose": "amount", "relation:Dose": "dose_of"}}).scheme
    assert (scheme.names, scheme.relations[0].name) == (("amount",), "dose_of")


def test_no_record_is_learnt_from_that_another_set_is_measured_by(drugs: list[Pair], annotated: Marked) -> None:
    plain = Scheme(name="plain", categories=(category("Dose"),))
    same, group = drugs[0][0], drugs[1][0].group
    text = "The patient was admitted with chest pain and treated with a stent in the left artery on the same day"
    near = annotated(f"{text}.")
    learnt = [*drugs, near, annotated("Etwas anderes ohne Befund.", language="de")]
    measured = [
        (same, Layer(record_id=same.id, name="g", author="g")),
        annotated("Another visit of the second patient, weeks later.", group=group),
        annotated(f"{text} again."),
    ]
    sets = [source("a", DRUGS, train=learnt), source("b", plain, train=[annotated("One [dose]{Dose}.")], test=measured)]
    joined = JoinedSets(sets)
    assert [record.text for record, _ in joined.pairs("a", "train")] == ["Etwas anderes ohne Befund."]
    assert joined.to_json()["sets"][0]["left_out"] == {  # type: ignore[index,call-overload]
        "train": {"the same record": 1, "a record of the same group": 1, "nearly the same text": 1}
    }
    assert len(list(joined.test)) == 3
    with pytest.raises(UsageError, match="in the set a, got 3 that are all left out"):
        JoinedSets([source("a", DRUGS, train=learnt[:3]), sets[1]])
    with pytest.raises(UsageError, match="in the set e, got none"):
        JoinedSets([sets[1], source("e", DRUGS, train=[])])
    with pytest.raises(UsageError, match="each set once, got b more than once"):
        JoinedSets([sets[1], sets[1]])
    apart = JoinedSets([sets[0]], apart=[sets[1]])
    assert len(list(apart.train)) == 1
    assert apart.to_json()["sets"][0]["name"] == "a"  # type: ignore[index,call-overload]


def test_a_record_of_two_sets_is_learnt_from_in_both(drugs: list[Pair]) -> None:
    plain = Scheme(name="plain", categories=(category("Sign", "What the patient complains about."),))
    record = drugs[0][0]
    layer = Layer(record_id=record.id, name="g", author="g")
    joined = JoinedSets([source("a", DRUGS, train=drugs), source("b", plain, train=[(record, layer)])])
    assert [scope.of for _, layer in joined.train if (scope := scope_of(layer))] == ["a", "a", "b"]


@pytest.fixture(scope="module")
def settings(tiny_encoder: Path) -> TrainingSettings:
    return TrainingSettings(
        base_model=str(tiny_encoder), full=True, epochs=2, window=96, stride=16, masking=0.0, threads=1, negatives=99
    )


@pytest.mark.model
def test_a_set_is_only_asked_its_own_questions(joined: JoinedSets, settings: TrainingSettings) -> None:
    scheme = joined.scheme
    split = splitter(base_folder(settings.base_model))
    asked = AskedPieces(split, questions_of(scheme), scheme.names, window=96)
    texts, found = answered_texts(joined.train, scheme, splitter=split, asked=asked, stride=16)
    assert (found.rows, found.negatives) == (6, 1)
    assert check(joined.train, scheme, settings).rows == 6
    reader = QuestionReader(None, split, scheme.names, asked, 16)
    learner = ReaderLearner.__new__(ReaderLearner)
    learner._reader, learner._texts, learner._settings = reader, texts, settings
    pairs = {(window[0], scheme.names[window[3]]) for batch in learner.epoch(Random(0)) for window in batch}
    drug_names, case_names = ("medication", "Dose"), ("medication", "Finding")
    assert pairs == {
        *((0, name) for name in drug_names),
        *((1, name) for name in drug_names),
        *((2, name) for name in case_names),
    }


@pytest.mark.model
def test_what_a_set_does_not_annotate_is_not_learnt_as_outside(
    joined: JoinedSets, settings: TrainingSettings, place: Path
) -> None:
    import torch

    examples = make_examples(joined.train, scheme=joined.scheme, splitter=splitter(base_folder(settings.base_model)))
    trained = train_tagger(
        TrainingJob(joined.train, (), joined.scheme, settings, place / "adapters" / "joined", about=joined.to_json())
    )
    from curation.tagging.folder import load_tagger

    tagger, _ = load_tagger(trained.folder)
    learner = TaggerLearner(tagger, examples, (), joined.scheme, settings)
    learner.loss([(0, 0, examples.rows.length(0))]).backward()
    foreign = torch.tensor([label[2:] == "Finding" for label in examples.labels])
    gradient = tagger.model.classifier.weight.grad.abs().sum(1)
    assert gradient[foreign].max() == 0
    assert gradient[~foreign].min() > 0
    written = card(trained.manifest)
    assert "drugs" in written
    assert "digest of cases" in written
    assert (trained.folder / "scheme.yaml").is_file()


def test_pairs_of_entities_have_only_the_relations_that_their_set_annotates(
    joined: JoinedSets, tiny_encoder: Path
) -> None:
    rows = pair_rows(joined.train, joined.scheme, splitter=splitter(tiny_encoder), window=64)
    assert (rows.check.rows, rows.check.negatives, rows.check.annotations) == (1, 0, 1)


@pytest.mark.model
def test_a_decoder_is_asked_by_the_keys_that_a_set_annotates(joined: JoinedSets, tiny_decoder: Path) -> None:
    from curation.models.local.settings import LocalModelSettings
    from curation.models.local.weights import load_model

    loaded = load_model(tiny_decoder, LocalModelSettings(path=str(tiny_decoder)))
    maker = ChatRowMaker(loaded.tokenizer, joined.scheme, loaded.context)
    (_, _), (record, layer), (other, labelled) = joined.train
    ((form, written),) = maker.answers(record, layer)
    assert written is not None
    assert written.text == '{"medication":"heparin","Dose":"N/A"}'
    assert "Finding" not in loaded.tokenizer.decode(maker.tokens(record, layer, form, written.text)[0])
    ((form, written),) = maker.answers(other, labelled)
    assert written is not None
    assert written.text == '{"medication":"Ramipril","Finding":"Husten","smoking":"past"}'
    assert maker.rows(joined.train).check.rows == 3


def test_what_is_predicted_beside_what_a_set_annotates_is_not_measured(joined: JoinedSets) -> None:
    (_, gold), _, (_, other) = joined.train
    assert within(gold, gold).entities == gold.entities
    found = within(gold.model_copy(update={"record_id": other.record_id}), other)
    assert [entity.category for entity in found.entities] == ["medication"]
    assert found.relations == ()


def test_a_temperature_gives_a_small_set_a_larger_share() -> None:
    import numpy as np

    windows = np.array([(row, 0, 5) for row in range(110)], dtype=np.int32)
    owners = [0] * 100 + [1] * 10
    assert mixed(windows, owners, temperature=1, random=Random(0)) is windows
    for temperature, share in ((2.0, 26), (1000.0, 55)):
        found = mixed(windows, owners, temperature=temperature, random=Random(0))
        assert len(found) == 110
        assert sum(owners[row] for row in found[:, 0]) == share
        assert len(set(found[:, 0].tolist()) & set(range(100, 110))) == 10
    assert len(mixed(windows[:0], owners, temperature=2, random=Random(0))) == 0
