"""Answers from a script, what they cost, and how tokens are counted."""

from __future__ import annotations

import asyncio
import json

import pytest

from curation.errors import ConfigError, LanguageModelError
from curation.models.contract import Answer, Finish, Message, Request
from curation.models.models import language_model
from curation.models.prices import cost, prices_of
from curation.models.scripted import ScriptedModel
from curation.models.settings import PriceSettings, ScriptedModelSettings
from curation.models.tokens import count_tokens, estimated_tokens


def asked(text: str) -> Request:
    return Request("m", (Message("system", "Extract."), Message("user", text)))


def script(tmp_path, *lines: object):
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return path


def test_the_first_line_that_fits_answers(tmp_path):
    path = script(
        tmp_path,
        {"if": "fever", "answer": {"entities": ["fever"]}},
        {"if": "cough", "answer": "half", "finish": "truncated"},
        {"if": "pain", "error": "refused"},
        {"if": "Extract", "answer": "{}"},
    )
    model = language_model("m", ScriptedModelSettings(script=path, prices={"input": 1, "output": 2}), None)
    found = [asyncio.run(model.attempt(asked(text))) for text in ("fever", "cough", "none")]
    assert [(answer.text, answer.finish) for answer in found] == [
        ('{"entities": ["fever"]}', Finish.STOP),
        ("half", Finish.TRUNCATED),
        ("{}", Finish.STOP),
    ]
    assert found[0].cost == pytest.approx((found[0].tokens_in + 2 * found[0].tokens_out) / 1e6)
    with pytest.raises(LanguageModelError, match="refused"):
        asyncio.run(model.attempt(asked("pain")))


def test_another_script_is_another_model(tmp_path):
    first = ScriptedModel.of("m", ScriptedModelSettings(script=script(tmp_path, {"answer": "a"}))).identity
    again = ScriptedModel.of("m", ScriptedModelSettings(script=script(tmp_path, {"answer": "a"}))).identity
    other = ScriptedModel.of("m", ScriptedModelSettings(script=script(tmp_path, {"answer": "b"}))).identity
    assert (first == again, first == other) == (True, False)


@pytest.mark.parametrize("line", [[], {"answr": "x"}, {"finish": "odd"}, "words"])
def test_a_line_that_is_none_is_named(tmp_path, line):
    with pytest.raises(ConfigError, match="in line 2"):
        ScriptedModel.of("m", ScriptedModelSettings(script=script(tmp_path, {"answer": "a"}, line)))
    with pytest.raises(ConfigError, match="expected a script of JSON lines"):
        ScriptedModel.of("m", ScriptedModelSettings(script=tmp_path))


def test_a_function_may_answer_and_what_fits_no_line_is_told(tmp_path):
    said = Answer("x", Finish.STOP, "m", "enforced", 5, 6)
    model = ScriptedModel("m", lambda request: said if "a" in request.messages[1].content else "words")
    assert asyncio.run(model.attempt(asked("a"))).tokens_out == 6
    assert asyncio.run(model.attempt(asked("b"))).text == "words"
    empty = ScriptedModel.of("m", ScriptedModelSettings(script=script(tmp_path)))
    with pytest.raises(LanguageModelError, match="rejected"):
        asyncio.run(empty.attempt(asked("a")))


def test_prices_of_the_settings_go_before_those_that_are_known():
    named = PriceSettings(input=1, output=2, currency="EUR")
    assert prices_of(named, "gpt-4o", "https://api.openai.com/v1") is named
    known = prices_of(None, "gpt-4o", "https://api.openai.com/v1")
    assert (known.input, known.output, known.currency) == (2.5, 10, "USD")
    for model, url in (("gpt-4o", "http://127.0.0.1:8000/v1"), ("qwen3:8b", "https://api.openai.com/v1")):
        assert prices_of(None, model, url) is None
    assert cost(known, 1_000_000, 100_000) == 3.5
    assert (cost(None, 1, 1), cost(known, None, 1), cost(known, 1, None)) == (None, None, None)


def test_tokens_are_estimated_and_say_so():
    english = "A 54-year-old woman presented with fever, dyspnoea and a productive cough. " * 10
    german = "Eine 54-jährige Patientin stellte sich mit Fieber, Luftnot und produktivem Husten vor. " * 10
    for text in (english, german):
        assert len(text) / 5.5 < estimated_tokens(text) < len(text) / 3
    assert estimated_tokens("") == 0
    assert estimated_tokens("患者は発熱した") == 7
    assert not count_tokens(asked("fever").messages).is_exact


def test_tokens_are_counted_where_there_is_a_tokenizer(tmp_path):
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "fever": 1}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    for path in (tmp_path, tmp_path / "tokenizer.json"):
        found = count_tokens([Message("user", "fever and cough")], path)
        assert (found.tokens, found.is_exact) == (3 + 4, True)
    with pytest.raises(ConfigError, match=r"expected a tokenizer\.json"):
        count_tokens([Message("user", "x")], tmp_path / "nowhere.json")
