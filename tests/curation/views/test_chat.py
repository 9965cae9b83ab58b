"""A record as a chat."""

from __future__ import annotations

import json

from curation.markup import parse_markup
from curation.record import Layer, Record
from curation.scheme import ABSENT, Scheme
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
