"""HTTP for one model: one request, one answer, nothing sent again. The only module that knows aiohttp."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]

from curation.address import remote_host
from curation.errors import ConfigError, LanguageModelError, MissingExtraError
from curation.models.settings import EndpointModelSettings

if TYPE_CHECKING:
    import aiohttp

#: Bytes of an answer that are read; no answer of a model is as long.
MOST = 16_000_000
#: Seconds for a connection to be made: a host that is not there is found out sooner than a slow answer.
CONNECT = 20.0
#: Bytes a second in which a file is sent at least.
SLOWEST = 50_000
#: Seconds for which a connection without a request stays open; servers close theirs after five or more.
KEPT = 4.0


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """The head of an answer, and its body as it comes."""

    status: int
    headers: Mapping[str, str]
    body: AsyncIterator[bytes]

    async def read(self) -> bytes:
        """The whole body."""
        return b"".join([part async for part in self.body])


class Transport:
    """The connections to the servers of a model, kept open between requests; for one event loop at a time.

    No redirects are followed: another host that a server points to was not chosen by the user. What stays on this
    machine goes through no proxy.
    """

    def __init__(self, settings: EndpointModelSettings) -> None:
        try:
            import aiohttp
        except ImportError as error:
            raise MissingExtraError("aiohttp", "llm") from error
        self._aiohttp = aiohttp
        self._settings = settings
        self._tls = _tls(settings.ca_bundle)
        self._proxies = {url: _proxy(url, settings.proxy) for url in settings.urls}
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def post(self, url: str, content: Mapping[str, Any], headers: Mapping[str, str]) -> AsyncIterator[HttpAnswer]:
        """The answer to one request to an address of the model, as long as the block lasts.

        Raises LanguageModelError where none comes, or not all of it.
        """
        async with self._sent("POST", url, "chat/completions", headers, json=content) as answer:
            yield answer

    @asynccontextmanager
    async def send_file(
        self, url: str, path: str, headers: Mapping[str, str], fields: Mapping[str, str], name: str, file: IO[bytes]
    ) -> AsyncIterator[HttpAnswer]:
        """The answer to a form with a file, which is closed afterwards. Raises as `post` does."""
        form = self._aiohttp.FormData(dict(fields))
        size = file.seek(0, 2)
        file.seek(0)
        form.add_field("file", file, filename=name, content_type="application/jsonl")
        limit = self._aiohttp.ClientTimeout(total=self._settings.timeout + size / SLOWEST, sock_connect=CONNECT)
        async with self._sent("POST", url, path, headers, data=form, timeout=limit) as answer:
            yield answer

    @asynccontextmanager
    async def call(
        self,
        method: str,
        url: str,
        path: str,
        headers: Mapping[str, str],
        *,
        content: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> AsyncIterator[HttpAnswer]:
        """The answer to a request of any kind. Raises as `post` does."""
        async with self._sent(method, url, path, headers, json=content, params=params) as answer:
            yield answer

    @asynccontextmanager
    async def get(self, url: str, path: str, headers: Mapping[str, str]) -> AsyncIterator[HttpAnswer]:
        """What an address says of itself; nothing is sent along. Raises as `post` does."""
        async with self._sent("GET", url, path, headers) as answer:
            yield answer

    @asynccontextmanager
    async def download(self, url: str, path: str, headers: Mapping[str, str]) -> AsyncIterator[HttpAnswer]:
        """A file of any size, as it comes: its parts are the caller's to bound. Raises as `post` does."""
        limit = self._aiohttp.ClientTimeout(sock_read=self._settings.timeout, sock_connect=CONNECT)
        async with self._sent("GET", url, path, headers, is_bounded=False, timeout=limit) as answer:
            yield answer

    @asynccontextmanager
    async def _sent(
        self, method: str, url: str, path: str, headers: Mapping[str, str], *, is_bounded: bool = True, **more: Any
    ) -> AsyncIterator[HttpAnswer]:
        try:
            async with self._opened().request(
                method,
                f"{url}/{path}",
                headers=headers,
                proxy=self._proxies[url],
                allow_redirects=False,
                **more,
            ) as response:
                parts = response.content.iter_any()
                yield HttpAnswer(response.status, response.headers, _bounded(parts) if is_bounded else parts)
        # The error's own text may hold the address with what else stands in it.
        except TimeoutError as error:
            raise LanguageModelError(
                "timeout", f"expected an answer within {self._settings.timeout:g} seconds, got none"
            ) from error
        except (self._aiohttp.ClientError, OSError) as error:
            raise LanguageModelError("unreachable", f"expected an answer, got {type(error).__name__}") from error

    async def close(self) -> None:
        """Give the connections back."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            aiohttp = self._aiohttp
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._settings.concurrency, ssl=self._tls, keepalive_timeout=KEPT),
                timeout=aiohttp.ClientTimeout(total=self._settings.timeout, sock_connect=CONNECT),
                # Compressed, a small answer could fill the memory.
                headers={"accept-encoding": "identity"},
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session


async def _bounded(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    size = 0
    async for part in parts:
        size += len(part)
        if size > MOST:
            raise LanguageModelError("unparsable", f"expected an answer of at most {MOST:,} bytes, got a longer one")
        yield part


def _tls(bundle: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=bundle)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"expected certificates (PEM) in the ca_bundle {bundle}, got {type(error).__name__}"
        ) from error


def _proxy(url: str, named: str | None) -> str | None:
    """The proxy on the way to an address: the one named, else the one of the environment; none on this machine."""
    host = remote_host(url)
    if host is None:
        return None
    found = getproxies_environment()
    chosen = named
    if chosen is None and not proxy_bypass_environment(urlsplit(url).netloc, found):
        chosen = found.get(urlsplit(url).scheme) or found.get("all")
    if chosen is not None and urlsplit(chosen).scheme not in ("http", "https"):
        raise ConfigError(f"expected an http(s) proxy on the way to {host}, got one of {urlsplit(chosen).scheme!r}")
    return chosen
