"""The table of annotators by name. To add one: a file with its stage, a line here, a test, a line in docs."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from annotation.llm.examples import Examples
from annotation.settings import AnnotationSettings
from curation.author import AuthorKind
from curation.egress.gate import Gate
from curation.errors import MissingExtraError, UsageError
from curation.models.asking_stage import AskingStage
from curation.models.models import language_model, named_model
from curation.models.settings import ModelSettings
from curation.scheme import Scheme
from curation.stage import Stage


@dataclass(frozen=True, slots=True)
class AnnotatorParts:
    """What an annotator is made of: the word behind its name, its layer, and what it may use."""

    scheme: Scheme
    settings: AnnotationSettings
    argument: str | None
    layer: str
    gate: Gate | None = None
    models: Mapping[str, ModelSettings] = field(default_factory=dict)
    examples: Examples | None = None


Make = Callable[[AnnotatorParts], Stage | AskingStage]


def annotator(
    spoken: str,
    scheme: Scheme,
    settings: AnnotationSettings,
    *,
    layer: str | None = None,
    gate: Gate | None = None,
    models: Mapping[str, ModelSettings] | None = None,
    examples: Examples | None = None,
) -> Stage | AskingStage:
    """The stage that `curate annotate --with` names: `rules`, `few-shot`, `adapter:PATH`, or `llm:NAME` of a model.

    models: the sections [models.NAME]; examples: those that a language model's prompts have. It writes to the layer
    given, else to the one that has the annotator's name. Raises EgressBlockedError when it would send texts off this
    machine and the gate lets nothing go there, or there is none.
    """
    name, _, argument = spoken.partition(":")
    if name not in ANNOTATORS:
        near = difflib.get_close_matches(name, ANNOTATORS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"expected an annotator of {', '.join(ANNOTATORS)}, got {spoken!r}{hint}")
    if argument and name in WITHOUT_ARGUMENT:
        raise UsageError(f"expected {name} without a word after it, got {spoken!r}; --layer names the layer")
    try:
        return ANNOTATORS[name](
            AnnotatorParts(scheme, settings, argument or None, layer or name, gate, models or {}, examples)
        )
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or name, "annotate") from error


def _rules(parts: AnnotatorParts) -> Stage:
    from annotation.rules.annotator import RulesAnnotator

    return RulesAnnotator(parts.scheme, parts.settings.rules, layer=parts.layer)


def _few_shot(parts: AnnotatorParts) -> Stage:
    from annotation.few_shot.annotator import FewShotAnnotator

    return FewShotAnnotator(parts.scheme, parts.settings.few_shot, layer=parts.layer, gate=parts.gate)


def _adapter(parts: AnnotatorParts) -> Stage:
    from annotation.adapter import AdapterAnnotator

    folder = Path(parts.argument) if parts.argument else parts.settings.adapter.path
    if folder is None:
        raise UsageError("expected the adapter's folder: --with adapter:PATH, or annotation.adapter.path in the config")
    return AdapterAnnotator(folder, parts.scheme, parts.settings.adapter, layer=parts.layer)


def _llm(parts: AnnotatorParts) -> AskingStage:
    from annotation.llm.annotator import LlmAnnotator

    settings = parts.settings.llm
    name, model = named_model(parts.argument or settings.model, parts.models)
    models = {name: language_model(name, model, parts.gate)}
    return LlmAnnotator(parts.scheme, settings, models, layer=parts.layer, examples=parts.examples)


def unserved(stage: Stage | AskingStage, language: str) -> tuple[str, ...]:
    """The categories and document labels of the scheme that an annotator cannot give in a language.

    Rules have patterns for some, few-shot examples, an adapter what it has learnt; a language model is asked for all.
    """
    lacking = getattr(stage, "unserved", None)
    return tuple(lacking(language)) if lacking else ()


#: What each kind of annotator goes by, and how to give it more.
GOES_BY = {
    AuthorKind.RULES: ("patterns", "write some in annotation.rules.patterns"),
    AuthorKind.FEW_SHOT: ("examples", "write some in annotation.few_shot.examples"),
    AuthorKind.ADAPTER: ("training", "train another on records that have them"),
}


def remote_address(stage: Stage | AskingStage) -> str | None:
    """The host that an annotator sends texts to, if it is not this machine."""
    remote = getattr(stage, "remote", None)
    return remote if isinstance(remote, str) else None


def unchecked_files(stage: Stage | AskingStage) -> tuple[str, ...]:
    """The files that an annotator loads and cannot compare with those of its training."""
    return tuple(getattr(stage, "unchecked", ()))


#: Those that there is one of: `--with rules:WORD` would be a guess.
WITHOUT_ARGUMENT = frozenset({AuthorKind.RULES, AuthorKind.FEW_SHOT})

#: By the name of its kind of author; one without a kind of its own has any other name.
ANNOTATORS: dict[str, Make] = {
    AuthorKind.RULES: _rules,
    AuthorKind.FEW_SHOT: _few_shot,
    AuthorKind.ADAPTER: _adapter,
    AuthorKind.LLM: _llm,
}
