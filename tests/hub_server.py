"""A hub of data sets on this machine, as far as a push asks one: accounts, data sets, large files, commits, faults."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote, urlsplit

from http_server import QuietHandler, served_by

TOKEN = "hf_secretoftheuser"
#: What a hub keeps beside the repository.
LARGE = (".parquet",)

#: In place of the `time` of the hub's client, which then waits for nothing before it tries again.
NO_PAUSES = SimpleNamespace(sleep=lambda seconds: None)


@dataclass
class StoredDataset:
    """A data set: who reads it, and its commits, each with all its files."""

    private: bool
    commits: list[tuple[str, dict[str, bytes]]] = field(default_factory=list)
    large: set[str] = field(default_factory=set)

    @property
    def revision(self) -> str:
        return self.commits[-1][0]

    @property
    def files(self) -> dict[str, bytes]:
        return self.commits[-1][1]

    def add(self, files: dict[str, bytes]) -> str:
        """The id of a new commit."""
        content = b"".join(name.encode() + value for name, value in sorted(files.items()))
        id = hashlib.sha1(f"{len(self.commits)}".encode() + content).hexdigest()
        self.commits.append((id, files))
        return id


@dataclass
class HubServer:
    """What the server holds, what it was asked, and what goes wrong: a word of the path to what befalls it, in turn.

    A fault is a status, an answer, "drop" (the connection ends before anything is done), "hang" (so, once it is
    released) or "lose" (after it was done).
    """

    url: str = ""
    datasets: dict[str, StoredDataset] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    faults: dict[str, list[object]] = field(default_factory=dict)
    writes: bool = True
    hanging: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def make(self, name: str, *, private: bool = True, **files: str) -> StoredDataset:
        """A data set that is there from the beginning."""
        made = StoredDataset(private)
        made.add({".gitattributes": b"*.parquet filter=lfs\n", **{path: text.encode() for path, text in files.items()}})
        self.datasets[name] = made
        return made

    def fault(self, path: str) -> object:
        """What befalls a request; None for nothing."""
        for word, left in self.faults.items():
            if word in path and left:
                return left.pop(0)
        return None

    def count(self, word: str) -> int:
        """How many requests had a word in their path."""
        return sum(word in path for _, path in self.requests)


@contextmanager
def hub_server() -> Iterator[HubServer]:
    """A running hub."""
    hub = HubServer()

    class Handler(_HubHandler):
        state = hub

    with served_by(Handler) as hub.url:
        yield hub


class _HubHandler(QuietHandler):
    state: HubServer
    server: ThreadingHTTPServer
    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        path = unquote(urlsplit(self.path).path)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.state.requests.append((self.command, path))
        self.state.tokens.add(str(self.headers.get("authorization")))
        fault = self.state.fault(path)
        if fault == "hang":
            self.state.hanging.set()
            self.state.released.wait(60)
        if fault in ("drop", "hang"):
            self.close_connection = True
            return
        if isinstance(fault, tuple):
            self.send(*fault)
            return
        if isinstance(fault, int):
            self.send(fault, {"error": f"no, with {TOKEN}"}, {"retry-after": "0"} if fault == 429 else {})
            return
        answer = self.answered(path, body)
        if fault == "lose":
            self.close_connection = True
            return
        self.send(*answer)

    do_GET = do_POST = do_PUT = do_HEAD = handle_any  # noqa: N815

    def send(self, status: int, content: Any = None, headers: dict[str, str] | None = None) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"content-length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def answered(self, path: str, body: bytes) -> tuple[Any, ...]:
        if path.startswith("/storage/"):  # a storage elsewhere, which gets no token
            if self.headers.get("authorization"):
                return 400, {}
            self.state.objects[hashlib.sha256(body).hexdigest()] = body
            return 200, {}
        if self.headers.get("authorization") != f"Bearer {TOKEN}":
            return 401, {"error": "Invalid username or password."}
        if path == "/api/whoami-v2":
            return 200, {"name": "anna", "type": "user", "orgs": []}
        if path == "/api/validate-yaml":
            return 200, {"errors": [], "warnings": []}
        if path == "/api/repos/create":
            return self.created(json.loads(body))
        if path.endswith(".git/info/lfs/objects/batch"):
            return 200, {"transfer": "basic", "objects": [self.action(item) for item in json.loads(body)["objects"]]}
        parts = path.removeprefix("/api").strip("/").split("/")
        stored = self.state.datasets.get("/".join(parts[1:3]))
        if stored is None:
            return 404, {"error": "Repository not found"}, {"x-error-code": "RepoNotFound"}
        return self.of(stored, "/".join(parts[1:3]), parts[3:], body)

    def created(self, asked: dict[str, Any]) -> tuple[Any, ...]:
        name = f"{asked['organization']}/{asked['name']}"
        if name in self.state.datasets:
            return 409, {"error": "You already created this dataset repo"}
        if not self.state.writes:
            return 403, {"error": "no"}
        self.state.make(name, private=asked.get("visibility") == "private")
        return 200, {"url": f"{self.state.url}/datasets/{name}"}

    def action(self, item: dict[str, Any]) -> dict[str, Any]:
        if item["oid"] in self.state.objects:
            return item
        return item | {"actions": {"upload": {"href": f"{self.state.url}/storage/{item['oid']}"}}}

    def of(self, stored: StoredDataset, name: str, parts: list[str], body: bytes) -> tuple[Any, ...]:
        what = parts[0] if parts else "info"
        if what in ("info", "revision"):
            return 200, {"id": name, "sha": stored.revision, "private": stored.private}
        if what == "tree":
            return 200, list(self.tree(stored, "".join(f"{part}/" for part in parts[2:])))
        if what == "resolve":
            return self.resolved(stored, stored.revision if parts[1] == "main" else parts[1], "/".join(parts[2:]))
        if what == "paths-info":
            named = json.loads(body)["paths"]
            return 200, [self.entry(stored, path, stored.files[path]) for path in named if path in stored.files]
        if not self.state.writes:
            return 403, {"error": "no"}
        if what == "preupload":
            files = json.loads(body)["files"]
            return 200, {"files": [{"path": file["path"], **self.mode(stored, file["path"])} for file in files]}
        if what == "settings":
            stored.private = json.loads(body)["visibility"] == "private"
            return 200, {}
        assert what == "commit", what
        return self.committed(stored, name, [json.loads(line) for line in body.splitlines()])

    def resolved(self, stored: StoredDataset, revision: str, path: str) -> tuple[Any, ...]:
        """A file, or the part of it that is asked for."""
        files = dict(stored.commits)[revision]
        if path not in files:
            return 404, {"error": "Entry not found"}, {"x-error-code": "EntryNotFound"}
        content = files[path]
        head = {"etag": f'"{_git_id(content)}"', "x-repo-commit": revision, "accept-ranges": "bytes"}
        asked = self.headers.get("range")
        if asked is None:
            return 200, content, head
        first, _, last = asked.removeprefix("bytes=").partition("-")
        end = min(int(last or len(content)), len(content) - 1)
        head["content-range"] = f"bytes {first}-{end}/{len(content)}"
        return 206, content[int(first) : end + 1], head

    def tree(self, stored: StoredDataset, folder: str) -> Iterator[dict[str, Any]]:
        """The files in a folder, with those beneath it where the request says so, else with its folders."""
        folders = set()
        for path, content in sorted(stored.files.items()):
            rest = path.removeprefix(folder)
            if not path.startswith(folder):
                continue
            if "/" not in rest or "recursive=true" in self.path.lower():
                yield self.entry(stored, path, content)
            else:
                folders.add(folder + rest.partition("/")[0])
        yield from ({"type": "directory", "path": path, "size": 0, "oid": "0" * 40} for path in sorted(folders))

    def mode(self, stored: StoredDataset, path: str) -> dict[str, Any]:
        return {"uploadMode": "lfs" if path.endswith(LARGE) else "regular", "shouldIgnore": False}

    def entry(self, stored: StoredDataset, path: str, content: bytes) -> dict[str, Any]:
        found = {"type": "file", "path": path, "size": len(content), "oid": _git_id(content)}
        if path not in stored.large:
            return found
        digest = hashlib.sha256(content).hexdigest()
        return found | {"oid": "0" * 40, "lfs": {"oid": digest, "size": len(content), "pointerSize": 130}}

    def committed(self, stored: StoredDataset, name: str, lines: list[dict[str, Any]]) -> tuple[Any, ...]:
        files = dict(stored.files)
        for line in lines:
            key, value = line["key"], line["value"]
            if key == "header" and value.get("parentCommit") not in (None, stored.revision):
                return 412, {"error": "A commit has happened since."}
            if key == "deletedFile":
                del files[value["path"]]
            if key == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            if key == "lfsFile":
                files[value["path"]] = self.state.objects[value["oid"]]
                stored.large.add(value["path"])
        id = stored.add(files)
        return 200, {"commitUrl": f"{self.state.url}/datasets/{name}/commit/{id}", "commitOid": id}


def _git_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
