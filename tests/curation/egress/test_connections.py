"""Which modules can open a connection: whoever adds one says here how its texts pass the gate."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
FOLDERS = ("curation", "annotation", "validation", "training", "exports", "pipeline")
#: Packages that send to another machine, or let another machine ask.
NETWORK = set(
    "aiohttp datasets fastapi ftplib grpc http httpx httpx2 huggingface_hub label_studio_sdk openai psycopg requests "
    "sentence_transformers smtplib socket socketserver starlette urllib urllib3 uvicorn websockets".split()
)
#: Parts of them that only take addresses and headers apart.
HARMLESS = {"urllib.parse", "urllib.error"}

KNOWN = {
    "curation/models/endpoint/transport.py": "every request passes EndpointModel.attempt, which asks the gate",
    "curation/downloads.py": "downloads a model by its name; sends no text",
    "annotation/retrieval/app.py": "texts pass the gate where the server listens beyond loopback",
    "annotation/retrieval/serve.py": "begins the gate's line where it listens beyond loopback",
    "curation/embeddings/endpoint.py": "every text passes EndpointEncoder._asked, which asks the gate",
    "curation/embeddings/encoder.py": "downloads a model by its name; sends no text",
    "curation/tagging/encoder.py": "downloads a model by its name; sends no text",
    "curation/sources/hugging_face.py": "downloads a data set by its name; sends no text",
    "exports/huggingface.py": "writes files; texts pass the gate in exports/writer.py",
    "exports/hub.py": "pushes a data set, whose texts pass the gate in pipeline/steps/hub/push.py before",
    "exports/card.py": "writes the head of a file; sends nothing",
    "annotation/label_studio/api/connection.py": "texts go out in exchange/push.py and refresh.py, which ask the gate",
    "annotation/label_studio/backend/app.py": "answers pass the gate where the server listens beyond loopback",
    "annotation/label_studio/backend/bounded_bodies.py": "counts what comes in and ends it; sends a status",
    "annotation/label_studio/backend/bounded_connections.py": "ends connections that take too long; sends nothing",
    "annotation/label_studio/backend/serve.py": "begins the gate's line where it listens beyond loopback",
    "annotation/label_studio/backend/state.py": "asks our own back end how it is; sends no text",
    "annotation/label_studio/proxy/run.py": "asks our own nginx on 127.0.0.1 whether it answers; sends no text",
    "annotation/label_studio/server/health.py": "asks our own Label Studio on 127.0.0.1 how it is; sends no text",
    "annotation/label_studio/processes.py": "looks whether a port of 127.0.0.1 is free; sends nothing",
    "annotation/label_studio/watch/webhook.py": "knocks at a port of 127.0.0.1; sends nothing",
    "annotation/label_studio/watch/webhook_receiver.py": "answers with a status; its line begins in steps/watch.py",
    "pipeline/several_processes.py": "finds a free port of 127.0.0.1 for processes that train together; sends no text",
}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def test_no_other_module_can_open_a_connection():
    found = {
        str(path.relative_to(ROOT))
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        if any(name.partition(".")[0] in NETWORK and name not in HARMLESS for name in imported(path))
    }
    assert found == set(KNOWN)


def test_texts_go_to_label_studio_from_the_modules_that_ask_the_gate_only():
    words = (".import_tasks(", ".import_predictions(", "client.update_task,", "client.update_prediction,")
    sending = {
        str(path.relative_to(ROOT))
        for folder in ("annotation", "pipeline")
        for path in (ROOT / folder).rglob("*.py")
        if any(word in path.read_text(encoding="utf-8") for word in words)
    }
    assert sending == {"annotation/label_studio/exchange/push.py", "annotation/label_studio/exchange/refresh.py"}
    callers = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "annotation").rglob("*.py")
        if "exchange.refresh import" in path.read_text(encoding="utf-8")
    }
    assert callers == {"annotation/label_studio/exchange/push.py"}
