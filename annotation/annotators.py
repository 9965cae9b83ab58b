"""The table of annotators by name. To add one: a file with its stage, a line here, a test, a line in docs."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path

from annotation.settings import AnnotationSettings
from curation.author import AuthorKind
from curation.egress.gate import Gate
from curation.errors import MissingExtraError, UsageError
from curation.scheme import Scheme
from curation.stage import Stage

Make = Callable[[Scheme, AnnotationSettings, str | None, str, Gate | None], Stage]


def annotator(
    spoken: str, scheme: Scheme, settings: AnnotationSettings, *, layer: str | None = None, gate: Gate | None = None
) -> Stage:
    """The stage that `curate annotate --with` names: `rules`, `few-shot`, `adapter:PATH`, or `llm:MODEL`.

    It writes to the layer given, else to the one that has the annotator's name. Raises EgressBlockedError when it would
    send texts off this machine and the gate lets nothing go there, or there is none.
    """
    name, _, argument = spoken.partition(":")
    if name not in ANNOTATORS:
        near = difflib.get_close_matches(name, ANNOTATORS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"expected an annotator of {', '.join(ANNOTATORS)}, got {spoken!r}{hint}")
    if argument and name in WITHOUT_ARGUMENT:
        raise UsageError(f"expected {name} without a word after it, got {spoken!r}; --layer names the layer")
    try:
        return ANNOTATORS[name](scheme, settings, argument or None, layer or name, gate)
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or name, "annotate") from error


def _rules(scheme: Scheme, settings: AnnotationSettings, _: str | None, layer: str, gate: Gate | None) -> Stage:
    from annotation.rules.annotator import RulesAnnotator

    return RulesAnnotator(scheme, settings.rules, layer=layer)


def _few_shot(scheme: Scheme, settings: AnnotationSettings, _: str | None, layer: str, gate: Gate | None) -> Stage:
    from annotation.few_shot.annotator import FewShotAnnotator

    return FewShotAnnotator(scheme, settings.few_shot, layer=layer)


def _adapter(scheme: Scheme, settings: AnnotationSettings, path: str | None, layer: str, gate: Gate | None) -> Stage:
    from annotation.adapter import AdapterAnnotator

    folder = Path(path) if path else settings.adapter.path
    if folder is None:
        raise UsageError("expected the adapter's folder: --with adapter:PATH, or annotation.adapter.path in the config")
    return AdapterAnnotator(folder, scheme, settings.adapter, layer=layer)


def _llm(scheme: Scheme, settings: AnnotationSettings, model: str | None, layer: str, gate: Gate | None) -> Stage:
    from annotation.llm.annotator import LlmAnnotator

    chosen = settings.llm.model_copy(update={"model": model}) if model else settings.llm
    return LlmAnnotator(scheme, chosen, gate, layer=layer)


def unserved(stage: Stage, language: str) -> tuple[str, ...]:
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


def remote_address(stage: Stage) -> str | None:
    """The host that an annotator sends texts to, if it is not this machine."""
    remote = getattr(stage, "remote", None)
    return remote if isinstance(remote, str) else None


def unchecked_files(stage: Stage) -> tuple[str, ...]:
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
