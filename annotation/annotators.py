"""The table of annotators by name. To add one: a file with its stage, a line here, a test, a line in docs."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from annotation.few_shot.example_sentences import ExampleSentences
from annotation.llm.examples import Examples
from annotation.settings import AnnotationSettings, LlmSettings
from curation.author import AuthorKind, kind_of, own_name
from curation.egress.gate import Gate
from curation.egress.settings import Destination
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
    #: Of several language models, those beside the first.
    others: Sequence[str] = ()
    gate: Gate | None = None
    models: Mapping[str, ModelSettings] = field(default_factory=dict)
    examples: Examples | None = None
    vectors: Path | None = None
    taught: Mapping[str, ExampleSentences] = field(default_factory=dict)


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
    vectors: Path | None = None,
    taught: Mapping[str, ExampleSentences] | None = None,
) -> Stage | AskingStage:
    """The stage that `curate annotate --with` names: `rules`, `few-shot`, `adapter:PATH`, `llm:NAME` of a model, or
    several models as `llm:A,llm:B`.

    models: the sections [models.NAME]; examples: those that a language model's prompts have; vectors: the file that
    keeps what an encoder at an address gave; taught: the examples of few-shot by language, in place of those of files.
    It writes to the layer given, else to the one that has the annotator's name. Raises EgressBlockedError when it would
    send texts off this machine and the gate lets nothing go there, or there is none.
    """
    first, *others = spoken.split(",") if kind_of(spoken) is AuthorKind.LLM else [spoken]
    name, _, argument = first.partition(":")
    if name not in ANNOTATORS:
        near = difflib.get_close_matches(name, ANNOTATORS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"expected an annotator of {', '.join(ANNOTATORS)}, got {spoken!r}{hint}")
    if argument and name in WITHOUT_ARGUMENT:
        raise UsageError(f"expected {name} without a word after it, got {spoken!r}; --layer names the layer")
    try:
        return ANNOTATORS[name](
            AnnotatorParts(
                scheme,
                settings,
                argument or None,
                layer or name,
                tuple(others),
                gate,
                models or {},
                examples,
                vectors,
                taught or {},
            )
        )
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or name, "annotate") from error


def _rules(parts: AnnotatorParts) -> Stage:
    from annotation.rules.annotator import RulesAnnotator

    return RulesAnnotator(parts.scheme, parts.settings.rules, layer=parts.layer)


def _few_shot(parts: AnnotatorParts) -> Stage:
    from annotation.few_shot.annotator import FewShotAnnotator

    return FewShotAnnotator(
        parts.scheme,
        parts.settings.few_shot,
        layer=parts.layer,
        examples=parts.taught,
        gate=parts.gate,
        vectors=parts.vectors,
    )


def _adapter(parts: AnnotatorParts) -> Stage | AskingStage:
    from annotation.adapter import AdapterAnnotator
    from curation.tagging.folder import read_manifest

    folder = Path(parts.argument) if parts.argument else parts.settings.adapter.path
    if folder is None:
        raise UsageError("expected the adapter's folder: --with adapter:PATH, or annotation.adapter.path in the config")
    if read_manifest(folder).model == "decoder":
        from annotation.llm.tuned import TunedAnnotator

        return TunedAnnotator(folder, parts.scheme, parts.settings.llm, layer=parts.layer)
    return AdapterAnnotator(folder, parts.scheme, parts.settings.adapter, layer=parts.layer)


def _llm(parts: AnnotatorParts) -> AskingStage:
    from annotation.llm.annotator import LlmAnnotator
    from annotation.llm.surrogates import SurrogateAnnotator
    from annotation.llm.votes import VotingAnnotator

    settings = parts.settings.llm

    def asked(name: str, section: ModelSettings) -> LlmAnnotator:
        model = language_model(name, section, parts.gate)
        given = (parts.scheme, settings, {name: model})
        if parts.gate and model.remote and (surrogates := parts.gate.surrogates(Destination.MODEL)):
            return SurrogateAnnotator(*given, surrogates=surrogates, layer=parts.layer, examples=parts.examples)
        return LlmAnnotator(*given, layer=parts.layer, examples=parts.examples)

    sections = models_of(",".join((parts.argument or "", *parts.others)), settings, parts.models)
    annotators = [asked(name, section) for name, section in sections.items()]
    single = len(annotators) == 1 and settings.samples == 1
    return annotators[0] if single else VotingAnnotator(annotators, parts.scheme, settings)


def models_of(spoken: str, settings: LlmSettings, models: Mapping[str, ModelSettings]) -> dict[str, ModelSettings]:
    """The sections of the models in what stands behind `llm:`, one or several as `A,llm:B`; without any, the default.

    Raises UsageError where it names none, or one twice.
    """
    first, *others = spoken.split(",")
    if any(not own_name(word) or kind_of(word) is not AuthorKind.LLM for word in others) or (others and not first):
        raise UsageError(f"expected several language models as llm:A,llm:B, got {spoken!r} behind llm:")
    found = [named_model(name or settings.model, models) for name in (first, *map(own_name, others))]
    if len(dict(found)) < len(found):
        raise UsageError("expected several language models, got one twice; --samples asks one several times")
    return dict(found)


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


def remarks(stage: Stage | AskingStage) -> tuple[str, ...]:
    """What an annotator has to say before it begins, in lines for people."""
    return tuple(getattr(stage, "remarks", ()))


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
