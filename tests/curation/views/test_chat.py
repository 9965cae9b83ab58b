"""A record as a chat."""

from __future__ import annotations

import json

from curation.markup import parse_markup
from curation.record import Layer, Record
from curation.scheme import ABSENT, DocumentLabel, Scheme
from curation.views.chat import chat_example, instruction


def test_the_report_is_data_and_the_answer_is_its_flat_view(scheme: Scheme) -> None:
    text, entities = parse_markup("A [54-year-old]{age} [man]{gender}.")
    record = Record(id="r", group="g", source="test", language="en", text=text)
    example = chat_example(record, Layer(record_id="r", name="gold", author="gold", entities=entities), scheme)
    system, user, assistant = example["messages"]
    assert system == {"role": "system", "content": instruction(scheme, "en")}
    assert user == {"role": "user", "content": f"<report>\n{text}\n</report>"}
    facts = dict.fromkeys(scheme.names, ABSENT) | {"age": "54-year-old", "gender": "man"}
    assert json.loads(assistant["content"]) == facts


def test_a_language_that_the_scheme_lacks_gets_its_first(scheme: Scheme) -> None:
    assert instruction(scheme, "fr") == instruction(scheme, scheme.languages[0])


def test_document_labels_are_part_of_the_task_and_of_the_answer(scheme: Scheme) -> None:
    smoking = DocumentLabel(
        name="smoking", values=("current", "never"), definition={"en": "whether the patient smokes"}
    )
    record = Record(id="r", group="g", source="test", language="en", text="She never smoked.")
    layer = Layer(record_id="r", name="gold", author="gold", labels={"smoking": "never"})
    only = Scheme(name="smoking", labels=(smoking,))
    asked, _, answer = chat_example(record, layer, only)["messages"]
    assert json.loads(answer["content"]) == {"smoking": "never"}
    assert asked["content"].startswith("Sort the clinical report")
    assert asked["content"].endswith("- smoking: whether the patient smokes (one of: current; never)")
    both = scheme.model_copy(update={"labels": (smoking,)})
    asked, _, answer = chat_example(record, layer, both)["messages"]
    assert asked["content"].startswith(instruction(scheme, "en"))
    assert "one of: current; never" in asked["content"]
    assert list(json.loads(answer["content"])) == [*scheme.names, "smoking"]
