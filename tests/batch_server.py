"""A provider of batches over real HTTP (`/v1/files`, `/v1/batches`) that misbehaves on demand.

What a question brings is up to the test, as with the server of chat completions; a batch is done when the test says so,
or at once.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from language_model_server import MisbehavingServer, Reply, serving

Row = dict[str, Any]


def line_of(question: Row, reply: Reply) -> Row:
    """The line of a question that was answered so."""
    try:
        body = json.loads(reply.content)
    except ValueError:
        body = reply.content.decode()
    response = {"status_code": reply.status, "request_id": "r", "body": body}
    return {
        "id": f"b-{question['custom_id'][:8]}",
        "custom_id": question["custom_id"],
        "response": response,
        "error": None,
    }


def unanswered(question: Row, code: str) -> Row:
    """The line of a question that was not done."""
    return {
        "id": "b",
        "custom_id": question["custom_id"],
        "response": None,
        "error": {"code": code, "message": "words"},
    }


@dataclass
class BatchServer(MisbehavingServer):
    """What lies at the provider, and how it behaves.

    is_quick: a batch is done as soon as it is looked at. lines: what the files say of a question, in place of what
    `respond` gives. rest: further content of the output file. refuse: a reply in place of the work, by method and path.
    lose: whether the connection ends after the work was done. kill: the process that is killed before or after it.
    """

    is_quick: bool = True
    lists: bool = True
    lines: Callable[[Row], list[Row]] | None = None
    rest: bytes = b""
    ends_as: str = "completed"
    errors: tuple[str, ...] = ()
    refuse: Callable[[str, str], Reply | None] = lambda method, path: None
    lose: Callable[[str, str], bool] = lambda method, path: False
    kill: tuple[str, str, str] | None = None
    files: dict[str, Row] = field(default_factory=dict)
    batches: dict[str, Row] = field(default_factory=dict)
    #: All that was done, as method and path.
    done: list[str] = field(default_factory=list)
    uploads: list[list[Row]] = field(default_factory=list)
    victim: int | None = None
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The answer to one request."""
        path = request.path.removeprefix("/v1/")
        kind = path.split("/")[0]
        if kind not in ("files", "batches"):
            return await super().handle(request)
        self.keys.append(request.headers.get("authorization"))
        if (refused := self.refuse(request.method, path)) is not None:
            return await self._sent(request, refused)
        form = await request.post() if request.method == "POST" and path == "files" else None
        content = await request.json() if request.method == "POST" and path == "batches" else {}
        self._kill("before", request.method, path)
        answer = self._work(request, path, form, content)
        self.done.append(f"{request.method} {path}")
        self._kill("after", request.method, path)
        if self.lose(request.method, path):
            return await self._sent(request, Reply(b"{", cut=True))
        return await self._sent(request, answer)

    def finish(self, batch: Row) -> None:
        """Have a batch done."""
        batch["status"] = self.ends_as
        answered, failed = [], []
        for question in self.questions(batch):
            for line in self._lines(question):
                is_fine = isinstance(line.get("response"), dict) and line["response"]["status_code"] == 200
                (answered if is_fine else failed).append(line)
        if self.ends_as == "failed":
            batch["errors"] = {"object": "list", "data": [{"code": code, "message": "words"} for code in self.errors]}
            return
        batch["output_file_id"] = self._written(answered, self.rest) if answered or self.rest else None
        batch["error_file_id"] = self._written(failed, b"") if failed else None
        batch["request_counts"] = {"total": 0, "completed": len(answered), "failed": len(failed)}

    def questions(self, batch: Row) -> list[Row]:
        """The lines of a batch's file."""
        return [json.loads(line) for line in self.files[batch["input_file_id"]]["content"].splitlines()]

    def _lines(self, question: Row) -> list[Row]:
        if self.lines is not None:
            return self.lines(question)
        return [line_of(question, self.respond(question["body"]))]

    def _written(self, lines: list[Row], rest: bytes) -> str:
        return self._file(b"".join(json.dumps(line).encode() + b"\n" for line in lines) + rest, "out.jsonl")["id"]

    def _file(self, content: bytes, name: str) -> Row:
        row = {"id": f"file-{next(self._numbers)}", "object": "file", "bytes": len(content), "filename": name}
        self.files[row["id"]] = {**row, "content": content}
        return {**row, "purpose": "batch", "status": "processed"}

    def _work(self, request: web.Request, path: str, form: Any, content: Row) -> Reply:
        method, parts = request.method, path.split("/")
        if path == "files" and form is not None:
            assert form["purpose"] == "batch"
            upload = form["file"]
            content_of_it = upload.file.read()
            self.uploads.append([json.loads(line) for line in content_of_it.splitlines()])
            return _json(self._file(content_of_it, upload.filename))
        if path == "batches" and method == "POST":
            return self._created(content)
        if method == "GET" and len(parts) == 1:
            return self._listed(request, self.files if parts[0] == "files" else self.batches)
        rows = self.files if parts[0] == "files" else self.batches
        if parts[1] not in rows:
            return _json({"error": {"code": "not_found"}}, 404)
        row = rows[parts[1]]
        if method == "DELETE":
            del self.files[parts[1]]
            return _json({"id": parts[1], "object": "file", "deleted": True})
        if parts[-1] == "content":
            return Reply(row["content"])
        if parts[-1] == "cancel":
            row["status"] = "cancelling"
        elif parts[0] == "batches":
            if row["status"] == "cancelling":
                self.ends_as = "cancelled"
                self.finish(row)
            elif self.is_quick and row["status"] in ("validating", "in_progress"):
                self.finish(row)
        return _json({name: value for name, value in row.items() if name != "content"})

    def _created(self, content: Row) -> Reply:
        assert content["endpoint"] == "/v1/chat/completions"
        assert content["completion_window"] == "24h"
        if content["input_file_id"] not in self.files:
            return _json({"error": {"code": "invalid_file"}}, 400)
        row = {**content, "id": f"batch_{next(self._numbers)}", "object": "batch", "status": "validating"}
        self.batches[row["id"]] = row
        return _json(row)

    def _listed(self, request: web.Request, rows: dict[str, Row]) -> Reply:
        if not self.lists:
            return _json({"error": {"code": "not_found"}}, 404)
        every = [{name: value for name, value in row.items() if name != "content"} for row in rows.values()][::-1]
        ids = [row["id"] for row in every]
        after = request.query.get("after")
        page = every[ids.index(after) + 1 if after in ids else 0 :][:2]  # small, so that there are several
        return _json({"object": "list", "data": page, "has_more": bool(page) and page[-1]["id"] != ids[-1]})

    def _kill(self, when: str, method: str, path: str) -> None:
        if self.kill == (when, method, path.split("/")[0]) and self.victim is not None:
            self.kill = None
            os.kill(self.victim, signal.SIGKILL)


def _json(found: Row, status: int = 200) -> Reply:
    return Reply(json.dumps(found).encode(), status, {"content-type": "application/json"})


@contextmanager
def batch_server() -> Iterator[BatchServer]:
    """A provider on a free port of this machine."""
    with serving(BatchServer()) as server:
        yield server
