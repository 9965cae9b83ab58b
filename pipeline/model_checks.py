"""Whether the language models of a workspace can be asked: a row of `curate doctor` for each; no text is sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from annotation.llm.questionnaire import Questionnaire
from curation.errors import CurateError, LanguageModelError
from curation.models.contract import Message
from curation.models.endpoint.key import key_header
from curation.models.endpoint.transport import Transport
from curation.models.local.packaged import PACKAGED
from curation.models.local.settings import LocalModelSettings
from curation.models.local.source import adapter_revision, model_source
from curation.models.models import named_model
from curation.models.scripted import read_script
from curation.models.settings import EndpointModelSettings, ModelSettings
from curation.models.tokens import count_tokens
from pipeline.checked_part import CheckedPart
from pipeline.workspace import Workspace

#: Seconds within which a server says that it is there.
PATIENCE = 5.0
#: Statuses by which it says that the key is none of its.
UNAUTHORISED = (401, 403)
#: Models of a server that are named, at most.
NAMED = 8


def checked_models(workspace: Workspace) -> Iterator[CheckedPart]:
    """A row for each section [models.NAME] and each packaged model without one, then for what asks them."""
    models = workspace.config.models
    for name, settings in models.items():
        yield _checked(name, settings)
    for name, packaged in PACKAGED.items():
        if name not in models:
            is_there = packaged.weights is not None
            found = "installed" if is_there else "not installed, and needed by no section"
            do = "" if is_there else f"curate models install {name}, for a small model on this machine"
            yield CheckedPart(state="good", what=f"model {name}", found=found, do=do)
    yield from _asking(workspace)


def _checked(name: str, settings: ModelSettings) -> CheckedPart:
    try:
        if isinstance(settings, EndpointModelSettings):
            return _endpoint(name, settings)
        found = _local(settings) if isinstance(settings, LocalModelSettings) else _script(settings.script)
    except CurateError as error:
        return CheckedPart(state="bad", what=f"model {name}", found="cannot be asked", do=str(error))
    return CheckedPart(state="good", what=f"model {name}", found=found)


def _local(settings: LocalModelSettings) -> str:
    model_source(settings.path)
    if settings.adapter is not None:
        adapter_revision(settings.adapter)
    return f"{settings.path} is on this machine"


def _script(script: Path) -> str:
    return f"a script of {len(read_script(script)):,} answers"


def _endpoint(name: str, settings: EndpointModelSettings) -> CheckedPart:
    """Whether its key is there and its servers answer. Raises ConfigError where a key or a file does not fit."""
    headers = {url: key_header(url, settings.key_env) for url in settings.urls}
    if settings.tokenizer is not None:
        count_tokens([Message("user", "hello")], settings.tokenizer)
    patient = settings.model_copy(update={"timeout": min(settings.timeout, PATIENCE)})
    lists = asyncio.run(_asked(Transport(patient), headers))
    problems, known = [], set[str]()
    for url, answer in zip(settings.urls, lists, strict=True):
        if isinstance(answer, LanguageModelError):
            problems.append(f"{url}: {answer}")
        elif answer[0] in UNAUTHORISED:
            problems.append(f"{url}: expected it to take the key in {settings.key_env}, got HTTP {answer[0]}")
        else:
            known |= _names(answer[1])
    what, wanted = f"model {name}", settings.model or name
    if problems:
        return CheckedPart(state="bad", what=what, found="cannot be asked", do="; ".join(problems))
    key = "with a key" if any(headers.values()) else "without a key"
    if known and wanted not in known:
        more = ", ..." if len(known) > NAMED else ""
        do = f"name one of its models in models.{name}.model: {', '.join(sorted(known)[:NAMED])}{more}"
        return CheckedPart(state="warning", what=what, found=f"answers {key}, and lists no model {wanted!r}", do=do)
    return CheckedPart(state="good", what=what, found=f"answers {key} at {', '.join(settings.hosts)}")


async def _asked(
    transport: Transport, headers: dict[str, dict[str, str]]
) -> Sequence[tuple[int, bytes] | LanguageModelError]:
    """What each address says of its models: the status and the body, or why there is none."""

    async def asked(url: str) -> tuple[int, bytes] | LanguageModelError:
        try:
            async with transport.get(url, "models", headers[url]) as answer:
                return answer.status, await answer.read()
        except LanguageModelError as error:
            return error

    try:
        return await asyncio.gather(*map(asked, headers))
    finally:
        await transport.close()


def _names(content: bytes) -> set[str]:
    """The models in a server's list; none where it gives no such list."""
    try:
        return {str(model["id"]) for model in json.loads(content)["data"]}
    except (ValueError, LookupError, TypeError, RecursionError):
        return set()


def _asking(workspace: Workspace) -> Iterator[CheckedPart]:
    """Whether the model and the prompt of annotation.llm can be used, where there is a model."""
    settings, models = workspace.config.annotation.llm, workspace.config.models
    if not models and settings.model is None:
        return
    try:
        if settings.model is not None:
            named_model(settings.model, models)
        asking = Questionnaire(workspace.scheme, settings)
        for language in workspace.scheme.languages:
            asking.check(language)
    except CurateError as error:
        yield CheckedPart(state="bad", what="annotation.llm", found="does not fit", do=str(error))
    else:
        yield CheckedPart(state="good", what="annotation.llm", found=f"asks with the prompt {asking.prompt.name}")
