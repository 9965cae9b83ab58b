"""Prompts: which there are, how one reads, what is asked about a record, and what differs between two."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from annotation.llm.examples import Example, Examples
from annotation.llm.questionnaire import Asked, Questionnaire
from annotation.llm.surrogates import SurrogateExamples
from annotation.settings import LlmSettings
from curation.address import remote_host
from curation.author import AuthorKind, layer_name
from curation.deidentify.surrogate_records import SurrogateRecords
from curation.egress.gate import Gate
from curation.egress.settings import Destination
from curation.errors import UsageError
from curation.models.models import named_model
from curation.models.prompt import Prompt, shipped_prompts
from curation.models.settings import EndpointModelSettings, ModelSettings
from curation.record import Record
from curation.scheme import Scheme, load_scheme
from curation.store import Store
from pipeline.config import CONFIG_FILE
from pipeline.egress import gate_of
from pipeline.retrieval import examples_for
from pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True)
class PromptRow:
    """A prompt, the form of its answers, and whether the workspace uses it."""

    name: str
    style: str
    digest: str
    in_use: bool

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts rely on."""
        return {"name": self.name, "style": self.style, "digest": self.digest, "in_use": self.in_use}


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """What is asked about a record: the requests that go out beside each other."""

    record_id: str
    prompt: str
    style: str
    requests: tuple[Asked, ...]

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts rely on."""
        return {
            "record": self.record_id,
            "prompt": self.prompt,
            "style": self.style,
            "requests": [
                {
                    "window": list(asked.window),
                    "category": asked.category.name if asked.category else None,
                    "messages": [{"role": message.role, "content": message.content} for message in asked.messages],
                    "schema": dict(asked.schema),
                }
                for asked in self.requests
            ],
        }


def list_prompts(folder: Path) -> list[PromptRow]:
    """The prompts that ship with the product, and the one of the workspace, where the folder is one."""
    scheme, used = load_scheme(), None
    if (folder / CONFIG_FILE).is_file():
        workspace = Workspace.at(folder)
        scheme = workspace.scheme
        used = Questionnaire(scheme, workspace.config.annotation.llm).prompt
    prompts = [Prompt(name, scheme) for name in shipped_prompts()]
    digests = [prompt.digest for prompt in prompts]
    if used is not None and used.digest not in digests:
        prompts.append(used)
    return [
        PromptRow(prompt.name, prompt.style, prompt.digest, used is not None and used.digest == prompt.digest)
        for prompt in prompts
    ]


def prompt_source(name: str) -> Prompt:
    """A prompt by its name or the path of its file."""
    return Prompt(name, load_scheme())


def render(
    record: Record,
    scheme: Scheme,
    settings: LlmSettings,
    *,
    prompt: str | None = None,
    context: int | None = None,
    examples: Sequence[Example] = (),
) -> RenderedPrompt:
    """What is asked about a record with the settings' prompt, or another one, and with the examples given.

    context: tokens that the model takes, question and answer together.
    """
    chosen = settings.model_copy(update={"prompt": prompt}) if prompt else settings
    asking = Questionnaire(scheme, chosen, context=context)
    return RenderedPrompt(record.id, asking.prompt.name, asking.prompt.style, tuple(asking.about(record, examples)))


def render_stored(workspace: Workspace, store: Store, reference: str, *, prompt: str | None = None) -> RenderedPrompt:
    """What is asked about a record of a workspace, with the examples that its settings name, as the model that
    annotates would get it.

    Raises UsageError where there is none of that name, or several.
    """
    record = next(store.records([store.find_record(reference)]))
    gate, model = gate_of(workspace, store, writes=False), _model(workspace)
    examples: Examples | None = examples_for(workspace, store, layer_name(AuthorKind.LLM), gate=gate)
    if surrogates := _surrogates(gate, model):
        record = surrogates.of(record).record
        examples = SurrogateExamples(examples, surrogates) if examples else None
    return render(
        record,
        workspace.scheme,
        workspace.config.annotation.llm,
        prompt=prompt,
        context=getattr(model, "context", None),
        examples=examples.for_record(record) if examples else (),
    )


def _model(workspace: Workspace) -> ModelSettings | None:
    """The section of the model that annotates; None where none is named."""
    try:
        return named_model(workspace.config.annotation.llm.model, workspace.config.models)[1]
    except UsageError:
        return None


def _surrogates(gate: Gate, model: ModelSettings | None) -> SurrogateRecords | None:
    """What gives records surrogates, where the model is elsewhere and the policy says so."""
    if not isinstance(model, EndpointModelSettings) or not any(map(remote_host, model.urls)):
        return None
    return gate.surrogates(Destination.MODEL)


def diff_prompts(old: str, new: str) -> Sequence[str]:
    """What differs between the files of two prompts, line by line; empty where they say the same."""
    before, after = prompt_source(old), prompt_source(new)
    lines = difflib.unified_diff(
        before.source.splitlines(), after.source.splitlines(), before.name, after.name, lineterm=""
    )
    return list(lines)
