"""What was measured is measured anew when what it depends on changes, and only then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from curation.record import Frozen
from curation.scheme import Scheme
from validation.measures.measure import Level, setting
from validation.measures.table import MEASURES
from validation.settings import ValidationSettings
from validation.stage import Measure

RECORD_LEVEL = [spec for spec in MEASURES if spec.level is Level.RECORD]
DECLARED = sorted({path for spec in RECORD_LEVEL for path in spec.settings})
#: Another value for the settings that not every value fits.
OTHER: dict[str, Any] = {
    "language.candidates": ["en", "de"],
    "boundaries.rules": [],
    "privacy.kinds": ["NAME"],
    "second_opinion.layers": ["gold"],
    "similarity.encoder": "another",
    "similarity.backend": "onnx",
    "privacy.policy": "block",
    "privacy.recognisers": [{"kind": "spacy", "path": "names", "labels": {"PER": "NAME"}}],
    "report.language": "de",
    "privacy.destinations": {"export": "block"},
    "engine": "sql",
    "translation.encoder": "off",
    "translation.multilingual": True,
    "severity": {"text_length": "soft"},
    "layer": "gold",
    "length.minimum": 6,
}


class AnotherEncoder(Frozen):
    name: str
    revision: str = "1"


@pytest.fixture(autouse=True)
def _any_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("validation.measures.measure.load_encoder", lambda name, *_: AnotherEncoder(name=name))


def paths(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every setting below a section."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from paths(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def changed(path: str) -> ValidationSettings:
    """The settings with another value at a path."""
    settings = ValidationSettings().model_dump(mode="json")
    *sections, name = path.split(".")
    section = settings
    for part in sections:
        section = section[part]
    value = section[name]
    if path in OTHER:
        section[name] = OTHER[path]
    elif isinstance(value, bool):
        section[name] = not value
    elif isinstance(value, int):
        section[name] = value + 1
    elif isinstance(value, float):
        section[name] = value * 0.9 + 0.01
    return ValidationSettings.model_validate(settings)


def fingerprint(scheme: Scheme, settings: ValidationSettings) -> str:
    return Measure(scheme, settings, reads=("rules",)).fingerprint


@pytest.mark.parametrize("path", [path for path in DECLARED if path != "boundaries.file"])
def test_each_setting_that_a_measure_depends_on_changes_the_fingerprint(path: str, scheme: Scheme) -> None:
    settings = changed(path)
    assert setting(settings, path) != setting(ValidationSettings(), path)
    assert fingerprint(scheme, settings) != fingerprint(scheme, ValidationSettings())


@pytest.mark.parametrize(
    "path", [path for path in paths(ValidationSettings) if path not in DECLARED and path != "layer"]
)
def test_what_only_judges_does_not(path: str, scheme: Scheme) -> None:
    settings = changed(path)
    assert setting(settings, path) != setting(ValidationSettings(), path), "give another value in OTHER"
    assert fingerprint(scheme, settings) == fingerprint(scheme, ValidationSettings())


def test_the_layer_that_is_checked_does(scheme: Scheme) -> None:
    assert fingerprint(scheme, changed("layer")) != fingerprint(scheme, ValidationSettings())


def test_another_revision_of_the_encoder_does(scheme: Scheme, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(scheme, ValidationSettings())
    monkeypatch.setattr(
        "validation.measures.measure.load_encoder", lambda name, *_: AnotherEncoder(name=name, revision="2")
    )
    assert fingerprint(scheme, ValidationSettings()) != before
