"""What counts as an answer that repeats itself without end, and what does not."""

import json

import pytest

from curation.models.loops import is_looping


@pytest.mark.parametrize(
    "end",
    [
        " " * 300,
        "\n" * 300,
        "\n\t " * 100,
        "0" * 150,
        "." * 700,
        '{"text": "fever", "category": "signs_symptoms"}, ' * 20,
        "The patient is well.\n" * 10,
        "Fieber.\nKeine Übelkeit.\n" * 12,
        "She was treated with a very long course of antibiotics and then discharged in good condition.\n" * 9,
    ],
)
def test_what_goes_on_for_ever(end):
    assert is_looping('{"entities": [' + end)
    assert is_looping(end)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fine",
        json.dumps({"entities": [{"text": f"finding {n}", "category": "signs_symptoms"} for n in range(99)]}, indent=4),
        json.dumps({"entities": [{"text": "fever", "assertion": "negated"}] * 3}),
        json.dumps(dict.fromkeys(("age", "gender", "diagnosis", "pathology", "life_style"), "N/A"), indent=2),
        "{\n" * 20 + "}\n" * 20,
        "| a | b |\n|---|---|\n" + "".join(f"| {n} | {n * n} |\n" for n in range(40)),
        "Laborwerte:\n" + "\n" * 30 + "Ende",
        "ID 12345678901234567890, Tel. 0123 456789",
    ],
)
def test_what_does_not(text):
    assert not is_looping(text)
