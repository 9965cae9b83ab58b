"""A provider's files and batches: upload, make, look, read, delete, one request each and none sent again.

Form: OpenAI's `/v1/files` and `/v1/batches` (November 2026).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from curation.egress.gate import Passage
from curation.errors import LanguageModelError
from curation.models.contract import Answer, Request
from curation.models.endpoint.addresses import Address
from curation.models.endpoint.batch_lines import ReadLine, code_of, lines_of, read_line, written_line
from curation.models.endpoint.reply import error_of
from curation.models.endpoint.transport import HttpAnswer, Transport

if TYPE_CHECKING:
    from curation.models.endpoint.model import EndpointModel

#: Under this key of a batch's metadata, and in the name of its file, stands our mark.
OURS = "clincurate"
#: Rows of a list that are asked for at once, and pages that are read at most.
PAGE, PAGES = 100, 200
#: Statuses of a batch after which nothing more comes.
OVER = frozenset({"completed", "failed", "expired", "cancelled"})
#: Statuses of HTTP by which servers say that they do not do something.
NOT_SERVED = frozenset({404, 405, 410, 501})
#: Statuses that some providers spell in another way.
CALLED = {"canceled": "cancelled", "canceling": "cancelling"}
#: Statuses of a file that is not ready to be used (Azure's).
NOT_READY = frozenset({"pending", "running"})
#: Characters of an id that a provider may give; longer ones, or with others, would be no part of an address.
ID_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:")


class NotServedError(LanguageModelError):
    """The provider has no such address: it does not do what was asked, or has nothing of that name."""


@dataclass(frozen=True, slots=True)
class RemoteBatch:
    """A batch as the provider describes it. errors: the codes of what was wrong with it as a whole."""

    id: str
    status: str
    input_file: str | None
    output_file: str | None
    error_file: str | None
    mark: str | None
    errors: tuple[str, ...]
    done: int
    failed: int

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.status in OVER


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file at the provider."""

    id: str
    name: str
    bytes: int | None
    status: str


