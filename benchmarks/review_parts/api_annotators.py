"""Annotators who save through the API what the editor would save."""

from __future__ import annotations

from time import perf_counter
from typing import Any, Self

import httpx

Result = list[dict[str, Any]]


class ApiAnnotator:
    """One annotator at work; a context manager. `seconds` are what each saving took."""

    def __init__(self, url: str, token: str, name: str) -> None:
        headers = {"Authorization": f"Token {token}"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=120, trust_env=False)
        self.name = name
        self.seconds: list[float] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def annotate(self, task: int, result: Result, *, lead_time: float = 10.0, **fields: object) -> int:
        """The id of a new annotation."""
        body = {"result": result, "lead_time": lead_time, **fields}
        id: int = self._send("POST", f"/api/tasks/{task}/annotations/", body)["id"]
        return id

    def edit(self, annotation: int, result: Result, **fields: object) -> None:
        """Save an annotation anew."""
        self._send("PATCH", f"/api/annotations/{annotation}/", {"result": result, **fields})

    def draft(self, task: int, result: Result) -> int:
        """The id of a new draft."""
        id: int = self._send("POST", f"/api/tasks/{task}/drafts", {"result": result, "lead_time": 1.0})["id"]
        return id

    def delete(self, annotation: int) -> None:
        """Remove an annotation."""
        self._send("DELETE", f"/api/annotations/{annotation}/")

    def next_task(self, project: int) -> dict[str, Any] | None:
        """The task that the label stream would show next, or None when there is none left."""
        answer = self._http.get(f"/api/projects/{project}/next")
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def _send(self, method: str, path: str, body: object = None) -> Any:
        started = perf_counter()
        answer = self._http.request(method, path, json=body)
        self.seconds.append(perf_counter() - started)
        answer.raise_for_status()
        return answer.json() if answer.content else {}
