"""Examples of a frozen set: the nearest ones, and never a relative of the record."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from annotation.llm.checked_examples import checked_examples
from annotation.llm.retrieved import RetrievedExamples, example_tokens
from annotation.settings import ExamplesSettings
from curation.errors import UsageError
from curation.record import Layer, Record
from curation.store.sets import CuratedSet

SET = CuratedSet(digest="d" * 32, name="curated", version=2, manifest={"splits": {}})
KNEE = (
    "A man had [pain in the left knee]{signs_symptoms} after a fall, and an X-ray of the knee showed a fracture of "
    "number %d."
)
COUGH = "A woman had a [dry cough]{signs_symptoms} with fever, and amoxicillin was given for the pneumonia of week %d."


@pytest.fixture(scope="module")
def members(annotated) -> list[tuple[Record, Layer]]:
    """Four reports of knees and four of coughs, each of a patient of its own."""
    return [annotated(text % number, group=f"p{number}-{text[2]}") for text in (KNEE, COUGH) for number in range(4)]


def retrieved(members, scheme, near_duplicates: float = 1.0, encoder=None, **settings: object) -> RetrievedExamples:
    return RetrievedExamples(
        SET,
        checked_examples(members, scheme),
        ExamplesSettings(**settings),
        encoder_for=lambda language: encoder,
        near_duplicates=near_duplicates,
    )


def asked(annotated, text: str, **fields: str) -> Record:
    record, _ = annotated(text, source_id="asked", **fields)
    return record


def ids(examples: RetrievedExamples, record: Record) -> list[str]:
    return [example.record.id for example in examples.for_record(record)]


def test_the_nearest_come_first_and_are_the_same_each_time(members, scheme, annotated) -> None:
    examples = retrieved(members, scheme, number=4)
    record = asked(annotated, "A girl fell on her left knee; the X-ray of the knee showed no fracture.")
    chosen = examples.for_record(record)
    assert {example.record.id for example in chosen} == {member.id for member, _ in members[:4]}
    assert [example.score for example in chosen] == sorted((example.score for example in chosen), reverse=True)
    assert chosen == retrieved(members, scheme, number=4).for_record(record)
    assert examples.provenance(chosen) == {
        "set": "curated@2",
        "set_digest": SET.digest,
        "strategy": "nearest",
        "by": "character n-grams",
        "ids": [example.record.id for example in chosen],
    }


def test_the_record_its_group_and_its_translations_are_no_examples(members, scheme, annotated) -> None:
    examples = retrieved(members, scheme, number=8)
    member, _ = members[0]
    assert member.id not in ids(examples, member)
    assert len(ids(examples, member)) == 7
    record = asked(annotated, "Another letter on the knee.", group=" p1-m ")
    assert members[1][0].id not in ids(examples, record), "the same group, written otherwise"
    record = asked(annotated, "A translation of a report on knees.", translation_of=members[2][0].id)
    assert members[2][0].id not in ids(examples, record)


def test_two_translations_of_one_original_are_relatives(scheme, annotated) -> None:
    first = annotated("Der Mann hatte [Schmerzen]{signs_symptoms} im Knie.", language="de", translation_of="o")
    second = annotated("Die Frau hatte [Husten]{signs_symptoms}.", language="de")
    examples = retrieved([first, second], scheme)
    record = asked(annotated, "Der Patient klagte ueber Knieschmerzen.", language="de", translation_of="o")
    assert ids(examples, record) == [second[0].id]
    original = record.model_copy(update={"id": "o", "translation_of": None})
    assert ids(examples, original) == [second[0].id]


@pytest.mark.parametrize("change", [str, str.upper, "{} He went home.".format, lambda text: text.replace(" ", "\n")])
def test_nearly_the_same_text_is_no_example(scheme, annotated, change) -> None:
    long = "A man of the village had [fever]{signs_symptoms} " + " ".join(f"and word{number}" for number in range(60))
    member, other = annotated(long + "."), annotated("A woman had a [cough]{signs_symptoms}.")
    examples = retrieved([member, other], scheme, near_duplicates=0.8)
    record = asked(annotated, "Quite other words.").model_copy(update={"text": change(member[0].text)})
    assert ids(examples, record) == [other[0].id]


def test_an_excerpt_of_a_report_does_not_get_the_report(members, scheme, annotated) -> None:
    examples = retrieved(members, scheme, number=8)
    excerpt = asked(annotated, "an X-ray of the knee showed a fracture of number 0")
    assert members[0][0].id not in ids(examples, excerpt)
    assert len(ids(examples, excerpt)) == 7
    # A phrase that many reports have is no report.
    assert len(ids(examples, asked(annotated, "with fever"))) == 8


def test_examples_are_of_the_records_language(members, scheme, annotated) -> None:
    german = annotated("Der Mann hatte [Knieschmerzen]{signs_symptoms}.", language="de")
    examples = retrieved([*members, german], scheme)
    assert ids(examples, asked(annotated, "Ein Patient mit Husten.", language="de")) == [german[0].id]
    assert ids(examples, asked(annotated, "Un patient.", language="fr")) == []
    assert examples.languages == {"de": 1, "en": 8}
    assert any("character n-grams" in line and "[multilingual]" in line for line in examples.described())


def test_german_neighbours_share_parts_of_their_words(scheme, annotated) -> None:
    knee = annotated("Seit Wochen [Kniegelenksschmerzen]{signs_symptoms} rechts.", language="de")
    cough = annotated("Seit Wochen [Reizhusten]{signs_symptoms} nachts.", language="de")
    examples = retrieved([cough, knee], scheme, number=1)
    assert ids(examples, asked(annotated, "Schmerzhaftes Kniegelenk links.", language="de")) == [knee[0].id]
    assert ids(examples, asked(annotated, "Der Husten ist ein Reiz.", language="de")) == [cough[0].id]


def test_unlike_examples_are_near_the_record_and_not_each_other(members, scheme, annotated) -> None:
    record = asked(annotated, "A man had pain in the left knee after a fall, and a cough.")
    assert kinds(retrieved(members, scheme, number=2), record) == ["knee", "knee"]
    diverse = retrieved(members, scheme, number=2, strategy="diverse", diversity=0.7)
    assert kinds(diverse, record) == ["knee", "cough"]
    assert kinds(retrieved(members, scheme, number=2, strategy="diverse", diversity=0), record) == ["knee", "knee"]


def kinds(examples: RetrievedExamples, record: Record) -> list[str]:
    return ["knee" if "knee" in example.record.text else "cough" for example in examples.for_record(record)]


def test_fixed_examples_are_the_same_for_every_record_but_a_relative(members, scheme, annotated) -> None:
    examples = retrieved(members, scheme, number=2, strategy="fixed")
    first = ids(examples, asked(annotated, "A man fell."))
    assert first == ids(examples, asked(annotated, "A woman with a cough and fever."))
    assert len(set(first)) == 2
    member = next(record for record, _ in members if record.id == first[0])
    assert first[0] not in ids(examples, member)
    assert len(ids(examples, member)) == 2


def test_named_records_are_the_fixed_examples_in_their_order(members, scheme, annotated) -> None:
    wanted = (members[5][0].id, members[0][0].id)
    examples = retrieved(members, scheme, strategy="fixed", ids=wanted)
    assert ids(examples, asked(annotated, "A man fell.")) == list(wanted)
    with pytest.raises(UsageError, match="training side of curated@2"):
        retrieved(members, scheme, strategy="fixed", ids=("nobody",))
    with pytest.raises(ValueError, match="fixed"):
        ExamplesSettings(ids=wanted)


def test_what_does_not_fit_into_the_budget_is_passed_over(scheme, annotated) -> None:
    long = annotated("The knee. " + "A man had [pain]{signs_symptoms} in the knee. " * 30)
    short = annotated("A woman had [pain]{signs_symptoms}.")
    examples = retrieved([long, short], scheme, tokens=example_tokens(*short))
    record = asked(annotated, "A man had pain in the knee, said others.")
    assert ids(examples, record) == [short[0].id]
    assert ids(retrieved([long, short], scheme, tokens=1), record) == []
    enough = example_tokens(*long) + example_tokens(*short)
    assert ids(retrieved([long, short], scheme, tokens=enough), record) == [long[0].id, short[0].id]
    assert ids(retrieved([long, short], scheme, tokens=enough - 1), record) == [long[0].id]


def test_the_digest_tells_what_the_choice_depends_on(members, scheme) -> None:
    plain = retrieved(members, scheme).digest
    assert plain == retrieved(members, scheme, port=1234).digest
    others = [
        retrieved(members, scheme, number=2),
        retrieved(members, scheme, strategy="diverse"),
        retrieved(members, scheme, tokens=100),
        retrieved(members, scheme, near_duplicates=0.7),
        retrieved(members, scheme, encoder=Vowels()),
    ]
    assert len({plain, *(examples.digest for examples in others)}) == 6


def test_a_set_of_one_and_an_empty_one(scheme, annotated) -> None:
    only = annotated("A man had a [cough]{signs_symptoms}.")
    for strategy in ("nearest", "diverse", "fixed"):
        examples = retrieved([only], scheme, strategy=strategy)
        assert ids(examples, asked(annotated, "A woman had fever.")) == [only[0].id]
        assert ids(examples, only[0]) == []
        assert ids(examples, asked(annotated, "x").model_copy(update={"text": " \n"})) == []
    with pytest.raises(UsageError, match=r"found none$"):
        retrieved([], scheme)
    record, layer = only
    wrong = layer.model_copy(update={"record_id": "another"})
    with pytest.raises(UsageError, match="found none: 1 with a layer of another record"):
        retrieved([(record, wrong)], scheme)


class Vowels:
    """An encoder that counts vowels."""

    name, revision = "vowels", "1"

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        counts = np.array([[1 + text.count(letter) for letter in "aeiou"] for text in texts], dtype=np.float32)
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)


def test_an_encoder_that_knows_the_language_is_asked(members, scheme, annotated) -> None:
    examples = retrieved(members, scheme, encoder=Vowels(), number=8, tokens=100_000)
    record = asked(annotated, "A man had pain in the left knee.")
    assert len(ids(examples, record)) == 8
    assert examples.by("en") == "vowels"
    assert list(examples.described()) == ["examples: curated@2, training side, nearest: 8 in en by vowels"]
