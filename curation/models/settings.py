"""The sections [models.NAME] of curate.toml: each is one language model, wherever it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import Discriminator, Field, JsonValue, Tag, field_validator

from curation.address import remote_host
from curation.models.batch_settings import BatchSettings
from curation.models.local.settings import LocalModelSettings
from curation.record import Frozen

#: The variable of the environment that holds the key of a server, where a section names no other.
KEY_ENV = "CLINCURATE_LLM_KEY"
#: The name of a variable of the environment.
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: The name of a section: it stands in the author of a layer, `llm:NAME@PROMPT`, and on the command line.
NAME = re.compile(r"\w[\w.:/+-]*")
#: What is asked at a base address, which some write behind it.
ENDPOINT = "/chat/completions"
#: Parameters of a request that are set here, and by what.
TAKEN = {
    "model": "it is the key model of the section",
    "messages": "they come from the prompt",
    "stream": "it is the key stream of the section",
    "n": "one answer is asked for at a time",
}


class PriceSettings(Frozen):
    """What a model costs."""

    input: float = Field(description="Price of a million tokens that are sent.", ge=0, allow_inf_nan=False)
    output: float = Field(description="Price of a million tokens that are answered.", ge=0, allow_inf_nan=False)
    currency: str = Field("USD", description="The currency of both.")


class EndpointModelSettings(Frozen):
    """A language model at an address with OpenAI's chat completions."""

    kind: Literal["endpoint"] = Field("endpoint", description="A model at an address.")
    urls: tuple[str, ...] = Field(
        description="Base address of an OpenAI-compatible server (vLLM, Ollama, llama.cpp, TGI or a hosted one), such "
        "as http://127.0.0.1:8000/v1; several of one model share the load.",
        min_length=1,
    )
    model: str | None = Field(
        None, description="The model's name, as the server calls it; unset, the name of the section.", min_length=1
    )
    key_env: str = Field(
        KEY_ENV,
        description="The variable of the environment that holds the key, if the server wants one. Where another "
        "variable of that name with _HOST at its end is set, the key goes to that host (or those, with commas) only.",
    )
    parameters: dict[str, JsonValue] = Field(
        default={"temperature": 0, "seed": 0, "max_tokens": 8192},
        description="Sent with each request as they are; what stands here replaces all of the default.",
    )
    structured: Literal["auto", "schema", "json", "off"] = Field(
        "auto",
        description="How the form of the answer is asked for: by JSON schema, as any JSON, or by words only; auto "
        "takes the first of these that the server accepts, and no schema where the server ignores it.",
    )
    logprobs: bool = Field(
        False,
        description="Whether the probabilities of an answer's tokens are asked for, of which entities get a score; a "
        "server that refuses is asked without. Answers of before have none: they are asked for anew.",
    )
    stream: bool = Field(
        False,
        description="Whether answers come piece by piece; one that repeats itself without end is stopped early then.",
    )
    concurrency: int = Field(
        16, description="Requests at once, at most; fewer where the server is overloaded.", ge=1, le=4096
    )
    requests_per_minute: int | None = Field(None, description="Requests a minute, at most; unset, any number.", ge=1)
    tokens_per_minute: int | None = Field(
        None, description="Tokens a minute, sent and answered, at most; unset, any number.", ge=1
    )
    timeout: float = Field(180.0, description="Seconds until a request is given up.", gt=0, allow_inf_nan=False)
    total_timeout: float = Field(
        1800.0,
        description="Seconds until a question is given up, with all its attempts and waits.",
        gt=0,
        allow_inf_nan=False,
    )
    attempts: int = Field(5, description="How often a request is sent that is not answered.", ge=1)
    backoff: float = Field(
        1.0,
        description="Seconds before the second attempt, doubled for each further one; the server may ask for more.",
        ge=0,
        allow_inf_nan=False,
    )
    longest_wait: float = Field(
        60.0, description="Seconds that are waited between two attempts at most.", ge=0, allow_inf_nan=False
    )
    context: int | None = Field(
        None,
        description="Tokens that a prompt and its answer may have together; unset, as many as the server takes.",
        ge=1,
    )
    tokenizer: Path | None = Field(
        None, description="File tokenizer.json of the model, which counts tokens exactly; unset, they are estimated."
    )
    prices: PriceSettings | None = Field(
        None,
        description="Prices of a million tokens; unset, those of the package genai-prices where it is installed and "
        "knows the model.",
    )
    batch: BatchSettings = Field(
        default_factory=BatchSettings, description="How it is asked in batches: limits, price, pace."
    )
    proxy: str | None = Field(
        None,
        description="Address of an HTTP proxy on the way to other machines; unset, the one of the environment. Nothing "
        "on this machine is reached through a proxy.",
    )
    ca_bundle: Path | None = Field(
        None, description="File with the certificates (PEM) that sign the server's; unset, those of the system."
    )

    @field_validator("urls", mode="before")
    @classmethod
    def _of_one(cls, urls: Any) -> Any:
        return (urls,) if isinstance(urls, str) else urls

    @field_validator("urls")
    @classmethod
    def _are_addresses(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        addresses = tuple(dict.fromkeys(_address(url) for url in urls))
        if len({remote_host(url) is None for url in addresses}) > 1:
            # Else it would be chance which records pass the gate.
            raise ValueError("expected addresses all on this machine or all elsewhere, got both; make two models")
        return addresses

    @field_validator("proxy")
    @classmethod
    def _is_an_address(cls, proxy: str | None) -> str | None:
        return None if proxy is None else _address(proxy)

    @field_validator("parameters")
    @classmethod
    def _are_free(cls, parameters: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if taken := [name for name in TAKEN if name in parameters]:
            # They would be written over, or answers paid for that nobody reads.
            raise ValueError(f"expected parameters that are free, got {', '.join(taken)}: {TAKEN[taken[0]]}")
        return parameters

    @field_validator("key_env")
    @classmethod
    def _is_a_variable(cls, name: str) -> str:
        if not VARIABLE.fullmatch(name):
            # The value itself is not quoted: it may be the key.
            raise ValueError("expected the name of a variable of the environment, not the key itself")
        return name

    def probe_key(self, name: str) -> str | None:
        """What is found out of the servers' schemas is kept under this; None where none is asked for."""
        return " ".join((*self.urls, self.model or name)) if self.structured in ("auto", "schema") else None

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts of the addresses, with their ports, each once."""
        return tuple(dict.fromkeys(urlsplit(url).netloc.lower() for url in self.urls))


class ScriptedModelSettings(Frozen):
    """Answers from a file, for tests and dry runs: nothing is sent and no model is loaded."""

    kind: Literal["scripted"] = Field("scripted", description="Answers from a file.")
    script: Path = Field(
        description="File of JSON lines; the first whose words `if` occur in the question gives its `answer`, with "
        "`finish` or as an `error` of some kind.",
    )
    concurrency: int = Field(16, description="Requests at once.", ge=1, le=4096)
    seconds: float = Field(0.0, description="Seconds that an answer takes.", ge=0, allow_inf_nan=False)
    prices: PriceSettings | None = Field(None, description="Prices of a million tokens.")


def kind_of_section(section: object) -> str:
    """The kind of a section; one that names none is an endpoint."""
    named = section.get("kind", "endpoint") if isinstance(section, Mapping) else getattr(section, "kind", "")
    return named if isinstance(named, str) else ""


#: What a section of each kind may say.
KINDS: dict[str, type[Frozen]] = {
    "endpoint": EndpointModelSettings,
    "local": LocalModelSettings,
    "scripted": ScriptedModelSettings,
}

#: A section of one of the kinds, told by its key `kind`.
ModelSettings = Annotated[
    Annotated[EndpointModelSettings, Tag("endpoint")]
    | Annotated[LocalModelSettings, Tag("local")]
    | Annotated[ScriptedModelSettings, Tag("scripted")],
    Discriminator(kind_of_section),
]


def _address(url: str) -> str:
    """The address without a slash at its end. Raises ValueError, which never quotes it: it may hold a password."""
    try:
        parts = urlsplit(url)
        fits = _is_plain(parts)
    except ValueError:
        fits = False
    if not fits:
        raise ValueError("expected an http(s) address without user, password or query")
    if url.rstrip("/").endswith(ENDPOINT):
        raise ValueError(f"expected the base address, such as http://127.0.0.1:8000/v1, without {ENDPOINT}")
    return url.rstrip("/")


def _is_plain(parts: SplitResult) -> bool:
    secret = parts.username or parts.password or parts.query or parts.fragment
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not secret and parts.port != 0