class BatchService:
    """The files and batches of a model at one address; for one event loop at a time.

    All raise LanguageModelError where the provider does not do as asked, NotServedError where it knows no such thing.
    """

    def __init__(self, model: EndpointModel, address: Address, passage: Passage | None, transport: Transport) -> None:
        self.model = model
        self.address = address
        #: The way out, None where it is this machine.
        self.passage = passage
        self.settings = model.settings.batch
        self._transport = transport

    def line(self, key: str, request: Request, form: str) -> bytes:
        """A question as a line of the file."""
        asked = self.model.with_logprobs(request) if self.model.settings.logprobs else request
        body = self.model.body(asked, form, left_out=self.address.left_out)
        # Parameters of the settings may ask for a stream.
        plain = {name: value for name, value in body.items() if not name.startswith("stream")}
        return written_line(key, self.settings.path, plain)

    def answer(self, line: ReadLine, form: str) -> Answer | None:
        """The answer that a line has, at the price of a batch."""
        if line.completion is None:
            return None
        return self.model.answer(line.completion, form, 0.0, share=self.settings.price_factor)

    async def upload(self, mark: str, file: IO[bytes]) -> RemoteFile:
        """The file at the provider, which is closed here."""
        fields = {"purpose": "batch"}
        address = self.address
        async with self._transport.send_file(
            address.url, "files", address.headers, fields, file_name(mark), file
        ) as answer:
            return _file(await self._json(answer))

    async def file(self, id: str) -> RemoteFile:
        """A file, as it is now."""
        return _file(await self._call("GET", f"files/{_checked(id)}"))

    async def create(self, file: str, mark: str) -> RemoteBatch:
        """A new batch over an uploaded file."""
        content = {
            "input_file_id": file,
            "endpoint": self.settings.path,
            "completion_window": self.settings.window,
            "metadata": {OURS: mark},
        }
        # Providers that know this header give the same batch again for the same mark.
        return _batch(await self._call("POST", "batches", content=content, more={"idempotency-key": mark}))

    async def batch(self, id: str) -> RemoteBatch:
        """A batch, as it is now."""
        return _batch(await self._call("GET", f"batches/{_checked(id)}"))

    async def cancel(self, id: str) -> None:
        """Have no more of a batch done."""
        await self._call("POST", f"batches/{_checked(id)}/cancel")

    async def find_file(self, mark: str) -> RemoteFile | None:
        """The file of a batch that was uploaded and not noted."""
        async for row in self._listed("files", {"purpose": "batch"}):
            if row.get("filename") == file_name(mark):
                return _file(row)
        return None

    async def find_batch(self, mark: str, file: str) -> RemoteBatch | None:
        """A batch that was made and not noted: by our mark, or by its file where a provider keeps no marks."""
        async for row in self._listed("batches", {}):
            found = _batch(row)
            if found.mark == mark or found.input_file == file:
                return found
        return None

    async def delete_file(self, id: str) -> None:
        """Have a file deleted; one that is not there is."""
        async with self._transport.call(
            "DELETE", self.address.url, f"files/{_checked(id)}", self.address.headers
        ) as answer:
            content = await answer.read()
            if answer.status not in (404, 410) and not 200 <= answer.status < 300:
                raise self._error(answer, content)

    async def lines(self, id: str) -> AsyncIterator[ReadLine | None]:
        """What each line of a file says, as it comes; None for one that cannot be read."""
        path = f"files/{_checked(id)}/content"
        async with self._transport.download(self.address.url, path, self.address.headers) as answer:
            if answer.status != 200:
                raise self._error(answer, b"")
            async for line in lines_of(answer.body):
                yield read_line(line, model=self.model.model)

    async def _listed(self, path: str, params: Mapping[str, str]) -> AsyncIterator[Mapping[str, Any]]:
        """The rows of a list, page by page."""
        after: str | None = None
        for _ in range(PAGES):
            asked = {**params, "limit": str(PAGE), **({"after": after} if after else {})}
            page = await self._call("GET", path, params=asked)
            rows = page.get("data")
            rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
            for row in rows:
                yield row
            last = rows[-1].get("id") if rows else None
            if not page.get("has_more") or not isinstance(last, str) or last == after:
                return
            after = last
        raise LanguageModelError("unparsable", f"expected a list of at most {PAGE * PAGES:,} rows, got a longer one")

    async def _call(
        self,
        method: str,
        path: str,
        *,
        content: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
        more: Mapping[str, str] | None = None,
    ) -> Mapping[str, Any]:
        headers = {**self.address.headers, **(more or {})}
        async with self._transport.call(
            method, self.address.url, path, headers, content=content, params=params
        ) as answer:
            return await self._json(answer)

    async def _json(self, answer: HttpAnswer) -> Mapping[str, Any]:
        content = await answer.read()
        if not 200 <= answer.status < 300:
            raise self._error(answer, content)
        try:
            found = json.loads(content)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise LanguageModelError("unparsable", "expected a JSON object about files or batches, got something else")
        return found

    def _error(self, answer: HttpAnswer, content: bytes) -> LanguageModelError:
        key_env = self.model.settings.key_env
        if answer.status in NOT_SERVED:
            expected = f"expected files and batches (/v1/files, /v1/batches of OpenAI's form) at {self.address.url}"
            return NotServedError("denied", f"{expected}, got HTTP {answer.status}")
        return error_of(answer.status, content, answer.headers, model=self.model.model, key_env=key_env)


def file_name(mark: str) -> str:
    """What the file of a batch is called at the provider."""
    return f"{OURS}-{mark}.jsonl"


def _batch(found: Mapping[str, Any]) -> RemoteBatch:
    counts, marks, errors = found.get("request_counts"), found.get("metadata"), found.get("errors")
    counts = counts if isinstance(counts, dict) else {}
    listed = errors.get("data") if isinstance(errors, dict) else errors
    return RemoteBatch(
        id=_checked(found.get("id")),
        status=CALLED.get(status := str(found.get("status") or "").lower(), status),
        input_file=_id(found, "input_file_id"),
        output_file=_id(found, "output_file_id"),
        error_file=_id(found, "error_file_id"),
        mark=mark if isinstance(marks, dict) and isinstance(mark := marks.get(OURS), str) else None,
        errors=_codes(listed if isinstance(listed, list) else []),
        done=_count(counts.get("completed")),
        failed=_count(counts.get("failed")),
    )


def _file(found: Mapping[str, Any]) -> RemoteFile:
    size, name = found.get("bytes"), found.get("filename")
    return RemoteFile(
        id=_checked(found.get("id")),
        name=name if isinstance(name, str) else "",
        bytes=size if type(size) is int else None,
        status=str(found.get("status") or "").lower(),
    )


def _id(found: Mapping[str, Any], name: str) -> str | None:
    value = found.get(name)
    return _checked(value) if value else None


def _checked(id: object) -> str:
    """The id, where it can stand in an address as it is."""
    if not isinstance(id, str) or not 0 < len(id) <= 200 or not ID_CHARACTERS.issuperset(id) or set(id) <= {"."}:
        raise LanguageModelError("unparsable", "expected an id of letters and digits for a file or batch, got another")
    return id


def _codes(errors: Sequence[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(code_of, errors))))


def _count(value: object) -> int:
    return value if type(value) is int and value >= 0 else 0
