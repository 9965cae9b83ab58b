"""What can be chosen about Label Studio: server, project, back end and watch."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from curation.author import REVIEW_RANK, AuthorKind, layer_name
from curation.record import Frozen

#: A path that nginx reads as it is written.
PlainPath = Annotated[str, Field(pattern=r'^[^"$\\\x00-\x1f]+$')]


class Variant(StrEnum):
    """How a record is shown."""

    SPANS = "spans"  # marks in the text
    SIDE_BY_SIDE = "side-by-side"  # marks in a translation and in its original, beside each other
    TRANSLATION = "translation"  # marks in a translation beside its original to read, and its text to be corrected
    CLASSIFICATION = "classification"  # the scheme's document labels
    FLAT = "flat"  # the facts of each category as lines of text


class BackendSettings(Frozen):
    """The section `review.backend` of curate.toml: the live back end."""

    host: str = Field(default="127.0.0.1", description="Address that the back end listens on.")
    port: int = Field(
        default=9090,
        ge=1,
        le=65535,
        description="Port that the back end listens on.",
    )
    address: str | None = Field(
        default=None,
        description="URL by which Label Studio reaches the back end; without it, http://HOST:PORT.",
    )
    annotator: str = Field(
        default=layer_name(AuthorKind.RULES),
        description="Who annotates what is opened: rules, few-shot, llm:MODEL, adapter:PATH (that adapter), or "
        "adapter (the newest one in the workspace).",
    )
    until: str = Field(
        default=layer_name(AuthorKind.RULES),
        description="Who annotates until the first adapter is trained, where `adapter` is named.",
    )
    deadline: float = Field(
        default=8.0,
        gt=0,
        le=90,
        description="Seconds after which a request is answered with what is ready; the rest is there when asked again.",
    )
    gather: float = Field(
        default=0.01, ge=0, le=1, description="Seconds for which records of several requests are gathered into a batch."
    )
    batch_size: int = Field(default=16, ge=1, description="Most records in one call of the annotator.")
    cache: int = Field(default=2000, ge=1, description="Records whose annotations are kept in memory.")
    watch: float = Field(default=2.0, gt=0, description="Seconds between two looks for a new version of the adapter.")
    trained: str = Field(
        default="reviewed",
        pattern="^[a-z0-9][a-z0-9._-]*$",
        description="Name of the adapters that Label Studio's button trains; each gets a number after it.",
    )


class WatchSettings(Frozen):
    """The section `review.watch` of curate.toml."""

    poll: float = Field(default=30.0, gt=0, description="Seconds between two looks when no hint comes.")
    port: int = Field(
        default=0, ge=0, le=65535, description="Port on which Label Studio's hints are heard; 0 takes a free one."
    )
    address: str | None = Field(
        default=None,
        description="Address at which a Label Studio on another machine reaches that port, such as "
        "http://this-machine:8123/hints; without it, such a one is only looked at.",
    )


class ProxySettings(Frozen):
    """The section `review.proxy` of curate.toml: the reverse proxy through which annotators work."""

    host: str = Field(
        default="127.0.0.1",
        pattern=r"^[0-9A-Za-z.:-]+$",
        description="Address of this machine that the proxy listens on.",
    )
    port: int = Field(default=8100, ge=1, le=65535, description="Port that the proxy listens on.")
    names: tuple[Annotated[str, Field(pattern=r"^[0-9A-Za-z.-]+$")], ...] = Field(
        default=("127.0.0.1", "localhost"),
        min_length=1,
        description="Names under which annotators reach the proxy; requests under other names are refused.",
    )
    certificate: PlainPath | None = Field(default=None, description="File of the certificate (PEM): with it, HTTPS.")
    key: PlainPath | None = Field(default=None, description="File of the certificate's key (PEM).")

    @model_validator(mode="after")
    def _certificate_and_key(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("expected both a certificate and its key, got one of them")
        return self


class LabelStudioSettings(Frozen):
    """The keys of the section `review` of curate.toml that concern Label Studio."""

    url: str | None = Field(
        default=None,
        description="Address of a Label Studio elsewhere; without it, a server of our own is started.",
    )
    port: int = Field(
        default=8099,
        ge=1,
        le=65535,
        description="Port of our own server on 127.0.0.1; the next free one if taken.",
    )
    project: str = Field(
        default="Clinical review",
        min_length=3,
        max_length=50,
        description="Title of the project in Label Studio.",
    )
    version: str = Field(
        default="1.23.2",
        # It becomes a part of a path, and of a requirement.
        pattern=r"^[0-9]+(\.[0-9a-z]+)*$",
        description="Version of Label Studio that our own server is made of.",
    )
    environment: Path | None = Field(
        default=None,
        description="Folder of Label Studio's virtual environment; without it, one in the user's cache "
        "folder, or what CLINCURATE_LABEL_STUDIO_ENV names.",
    )
    python: str | None = Field(
        default=None,
        description="Python that the virtual environment is made with; without it, the one running.",
    )
    database: str | None = Field(
        default=None,
        description="PostgreSQL URL for our own server, without a password "
        "(that comes from CLINCURATE_LABEL_STUDIO_DB_PASSWORD); without it, SQLite in the workspace.",
    )
    history: bool = Field(
        default=True,
        description="Whether our own server keeps a history of who made and changed each answer, by which a pull tells "
        "answers under a false name. It makes a push two to three times slower; a change holds from the next start.",
    )
    loopback: bool = Field(
        default=True,
        description="Whether our own server may call this machine, as the live back end and the hints of `watch` need. "
        "Where neither is used, false closes webhooks, back ends and imports by URL for everybody; `watch` then polls.",
    )
    start_timeout: float = Field(
        default=180.0, gt=0, description="Seconds until a server that does not answer is given up."
    )
    batch_size: int = Field(default=1000, ge=1, le=5000, description="Records sent in one request.")
    request_timeout: float = Field(default=300.0, gt=0, description="Seconds until a request is given up.")
    settle_base: float = Field(
        default=2.0, ge=0, description="Seconds in which a request without an answer may still be at work."
    )
    settle_per_record: float = Field(
        default=0.006, ge=0, description="Seconds more of these for each record that the request carries."
    )
    layers: tuple[str, ...] | None = Field(
        default=None,
        description="Layers to show as pre-annotations, best first; the first that a record has is shown. Unset, those "
        f"of models by their kind: {', '.join(REVIEW_RANK)}.",
    )
    shown: int = Field(default=1, ge=1, le=5, description="How many of these layers are sent side by side.")
    unvalidated: bool = Field(
        default=False, description="Whether records that validation has not judged yet are sent as well."
    )
    variant: Variant = Field(
        default=Variant.SPANS,
        description="What people see and answer: spans (marks in the text), side-by-side (a translation beside its "
        "original, marks in both), translation (a translation beside its original to read, with its text to be "
        "corrected; other records as by spans), classification (the scheme's document labels) or flat (the facts of "
        "each category as lines). A project keeps the variant that it was made with: name another one in "
        "review.project to change.",
    )
    language: str = Field(
        default="en",
        description="The language that people read, in the editor, the guideline and the validation report: "
        "English or German for our own words (English in place of any other), whichever the scheme has for its labels.",
    )
    overlap: float = Field(
        default=120.0,
        ge=0,
        description="Seconds that a pull looks back behind the last one, for late commits.",
    )
    backend: BackendSettings = Field(
        default_factory=BackendSettings, description="How Label Studio is helped while people work."
    )
    proxy: ProxySettings = Field(
        default_factory=ProxySettings, description="The proxy that allows annotators what the editor needs."
    )
    watch: WatchSettings = Field(default_factory=WatchSettings, description="How what people save is noticed at once.")
