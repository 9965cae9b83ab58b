"""The connection to one Label Studio; the only module that imports its SDK.

The SDK provides the authorisation (both kinds of token). Each request is sent once: the SDK repeats a POST that
was answered by an error, which makes tasks that were committed before the error twice. Answers are plain JSON:
`exchange.result_parser` validates annotations; typed models would fail on them.
"""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Mapping
from typing import Any, NoReturn, Self

from annotation.label_studio.api.errors import RefusedError, UnansweredError
from annotation.label_studio.settings import LabelStudioSettings
from curation.address import remote_host
from curation.egress.gate import Gate, Passage, way_out
from curation.egress.settings import Destination
from curation.errors import MissingExtraError, ReviewError

#: Statuses that do not tell whether the request was carried out.
UNCLEAR = (408, 425, 429)

#: Seconds between GET requests that were not answered.
PAUSES = (0.2, 1.0)


class Connection:
    """The connection to one Label Studio with one token; a context manager."""

    def __init__(self, url: str, token: str, settings: LabelStudioSettings, gate: Gate | None = None) -> None:
        import httpx

        try:
            from label_studio_sdk.client import LabelStudio
            from label_studio_sdk.core.api_error import ApiError
        except ImportError as error:
            raise MissingExtraError("label-studio-sdk", "review") from error
        self.url = url.rstrip("/")
        self.timeout = settings.request_timeout
        self._gate = gate
        #: Another machine's server, and where not, another machine's database behind the server here.
        self._server = remote_host(self.url)
        self._database = remote_host(settings.database) if settings.url is None else None
        self._http = httpx.Client(
            base_url=self.url,
            timeout=settings.request_timeout,
            trust_env=self._server is not None,
            follow_redirects=False,
        )
        try:
            sdk = LabelStudio(base_url=self.url, api_key=token, httpx_client=self._http, max_retries=0)
        except ApiError:
            self._http.close()
            raise ReviewError(
                "expected a valid token for Label Studio, got one that has expired; make a new one"
            ) from None
        self._headers = sdk._client_wrapper.get_headers
        #: ValueError: the SDK takes the answer to its token for JSON without looking.
        self._failures = (httpx.HTTPError, ApiError, ValueError)
        self._unsent = (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @property
    def passage(self) -> Passage | None:
        """What texts pass on their way to Label Studio; None where all of it stays on this machine.

        Raises EgressBlockedError where it is on another machine and the gate lets nothing go there, or there is none.
        """
        if self._server is not None:
            return way_out(self._gate, Destination.LABEL_STUDIO, self._server)
        return way_out(self._gate, Destination.DATABASE, self._database)

    def get(self, path: str, **params: object) -> Any:
        """The JSON at a path; a GET changes nothing, so it is repeated when no answer comes."""
        for pause in PAUSES:
            try:
                return self._once("GET", path, params)
            except UnansweredError:
                time.sleep(pause)
        return self._once("GET", path, params)

    def call(self, method: str, path: str, *, body: object = None, last: bool = False, **params: object) -> Any:
        """The JSON answer to one request, sent once; with ``last`` its connection is closed afterwards.

        Raises RefusedError when it was certainly not carried out, UnansweredError when that is unknown.
        """
        return self._once(method, path, params, body=body, last=last)

    def _once(
        self, method: str, path: str, params: Mapping[str, object], *, body: object = None, last: bool = False
    ) -> Any:
        content = body if body is None or isinstance(body, bytes) else encoded(body)
        try:
            headers = {**self._authorisation(), "content-type": "application/json"}
            headers |= {"connection": "close"} if last else {}
            answer = self._http.request(method, path, params=_plain(params), content=content, headers=headers)
        except self._failures as error:
            self._explain(error, method, path)
        return self._judge(answer, method, path)

    def _authorisation(self) -> Mapping[str, str]:
        # The SDK reads the answer to a personal access token in a way that pydantic has deprecated.
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            headers: Mapping[str, str] = self._headers()
        return headers

    def _explain(self, error: Exception, method: str, path: str) -> NoReturn:
        # Neither the error's text nor its cause is passed on: they hold headers with the token.
        what = f"{method} {path}"
        if isinstance(error, self._unsent):
            raise RefusedError(
                f"expected Label Studio at {self.url}, but nothing answers there; "
                "see `curate review status`, or start it with `curate review start`"
            ) from None
        status = getattr(error, "status_code", None)
        if status in (401, 403):
            raise self._unauthorised(status) from None
        raise UnansweredError(f"expected an answer to {what}, got {type(error).__name__}") from None

    def _judge(self, answer: Any, method: str, path: str) -> Any:
        status = answer.status_code
        if status in (401, 403):
            raise self._unauthorised(status)
        if status >= 500 or status in UNCLEAR:
            raise UnansweredError(f"expected Label Studio to do {method} {path}, got HTTP {status}", status)
        if status >= 300:
            # The body is left out: it may quote the record's text.
            raise RefusedError(f"expected Label Studio to do {method} {path}, got HTTP {status}", status)
        try:
            return answer.json() if answer.content else {}
        except (ValueError, RecursionError):
            raise UnansweredError(
                f"expected JSON as the answer to {method} {path}, got something else", status
            ) from None

    def _unauthorised(self, status: int) -> ReviewError:
        return RefusedError(
            f"expected Label Studio at {self.url} to know the token, got HTTP {status}; it wants a personal "
            "access token, or a legacy token where its organisation allows these",
            status,
        )


def encoded(body: object) -> bytes:
    """The body as JSON in UTF-8."""
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _plain(params: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in params.items() if value is not None}
