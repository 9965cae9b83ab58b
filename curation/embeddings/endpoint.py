"""An encoder behind OpenAI's /v1/embeddings: on this machine, or elsewhere through the gate."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from curation.address import remote_host
from curation.batches import batched
from curation.egress.gate import Gate, way_out
from curation.egress.outgoing import Outgoing
from curation.egress.settings import Destination
from curation.embeddings.address import PATH, EncoderAddress
from curation.embeddings.cached_encoder import CachedEncoder
from curation.errors import ConfigError, EncoderError, MissingExtraError
from curation.record import digest
from curation.text.encodable import encodable

if TYPE_CHECKING:
    from curation.embeddings.cached_encoder import Vectors

#: The key for the server, which never stands in the config.
KEY = "CLINCURATE_EMBEDDING_KEY"
#: The host that the key belongs to, with a port if need be; without it, every host that the user allows.
KEY_HOST = "CLINCURATE_EMBEDDING_KEY_HOST"

#: A text does not say its language: identifiers are looked for in each of these.
LANGUAGES = ("en", "de")

#: Texts of a request (some servers take no more), requests at once, and seconds until one is given up.
TEXTS, AT_ONCE, TIMEOUT = 32, 4, 120.0
#: How often a request is sent that is not answered, seconds before the second time, and seconds at most.
ATTEMPTS, BACKOFF, LONGEST_WAIT = 5, 0.5, 30.0
#: Statuses after which the same request may succeed, beside those from 500 on.
AGAIN = (408, 425, 429)
#: Statuses that every further request would meet too.
DENIED = (401, 402, 403, 404)
#: Made-up sentences by whose vectors a model is told from another one behind the same name.
PROBES = ("The patient has a fever.", "Der Patient hat Fieber.", "Left knee pain for two weeks.", "x", "7.5 mg")


class EndpointEncoder(CachedEncoder):
    """One model on one server; what it gave once is not asked for again.

    Raises ConfigError for what is no address or a key of another host, EgressBlockedError where texts may not go there
    (the gate says so, or there is none), EncoderError where the server gives no vectors.
    """

    def __init__(self, name: str, gate: Gate | None = None, *, wait: float = BACKOFF) -> None:
        try:
            import httpx
        except ImportError as error:
            raise MissingExtraError("httpx", "llm") from error
        self._address = EncoderAddress.of(name)
        self._host = remote_host(self._address.url)
        self._passage = way_out(gate, Destination.EMBEDDING, self._host)
        self._wait = wait
        self._http = httpx.Client(
            headers=_key(self._address.url),
            timeout=TIMEOUT,
            # What stays on this machine goes through no proxy of the environment.
            trust_env=self._host is not None,
            # Another host that a server points to was not chosen by the user.
            follow_redirects=False,
        )
        self._failure = httpx.HTTPError
        self._width: int | None = None
        # By the name at the server: the address may change, and another model behind it is told by its vectors.
        super().__init__(name=self._address.model, revision="")
        probes = self._forward(PROBES)
        strongest = [int(index) for index in abs(probes).argmax(axis=1)]
        signs = [bool(row[index] > 0) for row, index in zip(probes, strongest, strict=True)]
        self._revision = digest([self._address.model, self.dimensions, strongest, signs])

    @property
    def remote(self) -> str | None:
        """The host that texts are sent to, if it is not this machine."""
        return self._host

    @property
    def dimensions(self) -> int:
        """The width of a vector."""
        return self._width or 0

    def _forward(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        batches = list(batched([encodable(text) for text in texts], TEXTS))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return np.concatenate(list(pool.map(self._asked, batches)))

    def _asked(self, texts: Sequence[str]) -> Vectors:
        """The vectors of some texts, which pass the gate first."""
        if self._passage is not None:
            self._passage.check([Outgoing((text,), languages=LANGUAGES) for text in texts])
        # Servers refuse a text without a character.
        body = {"model": self._address.model, "input": [text or " " for text in texts], "encoding_format": "float"}
        return self._read(self._answer(body), len(texts))

    def _answer(self, body: Mapping[str, Any]) -> Any:
        """The JSON of an answer; asked for again, after a wait, as long as none comes that would stay the same."""
        problem = ""
        for attempt in range(ATTEMPTS):
            wished = 0.0
            try:
                answer = self._http.post(f"{self._address.url}{PATH}", json=body)
            except self._failure as error:
                # The error's own text may hold the address with what else stands in it.
                problem = type(error).__name__
            else:
                problem = f"HTTP {answer.status_code}"
                if answer.status_code < 500 and answer.status_code not in AGAIN:
                    return self._judged(answer)
                wished = _seconds(answer.headers.get("retry-after"))
            if attempt + 1 < ATTEMPTS:
                own = self._wait * 2.0**attempt * random.uniform(0.5, 1.0)
                time.sleep(min(max(own, wished), LONGEST_WAIT))
        raise EncoderError("unreachable", f"expected vectors in {ATTEMPTS} attempts, the last ended in {problem}")

    def _judged(self, answer: Any) -> Any:
        if answer.status_code in DENIED:
            raise EncoderError(
                "denied",
                f"expected vectors of {self._address.model}, got HTTP {answer.status_code}; look at the address, "
                f"the model's name and {KEY}",
            )
        if answer.status_code != 200:
            raise EncoderError("rejected", f"expected vectors of {self._address.model}, got HTTP {answer.status_code}")
        try:
            return answer.json()
        except (ValueError, RecursionError):
            raise EncoderError("rejected", "expected JSON with vectors, got something else") from None

    def _read(self, content: Any, count: int) -> Vectors:
        """The vectors in an answer, in the order of the texts, each of length 1."""
        import numpy as np

        try:
            rows = sorted(content["data"], key=lambda row: int(row["index"]))
            vectors = np.array([row["embedding"] for row in rows], dtype=np.float32)
            indices = [int(row["index"]) for row in rows]
        except (KeyError, TypeError, ValueError):
            raise EncoderError(
                "rejected", "expected a list of vectors with their indices, got something else"
            ) from None
        lengths = np.linalg.norm(vectors, axis=1) if vectors.ndim == 2 else np.zeros(1)
        if indices != list(range(count)) or not np.isfinite(lengths).all() or not lengths.all():
            raise EncoderError("rejected", f"expected {count} vectors of finite numbers, got others")
        self._width = self._width or vectors.shape[1]
        if vectors.shape[1] != self._width:
            raise EncoderError("rejected", f"expected vectors of {self._width} numbers, got {vectors.shape[1]}")
        unit: Vectors = vectors / lengths[:, None]
        return unit


def _key(url: str) -> dict[str, str]:
    """The key as a header. Raises ConfigError when it belongs to another host than the one of the address."""
    key, bound = os.environ.get(KEY, "").strip(), os.environ.get(KEY_HOST, "").strip().lower()
    parts = urlsplit(url)
    if key and bound and bound not in (parts.hostname, parts.netloc.lower()):
        raise ConfigError(
            f"expected {bound}, the host that {KEY} belongs to ({KEY_HOST}), got {parts.netloc}; the key was not sent"
        )
    if not key.isascii() or not key.isprintable():
        raise ConfigError(f"expected a key of printable ASCII characters in {KEY}, got others")
    return {"authorization": f"Bearer {key}"} if key else {}


def _seconds(value: str | None) -> float:
    """Seconds that a server asks to wait for, 0 where it asks for none."""
    try:
        return max(0.0, float(value or 0))
    except ValueError:
        return 0.0
