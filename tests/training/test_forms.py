"""Each form of an answer is read again by the style of its prompt, as often as the view says that it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from annotation.llm.align import align_quotes
from annotation.llm.reading import Reading
from annotation.llm.styles.styles import style_of
from annotation.llm.tuned import TunedAnnotator
from annotation.settings import LlmSettings
from curation.errors import UsageError
from curation.models.prompt import Prompt
from curation.record import Alignment, Entity, Layer, Record, Relation
from curation.scheme import DocumentLabel, RelationType, Scheme
from curation.views.forms import FORMS, FormName
from curation.views.tagged_text import read_tags, with_tags
from training.decoder import check, shown, train_decoder
from training.examples import Pair
from training.settings import TrainingSettings
from training.trained import TrainingJob

TEXTS = (
    (
        "A [54-year-old]{age} [woman]{gender} without [fever]{signs_symptoms negated}; the [woman]{gender} left.",
        "en",
    ),
    ("Pain, no pain at night, then again [pain]{signs_symptoms} in the left knee < 5 min.", "en"),
    (
        "Die [61-jährige]{age} [Patientin]{gender}: [Übelkeit]{signs_symptoms}, müde & [Übelkeit]{signs_symptoms}.",
        "de",
    ),
    ("Nichts.\nGar nichts.", "de"),
)


@pytest.fixture(scope="module")
def narrow(scheme: Scheme) -> Scheme:
    """Four categories, a relation and a document label."""
    names = ("age", "gender", "signs_symptoms", "pathology")
    return Scheme(
        name="narrow",
        languages=("en", "de"),
        categories=tuple(category for category in scheme.categories if category.name in names),
        relations=(RelationType(name="of", heads=("age",), tails=("gender",)),),
        labels=(DocumentLabel(name="state", values=("acute", "chronic")),),
    )


@pytest.fixture(scope="module")
def pairs(annotated: Callable[..., Pair]) -> list[Pair]:
    """The texts; in the second, an entity within another one; the first with a relation and a label."""
    found = [annotated(text, language=language) for text, language in TEXTS]
    (first, layer), (second, other) = found[:2]
    link = Relation(id="R1", type="of", head="T1", tail="T2")
    start = second.text.index("left")
    inner = Entity.at(second.text, start, start + 9, "pathology", id="T8")
    outer = Entity.at(second.text, start - 4, start + 9, "signs_symptoms", id="T9")
    return [
        (first, layer.model_copy(update={"relations": (link,), "labels": {"state": "acute"}})),
        (second, other.model_copy(update={"entities": (*other.entities, inner, outer)})),
        *found[2:],
    ]


def read_again(form: FormName, record: Record, layer: Layer, scheme: Scheme) -> tuple[Counter[object], Reading]:
    """What is read of the right answer, placed in the record."""
    written = FORMS[form].write(record, layer, scheme)
    assert written is not None
    prompt = Prompt(FORMS[form].prompt, scheme)
    reading = style_of(prompt.style, prompt.name).read(written.text, scheme, None)
    placed = align_quotes(reading.quotes, record.text, language=record.language, minimum=0.9, counts=reading)
    return Counter((found.quote.category, found.at.spans, found.quote.assertion) for found in placed), reading


@pytest.mark.parametrize(("form", "held", "annotations"), [("flat", 8, 11), ("entities", 12, 13), ("tagged", 12, 12)])
def test_what_the_view_says_that_it_holds_is_read_again(
    form: FormName, held: int, annotations: int, narrow: Scheme, pairs: list[Pair]
) -> None:
    said = found = told = 0
    for record, layer in pairs:
        written = FORMS[form].write(record, layer, narrow)
        assert written is not None
        entities = [entity for entity in layer.entities if form != "flat" or narrow.counts(entity)]
        expected = Counter((entity.category, entity.spans, entity.assertion) for entity in entities)
        again, reading = read_again(form, record, layer, narrow)
        links = len(reading.links) if form == "entities" else 0
        assert reading.labels == layer.labels
        found += (again & expected).total() + links + len(reading.labels)
        said, told = said + written.held, told + written.annotations
    assert (said, found, told) == (held, held, annotations)


def test_tags_hold_what_lies_in_each_other_and_count_the_rest(annotated: Callable[..., Pair]) -> None:
    record, layer = annotated("Severe [chest pain]{signs_symptoms} today.")
    text = record.text
    across = Entity.at(text, 0, 12, "pathology", id="T2")
    nowhere = Entity(id="T3", category="age", text="old", alignment=Alignment.NONE)
    marked, lost = with_tags(text, [*layer.entities, across, nowhere], ["signs_symptoms", "pathology", "age"])
    assert marked == "<pathology>Severe chest</pathology> pain today."
    assert lost == {"overlapped": 1, "unplaced": 1}
    assert with_tags("An <age> tag.", layer.entities, ["age"]) == (None, {"in a text that has such tags itself": 1})
    found, dropped = read_tags("a <age>7 <b>x</b></age> <age>8 </gender> <age possible>9</age>", ["age", "gender"])
    assert [(wording.text, wording.assertion.value) for wording in found] == [
        ("7 <b>x</b>", "present"),
        ("9", "possible"),
    ]
    assert dropped == {"a tag without its other half": 2}


@pytest.mark.model
def test_a_model_that_learnt_several_forms_is_asked_by_the_first(
    place: Path, tiny_decoder: Path, narrow: Scheme, pairs: list[Pair]
) -> None:
    settings = TrainingSettings.model_validate(
        {
            "model": "decoder",
            "form": ["tagged", "entities"],
            "base_model": str(tiny_decoder),
            "epochs": 1,
            "rank": 2,
            "threads": 1,
            "allow_lost": True,
        }
    )
    assert settings.model_copy(update={"form": ("flat",)}) == TrainingSettings.model_validate(
        settings.model_dump() | {"form": "flat"}
    )
    found = check(pairs, narrow, settings)
    assert (found.rows, found.annotations, found.oracle) == (8, 25, pytest.approx(24 / 25))
    assert [row.title for row in shown(pairs[:1], narrow, settings)] == [
        "chat with the text in tags as the answer",
        "chat with a list of entities as the answer",
    ]
    trained = train_decoder(TrainingJob(pairs, (), narrow, settings, place / "adapters" / "forms"))
    (point,) = TunedAnnotator(trained.folder, narrow, LlmSettings()).questions(pairs[0][0])
    assert "between tags of its category" in point.request.messages[0].content
    with pytest.raises(ValueError, match="each form once"):
        TrainingSettings.model_validate({"form": ["flat", "flat"]})


@pytest.mark.model
def test_a_text_with_such_tags_is_lost_and_counted(tiny_decoder: Path, narrow: Scheme) -> None:
    record = Record(id="x", group="x", source="t", language="en", text="The <age> of 7.")
    layer = Layer(record_id="x", name="g", author="g", entities=(Entity.at(record.text, 13, 14, "age", id="T1"),))
    settings = TrainingSettings(model="decoder", form=("tagged",), base_model=str(tiny_decoder))
    found = check([(record, layer)], narrow, settings)
    assert found.lost == {"in a text that has tags itself": 1}
    with pytest.raises(UsageError, match="1 would be lost"):
        found.require(settings)
