"""Relations by questions: a head is marked in the text and named in the question, and the answers are its tails."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from begun import assert_begins_with_shares

from annotation.adapter import AdapterAnnotator
from annotation.settings import AdapterSettings
from curation.adapters.questions import LABELS
from curation.adapters.relation_pairs import RelationKind
from curation.adapters.relation_questions import (
    MEETS_NONE,
    MEETS_SEVERAL,
    HeadAsker,
    HeadQuestion,
    TailReader,
    head_questions,
    linked,
)
from curation.errors import NothingToGoByError, UsageError
from curation.markup import parse_markup
from curation.record import Entity, Fragment, Layer, Record, Relation, check_layer, wording
from curation.scheme import Category, RelationType, Scheme
from curation.scoring.relations import score_relations
from curation.stage import Item
from curation.tagging.encoder import splitter, with_head
from curation.tagging.labels import TaggedSpan
from curation.tagging.words import Splitter
from curation.views.relation_questions import relation_questions
from training.examples import Pair
from training.relation_questions import TailLearner, check, head_rows, shown, train_tail_reader
from training.relations import kinds_of, relation_validation
from training.scope import LayerScope
from training.settings import TrainingSettings
from training.trained import Trained, TrainingJob
from training.trainers import chosen

SCHEME = Scheme(
    name="drugs",
    languages=("en", "de"),
    categories=tuple(
        Category(name=name, label={"en": english, "de": german}, colour="#1f77b4", hotkey=None)
        for name, english, german in (("drug", "Drug", "Mittel"), ("dose", "Dose", "Dosis"), ("site", "Site", "Ort"))
    ),
    relations=(
        RelationType(name="given", heads=("dose",), tails=("drug",)),
        RelationType(name="put", heads=("dose",), tails=("site",)),
    ),
)
KINDS = kinds_of(SCHEME)


def pair(number: int, marked: str, *links: tuple[int, int, str], language: str = "en") -> Pair:
    text, entities = parse_markup(marked)
    return linked_pair(number, text, entities, *links, language=language)


def linked_pair(
    number: int, text: str, entities: tuple[Entity, ...], *links: tuple[int, int, str], language: str = "en"
) -> Pair:
    record = Record(id=f"r{number}", group=f"r{number}", source="t", language=language, text=text)
    relations = tuple(
        Relation(id=f"R{place}", type=kind, head=entities[head].id, tail=entities[tail].id)
        for place, (head, tail, kind) in enumerate(links)
    )
    return record, Layer(record_id=record.id, name="gold", author="gold", entities=entities, relations=relations)


#: The dose in front of a drug is the drug's; in the second and third, two doses have the same wording.
PAIRS = [
    pair(0, "Given [1 mg]{dose} [aspirin]{drug}, then [2 mg]{dose} [heparin]{drug}.", (0, 1, "given"), (2, 3, "given")),
    pair(1, "Given [5 mg]{dose} [heparin]{drug}, then [5 mg]{dose} [digoxin]{drug}.", (0, 1, "given"), (2, 3, "given")),
    pair(
        2,
        "Nach [9 mg]{dose} [Digoxin]{drug} kamen [9 mg]{dose} [Aspirin]{drug}.",
        (0, 1, "given"),
        (2, 3, "given"),
        language="de",
    ),
    pair(3, "No [3 mg]{dose} of the old [aspirin]{drug} was left."),
]


@pytest.fixture(scope="module")
def wide(quick_settings: TrainingSettings) -> TrainingSettings:
    """Windows that leave room beside a question."""
    return quick_settings.model_copy(update={"window": 96})


@pytest.fixture(scope="module")
def split(tiny_encoder: Path) -> Splitter:
    return splitter(tiny_encoder)


@pytest.fixture(scope="module")
def ask(split: Splitter) -> HeadAsker:
    return HeadAsker(split, relation_questions(SCHEME), KINDS, window=96)


def decoded(split: Splitter, ids: Any) -> str:
    from tokenizers import Tokenizer

    text: str = Tokenizer.from_file(str(split.file)).decode(list(map(int, ids)), skip_special_tokens=False)
    return text


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (
            1,
            (
                'for dose " 5 mg ", find drug ( given ) [SEP] given @ dose @ 5 mg @ heparin, then 5 mg digoxin.',
                'for dose " 5 mg ", find drug ( given ) [SEP] given 5 mg heparin, then @ dose @ 5 mg @ digoxin.',
            ),
        ),
        (
            2,
            (
                "finde zu dosis „ 9 mg “ mittel ( given ) [SEP] nach @ dose @ 9 mg @ digoxin kamen 9 mg aspirin.",
                "finde zu dosis „ 9 mg “ mittel ( given ) [SEP] nach 9 mg digoxin kamen @ dose @ 9 mg @ aspirin.",
            ),
        ),
    ],
)
def test_of_two_heads_of_one_wording_the_marks_say_which_is_asked_about(
    split: Splitter, ask: HeadAsker, number: int, expected: tuple[str, str]
) -> None:
    _, layer = PAIRS[number]
    rows, _ = head_rows([PAIRS[number]], SCHEME, splitter=split, ask=ask)
    answers = []
    for row, asked in enumerate(expected):
        ids, labels = rows.read(row)
        assert decoded(split, ids) == asked
        answers.append(decoded(split, ids[labels > 0]))
    assert answers == [layer.entities[1].text.lower(), layer.entities[3].text.lower()]


def test_what_no_answer_can_be_is_not_labelled_and_a_cut_word_is_none(split: Splitter) -> None:
    ask = HeadAsker(split, relation_questions(SCHEME), KINDS, window=44)
    record, layer = pair(0, f"{'electroencephalographically ' * 6}[5 mg]{{dose}} [aspirin]{{drug}}.", (0, 1, "given"))
    (text,) = split([record.text])
    (question,) = head_questions(layer, KINDS)
    asked = ask(text, question, "en")
    assert asked is not None
    assert len(asked.ids) == 44 - len(split.before) - len(split.after)
    assert record.text[asked.text.words[0][0] :].startswith("electro")
    assert [int(piece) for piece in asked.ids[asked.places]] == asked.text.ids.tolist()
    rows, _ = head_rows([(record, layer)], SCHEME, splitter=split, ask=ask)
    ids, labels = rows.read(0)
    assert decoded(split, ids[labels == -100]).startswith('for dose " 5 mg ", find drug ( given ) [SEP]')
    assert decoded(split, ids[labels > 0]) == "aspirin"


def test_the_view_has_real_negatives_and_asks_nothing_that_no_entity_could_answer(
    wide: TrainingSettings, split: Splitter, ask: HeadAsker
) -> None:
    found = check(PAIRS, SCHEME, wide)
    assert (found.records, found.rows, found.negatives, found.annotations) == (4, 7, 1, 6)
    assert (found.lost, found.changed, found.oracle, found.never_seen) == ({}, {}, 1.0, ("put",))
    record, layer = pair(4, "[1 mg]{dose} [aspirin]{drug} at the [arm]{site}.", (0, 1, "given"))
    assert [(question.kind.name, question.head.id) for question in head_questions(layer, KINDS)] == [
        ("given", "T1"),
        ("put", "T1"),
    ]
    scope = LayerScope("cases", frozenset(SCHEME.names), frozenset({"put"}))
    rows, of_scope = head_rows([(record, scope.noted(layer))], SCHEME, splitter=split, ask=ask)
    assert (of_scope.rows, of_scope.negatives) == (1, 1)
    assert rows.kinds.tolist() == [1]
    assert not head_questions_of(pair(5, "[1 mg]{dose} and [2 mg]{dose}."))


def head_questions_of(found: Pair) -> list[HeadQuestion]:
    return list(head_questions(found[1], KINDS))


def at(text: str, *spans: tuple[int, int], category: str, id: str) -> Entity:
    fragments = tuple(Fragment(start=start, end=end) for start, end in spans)
    return Entity(id=id, category=category, text=wording(text, spans), fragments=fragments)


def test_discontinuous_and_nested_tails_are_given_back_and_what_is_not_is_counted(wide: TrainingSettings) -> None:
    text = "Given 1 mg low dose and slow heparin today."
    dose = Entity.at(text, 6, 10, "dose", id="T1")
    slow = at(text, (11, 14), (29, 36), category="drug", id="T2")
    whole = linked_pair(0, text, (dose, slow), (0, 1, "given"))
    assert check([whole], SCHEME, wide).oracle == 1.0
    inner = Entity.at(text, 29, 36, "drug", id="T3")
    nested = check([linked_pair(0, text, (dose, slow, inner), (0, 1, "given"), (0, 2, "given"))], SCHEME, wide)
    assert (nested.lost, nested.oracle) == ({"overlapped": 1}, 0.5)
    alone = check([linked_pair(0, text, (dose, slow, inner), (0, 2, "given"))], SCHEME, wide)
    assert (alone.lost, alone.oracle) == ({}, 1.0)
    # Within the head itself, and with the head within the tail.
    around = Entity.at(text, 6, 36, "drug", id="T4")
    within = linked_pair(0, text, (dose, around), (0, 1, "given"))
    assert check([within], SCHEME, wide).oracle == 1.0


def test_what_is_lost_or_ambiguous_is_counted(wide: TrainingSettings) -> None:
    far = pair(9, f"Given [1 mg]{{dose}} {'and so on ' * 60}[aspirin]{{drug}}.", (0, 1, "given"))
    found = check([far], SCHEME, wide)
    assert (found.lost, found.oracle, found.cut) == ({"further apart than a window": 1}, 0.0, 1)
    backwards = pair(9, "Given [1 mg]{dose} [aspirin]{drug}.", (1, 0, "given"))
    (reason,) = check([backwards], SCHEME, wide).lost
    assert reason.startswith("between categories that the scheme does not allow")
    twice = pair(9, "Given [1 mg]{dose} [aspirin]{drug}.", (0, 1, "given"), (0, 1, "given"))
    assert check([twice], SCHEME, wide).lost == {"told twice": 1}
    long = pair(9, f"Given [{'1 mg ' * 60}]{{dose}} [aspirin]{{drug}}.", (0, 1, "given"))
    assert check([long], SCHEME, wide).lost == {"of a head that is longer than a window": 1}
    some = pair(9, f"Given [{'1 mg ' * 14}]{{dose}} [aspirin]{{drug}}.", (0, 1, "given"))
    part = check([some], SCHEME, wide.model_copy(update={"window": 80}))
    assert (part.lost, part.changed) == ({}, {"asked about with a part of the head's wording": 1})
    _, layer = PAIRS[0]
    same = layer.entities[0].model_copy(update={"id": "T9"})
    doubled = layer.model_copy(update={"entities": (*layer.entities, same)})
    alike = check([(PAIRS[0][0], doubled)], SCHEME, wide)
    assert alike.changed == {"of a head that is asked about in the same words as another one": 1}


def test_answers_are_matched_to_entities_and_none_is_guessed() -> None:
    text = "Given 5 mg aspirin and heparin at the left arm."
    dose = Entity.at(text, 6, 10, "dose", id="T1")
    aspirin = Entity.at(text, 11, 18, "drug", id="T2")
    both = Entity.at(text, 11, 30, "drug", id="T3")
    twin = aspirin.model_copy(update={"id": "T4"})
    kind = RelationKind("given", ("dose",), ())
    question = HeadQuestion(kind, dose, (aspirin, both, twin))

    def tails(*spans: tuple[int, int], among: HeadQuestion = question) -> tuple[list[str], Counter[str]]:
        relations, left_out = linked([TaggedSpan("answer", (span,), 0.5) for span in spans], among)
        assert all((relation.type, relation.head) == ("given", "T1") for relation in relations)
        return [relation.tail for relation in relations], left_out

    assert tails((11, 18)) == (["T2"], Counter())
    assert tails((11, 30)) == (["T3"], Counter())
    assert tails((13, 18)) == (["T2"], Counter())  # the best overlap
    assert tails((23, 30)) == (["T3"], Counter())
    assert tails((38, 46)) == ([], Counter({MEETS_NONE: 1}))
    assert tails((11, 18), (12, 18)) == (["T2"], Counter())
    other = aspirin.model_copy(update={"id": "T5", "category": "site"})
    assert tails((11, 18), among=HeadQuestion(kind, dose, (aspirin, other))) == ([], Counter({MEETS_SEVERAL: 1}))


def test_questions_without_an_answer_are_drawn_anew_and_types_never_seen_are_not_asked(
    wide: TrainingSettings, split: Splitter, ask: HeadAsker
) -> None:
    bare = [(record, layer.model_copy(update={"relations": layer.relations[:1]})) for record, layer in PAIRS]
    more = pair(4, "[1 mg]{dose} at the [arm]{site}.")
    rows, _ = head_rows([*bare, more], SCHEME, splitter=split, ask=ask)
    assert (len(rows.file), sum(rows.answered)) == (8, 3)
    reader = TailReader(with_head(Path(wide.base_model), LABELS), split, KINDS[:1], ask)
    settings = wide.model_copy(update={"negatives": 0.5})
    learner = TailLearner(reader, rows, KINDS, (), SCHEME, settings)
    random = Random(0)
    epochs = [{window[0] for batch in learner.epoch(random) for window in batch} for _ in range(8)]
    assert {len(epoch) for epoch in epochs} == {3 + 2}
    assert set.intersection(*epochs) >= {number for number in range(8) if rows.answered[number]}
    asked = set.union(*epochs)
    assert asked <= set(range(7))
    assert len(asked) > 5


def test_the_figure_of_training_is_that_of_scoring() -> None:
    negated = [
        (record, layer.model_copy(update={"relations": layer.relations[::-1][:1]})) if number else (record, layer)
        for number, (record, layer) in enumerate(PAIRS)
    ]
    given = [
        [found for relation in layer.relations for found in linked([span_of(layer, relation.tail)], asked(layer))[0]]
        for _, layer in PAIRS
    ]
    validation = relation_validation(zip((layer for _, layer in negated), given, strict=True), SCHEME)
    assert validation is not None
    from curation.adapters.relations import to_relations

    predicted = [
        layer.model_copy(update={"relations": to_relations(found)})
        for (_, layer), found in zip(negated, given, strict=True)
    ]
    scores = score_relations([layer for _, layer in negated], predicted, scheme=SCHEME)
    assert scores is not None
    micro = scores.strict.micro
    assert 0 < (micro.f1 or 0) < 1
    assert validation.value == micro.f1
    assert validation.scores["relations"] == {
        "f1": micro.f1,
        "matched": micro.matched,
        "gold": micro.gold,
        "predicted": micro.predicted,
    }
    assert relation_validation([(PAIRS[3][1], [])], SCHEME) is None


def span_of(layer: Layer, id: str) -> TaggedSpan:
    (tail,) = (entity for entity in layer.entities if entity.id == id)
    return TaggedSpan("answer", tail.spans, 1.0)


def asked(layer: Layer) -> HeadQuestion:
    return next(head_questions(layer, KINDS))


def test_a_scheme_without_relations_is_refused() -> None:
    settings = TrainingSettings(task="relations", model="questions")
    assert chosen(settings, SCHEME) == ("relations", "questions")
    with pytest.raises(UsageError, match="expected a scheme with relations"):
        chosen(settings, SCHEME.model_copy(update={"relations": ()}))


def test_records_without_relations_and_questions_that_are_too_long_are_refused(
    place: Path, wide: TrainingSettings, tmp_path: Path
) -> None:
    with pytest.raises(NothingToGoByError, match="1 without any that can be learnt"):
        train_tail_reader(TrainingJob(PAIRS[3:], (), SCHEME, wide, place / "adapters" / "none"))
    file = tmp_path / "questions.yaml"
    file.write_text("en: {given: '" + "very " * 60 + "{head}'}", encoding="utf-8")
    with pytest.raises(UsageError, match="leave half of the window"):
        check(PAIRS, SCHEME, wide.model_copy(update={"questions": file}))


def test_what_is_shown_is_the_question_with_the_head_marked_and_its_answers(wide: TrainingSettings) -> None:
    first, second, *_ = shown(PAIRS[1:2], SCHEME, wide)
    assert first.title == second.title == 'For Dose "5 mg", find Drug (given)'
    spoken = " ".join(f"[{word}|{label}]" if answer else word for word, label, answer in second.words)
    assert spoken == "Given 5 mg heparin , then @ 5 mg @ [digoxin|B] ."
    (negative,) = shown(PAIRS[3:], SCHEME, wide)
    assert not any(answer for _, _, answer in negative.words)


@pytest.fixture(scope="module")
def trained(place: Path, wide: TrainingSettings) -> Trained:
    settings = wide.model_copy(update={"epochs": 60})
    return train_tail_reader(TrainingJob(PAIRS, PAIRS, SCHEME, settings, place / "adapters" / "asked-links"))


@pytest.mark.model
def test_a_training_begins_with_the_shares(
    place: Path, wide: TrainingSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = TrainingJob(PAIRS, (), SCHEME, wide, place / "adapters" / "begun-links")
    assert_begins_with_shares(monkeypatch, "training.relation_questions", wide, lambda: train_tail_reader(job))


@pytest.mark.model
def test_the_adapter_adds_relations_to_a_given_layer(trained: Trained) -> None:
    assert max(trained.history) == 1.0
    annotator = AdapterAnnotator(trained.folder, SCHEME, AdapterSettings(reads="gold"), layer="linked")
    assert (annotator.reads, annotator.unserved("de")) == (("gold",), ())
    bare = [(record, layer.model_copy(update={"relations": ()})) for record, layer in PAIRS]
    results = annotator([Item(record, {"gold": layer}) for record, layer in bare])
    for (record, gold), result in zip(PAIRS, results, strict=True):
        (layer,) = result.layers
        check_layer(record, layer)
        assert layer.entities == gold.entities
        assert {(r.type, r.head, r.tail) for r in layer.relations} == {(r.type, r.head, r.tail) for r in gold.relations}
        assert (layer.name, layer.author) == ("linked", trained.manifest.author)
    (failed,) = annotator([Item(PAIRS[0][0])])
    assert failed.error == "expected the layer gold that relations are found in, the record has none"
    empty = bare[0][1].model_copy(update={"entities": ()})
    assert annotator([Item(bare[0][0], {"gold": empty})])[0].layers[0].relations == ()
    # The drug that is the answer is not among the entities: what is found in its place is said, not made up.
    record, layer = bare[0]
    dose, _, _, heparin = layer.entities
    (result,) = annotator([Item(record, {"gold": layer.model_copy(update={"entities": (dose, heparin)})})])
    assert result.notes == {f"left out: {MEETS_NONE}": 1}
    assert result.layers[0].provenance["dropped"] == {MEETS_NONE: 1}
    assert result.layers[0].relations == ()


@pytest.mark.model
def test_the_manifest_has_the_questions_and_no_wording_of_records(trained: Trained) -> None:
    manifest = trained.manifest
    assert (manifest.task, manifest.model, manifest.categories) == ("relations", "questions", ())
    assert manifest.details["learnt"] == ["given"]
    assert manifest.details["questions"] == {
        "en": {"given": 'For {category} "{head}", find Drug (given)'},
        "de": {"given": "Finde zu {category} „{head}“ Mittel (given)"},
    }
    card = (trained.folder / "README.md").read_text(encoding="utf-8")
    assert "Answers questions about given entities" in card
    assert "1 relation types of the scheme" in card
    assert "| all (micro) | 1.000 | 6 |" in card
    assert "heparin" not in card + (trained.folder / "clincurate.json").read_text(encoding="utf-8")
