"""Records a second beside the bare loop, by what the server counts: from the first request to the last answer."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from commands import CURATE, environment

from annotation.llm.annotator import LlmAnnotator
from annotation.settings import LlmSettings
from curation.models.contract import Request
from curation.models.endpoint.model import EndpointModel
from curation.models.settings import EndpointModelSettings
from curation.scheme import DEFAULT_SCHEME, load_scheme
from curation.stage import Item
from language_model_parts.cases import cases
from language_model_parts.model_server import ModelServer
from language_model_parts.workspaces import MODEL, words, workspace

BARE_LOOP = Path(__file__).with_name("bare_loop.py")


@dataclass(frozen=True, slots=True)
class Rate:
    """What a way of asking reached."""

    records_a_second: float
    processor_seconds: float  # of its process for a thousand records, with its start


def bare(server: ModelServer, *, records: int, at_once: int) -> Rate:
    """The bare loop over the same requests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bodies.json"
        path.write_text(json.dumps(bodies(server, records)), encoding="utf-8")
        return _measured(server, [sys.executable, str(BARE_LOOP), server.url, str(at_once), str(path)], records=records)


def ours(server: ModelServer, *, records: int, at_once: int) -> Rate:
    """`curate annotate` in a new workspace."""
    with tempfile.TemporaryDirectory() as folder:
        made = workspace(Path(folder) / "w", server, records=records, at_once=at_once)
        return _measured(server, [*CURATE, *words(made)], records=records)


def bodies(server: ModelServer, records: int) -> list[dict[str, object]]:
    """The requests that ours sends, as the bare loop sends them."""
    settings = EndpointModelSettings(urls=(server.url,), model="served")
    stage = LlmAnnotator(load_scheme(DEFAULT_SCHEME), LlmSettings(), {MODEL: EndpointModel(MODEL, settings, None)})
    return [_body(next(stage.conversation(Item(record)))[0], settings) for record in cases(records)]


def _body(request: Request, settings: EndpointModelSettings) -> dict[str, object]:
    schema = {"name": "answer", "strict": True, "schema": request.schema}
    return {
        **settings.parameters,
        "model": "served",
        "messages": [{"role": message.role, "content": message.content} for message in request.messages],
        "response_format": {"type": "json_schema", "json_schema": schema},
    }


def _measured(server: ModelServer, command: list[str], *, records: int) -> Rate:
    server.forget()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"{command[-1]} ended with {done.returncode}: {done.stderr[-2000:]}")
    times = [time for asked in server.asked().values() for time in asked]
    assert len(times) == records, (len(times), records)
    began, ended = min(begun for begun, _ in times), max(answered or 0.0 for _, answered in times)
    spent = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    return Rate(records / (ended - began), spent / records * 1000)
