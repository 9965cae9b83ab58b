"""The [curation] section of curate.toml."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, JsonValue, field_validator, model_validator

from curation.record import Frozen


class SplitSettings(Frozen):
    """How `curate freeze` divides a set."""

    train: float = Field(0.8, description="Share of the groups that goes to training.", ge=0, le=1)
    validation: float = Field(0.1, description="Share that chooses the best checkpoint.", ge=0, le=1)
    test: float = Field(0.1, description="Share that measures the result.", ge=0, le=1)
    seed: int = Field(0, description="Another seed gives another division of the same groups.")
    near_duplicates: float = Field(
        0.8,
        description="Texts at least this similar (Jaccard over word shingles) stay on one side.",
        gt=0,
        le=1,
    )

    stratify: tuple[str, ...] = Field(
        (),
        description="What each split gets its share of: the names of document labels (by their values), of categories "
        "(with and without such an entity), or `language`. Groups are never cut.",
    )

    @model_validator(mode="after")
    def _adds_up(self) -> SplitSettings:
        total = self.train + self.validation + self.test
        if abs(total - 1) > 1e-6:
            raise ValueError(f"expected train, validation and test to add up to 1, got {total:g}")
        return self


class EndpointSettings(Frozen):
    """A language model at an address with OpenAI's chat completions."""

    url: str | None = Field(
        None,
        description="Base address of an OpenAI-compatible server (vLLM, Ollama, llama.cpp, TGI or a hosted one), such "
        "as http://127.0.0.1:8000/v1. Its key, if it wants one, comes from CLINCURATE_LLM_KEY.",
    )
    model: str | None = Field(None, description="The model's name, as the server calls it.")
    parameters: dict[str, JsonValue] = Field(
        default={"temperature": 0, "seed": 0, "max_tokens": 8192},
        description="Sent with each request as they are; what stands here replaces all of the default.",
    )
    structured: Literal["auto", "schema", "json", "off"] = Field(
        "auto",
        description="How the form of the answer is asked for: by JSON schema, as any JSON, or by words only; auto "
        "takes the first of these that the server accepts.",
    )
    concurrency: int = Field(4, description="Requests at once.", ge=1, le=256)
    timeout: float = Field(180.0, description="Seconds until a request is given up.", gt=0)
    attempts: int = Field(5, description="How often a request is sent that is not answered.", ge=1)
    backoff: float = Field(
        1.0,
        description="Seconds before the second attempt, doubled for each further one; the server may ask for more.",
        ge=0,
    )
    longest_wait: float = Field(60.0, description="Seconds that are waited between two attempts at most.", ge=0)

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.username
            or parts.password
            or parts.query
        ):
            # The value itself is not quoted: it may hold a password.
            raise ValueError("expected an http(s) address without user, password or query")
        return url.rstrip("/")


class CurationSettings(Frozen):
    """Where things are kept, and what a curated set is made of."""

    store: str = Field(
        "sqlite:///records.db",
        description="SQLAlchemy URL of the store; a relative SQLite path is inside the workspace. "
        "For a team: postgresql+psycopg://user@host/name, with the password in PGPASSWORD.",
    )
    scheme: str = Field("scheme.yaml", description="The scheme file, relative to the workspace.")
    batch_size: int = Field(32, description="Records that a stage takes at a time.", ge=1)
    workers: int | None = Field(
        None,
        description="Processes that work at once on what reads texts (rules, validation without embeddings); unset, as "
        "many as there are processor cores. What asks a model takes so many batches at once; unset, one.",
        ge=1,
    )
    split: SplitSettings = Field(default_factory=SplitSettings, description="How a set is divided.")
