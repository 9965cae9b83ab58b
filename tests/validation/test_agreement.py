"""How far other layers of a record say the same as the checked one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from planted_errors import fill, story
from sklearn.metrics import cohen_kappa_score
from verdicts import gravest

from curation.decision import Verdict
from curation.errors import ConfigError
from curation.record import Layer
from curation.scheme import Scheme
from curation.stage import Item
from curation.store import Store
from validation.layers import ChosenLayers
from validation.measures.agreement import agreements
from validation.settings import ValidationSettings
from validation.stage import Measure
from validation.verdict import judge

OURS = "A [54-year-old]{age} [woman]{gender} came with [fever]{signs_symptoms} and [dry cough]{signs_symptoms}."
THEIRS = "A [54-year-old]{age} [woman]{gender} came with fever and dry [cough]{signs_symptoms}."
STRANGE = "A 54-year-old woman came with fever and [dry cough]{diagnosis}."
#: By token, the hyphen being one: A 54 - year - old woman came with fever and dry cough .
TOKENS = {
    OURS: "- a a a a a g - - s - s s -".split(),
    THEIRS: "- a a a a a g - - - - - s -".split(),
}


def _settings(**changes: Any) -> ValidationSettings:
    return ValidationSettings.model_validate({"similarity": {"enabled": False}, **changes})


def _layers(**marked: str) -> dict[str, Layer]:
    found = {}
    for name, text in marked.items():
        layer = story("r", text, name=name.replace("_", "-"))[1]
        assert layer is not None
        found[layer.name] = layer
    return found


def _authors(layers: dict[str, Layer]) -> dict[str, str]:
    return {name: layer.author for name, layer in layers.items()}


def _measured(settings: ValidationSettings, scheme: Scheme, layers: dict[str, Layer]) -> dict[str, Any]:
    chosen = ChosenLayers.among(_authors(layers), settings)
    stage = Measure(scheme, settings, reads=chosen.checked, seconds=chosen.seconds)
    (result,) = stage([Item(story("r", OURS)[0], layers)])
    return dict(result.measures)


def test_figures_are_those_of_counting_by_hand() -> None:
    record, layer = story("r", OURS)
    other = story("r", THEIRS, name="few-shot")[1]
    assert layer is not None
    assert other is not None
    (found,) = agreements(record, layer, [other])
    assert (found.strict, found.lenient) == (pytest.approx(4 / 7, abs=1e-4), pytest.approx(6 / 7, abs=1e-4))
    assert found.kappa == pytest.approx(cohen_kappa_score(TOKENS[OURS], TOKENS[THEIRS]), abs=1e-4)
    assert str(found).startswith("few-shot: strict 0.57, lenient 0.86, kappa 0.")


def test_two_layers_without_anything_have_nothing_to_agree_on() -> None:
    record, layer = story("r", "Nothing of note.")
    assert layer is not None
    (found,) = agreements(record, layer, [layer])
    assert (found.strict, found.lenient, found.kappa) == (None, None, None)


def test_gold_is_no_second_opinion_and_the_least_agreement_counts(scheme: Scheme) -> None:
    row = _measured(_settings(), scheme, _layers(gold=STRANGE, rules=OURS, few_shot=THEIRS, llm=STRANGE))
    assert (row["layer"], row["second_opinions"]) == ("llm", 2)
    assert [one.partition(":")[0] for one in row["agreement_by_layer"]] == ["few-shot", "rules"]
    assert (row["agreement_strict"], row["agreement_lenient"]) == (0, 0)


def test_without_other_layers_nothing_is_said(scheme: Scheme) -> None:
    assert "second_opinions" not in _measured(_settings(), scheme, _layers(rules=OURS))
    assert "second_opinions" not in _measured(_settings(), scheme, _layers(rules=OURS, gold=THEIRS))


def test_settings_name_the_second_opinions(scheme: Scheme) -> None:
    layers = _layers(gold=THEIRS, rules=OURS, llm=STRANGE)
    row = _measured(_settings(layer="gold", second_opinion={"layers": ["rules"]}), scheme, layers)
    assert (row["layer"], row["second_opinions"]) == ("gold", 1)
    assert row["agreement_lenient"] == pytest.approx(6 / 7, abs=1e-4)
    row = _measured(_settings(second_opinion={"layers": ["gold"]}), scheme, layers)
    assert (row["layer"], row["second_opinions"]) == ("llm", 1)
    with pytest.raises(ConfigError, match="beside the checked one"):
        ChosenLayers.among(_authors(layers), _settings(layer="llm", second_opinion={"layers": ["llm"]}))


def test_a_checked_layer_that_a_record_lacks_is_not_replaced_by_a_second_opinion(scheme: Scheme) -> None:
    assert "layer" not in _measured(_settings(layer="gold"), scheme, _layers(rules=OURS))


@pytest.mark.expectations
def test_layers_that_differ_need_review_where_the_rule_is_on(tmp_path: Path, scheme: Scheme) -> None:
    settings = _settings(severity={"layers_agree": "soft"})
    with Store.open(f"sqlite:///{tmp_path / 'records.db'}") as store:
        fill(store, [story("r", OURS)], scheme, settings)
        store.add_layers([*_layers(few_shot=STRANGE).values()])
        fill(store, [], scheme, settings)
        judge(store, scheme, settings, tmp_path)
        (decision,) = gravest(store).values()
    assert (decision.verdict, decision.details["expectation"]) == (Verdict.NEEDS_REVIEW, "layers_agree")
