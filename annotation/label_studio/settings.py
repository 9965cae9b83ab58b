"""What can be chosen about the review in Label Studio."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from annotation.adjudication.settings import AdjudicationSettings
from annotation.agreement.settings import AgreementSettings
from annotation.label_studio.backend.settings import BackendSettings
from annotation.label_studio.editor.variants.variant import Variant
from annotation.label_studio.watch.settings import WatchSettings
from annotation.queue.settings import QueueSettings
from curation.record import Frozen


class ReviewSettings(Frozen):
    """The section `review` of curate.toml."""

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
    version: str = Field(default="1.23.2", description="Version of Label Studio that our own server is made of.")
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
    layers: tuple[str, ...] = Field(
        default=("adapter", "few-shot", "rules"),
        description="Layers to show as pre-annotations, best first; the first that a record has is shown.",
    )
    shown: int = Field(default=1, ge=1, le=5, description="How many of these layers are sent side by side.")
    unvalidated: bool = Field(
        default=False, description="Whether records that validation has not judged yet are sent as well."
    )
    variant: Variant = Field(
        default=Variant.SPANS,
        description="What people see and answer: spans (marks in the text), side-by-side (a translation beside its "
        "original, marks in both), classification (the scheme's document labels) or flat (the facts of each category "
        "as lines). A project keeps the variant that it was made with: name another one in review.project to change.",
    )
    language: str = Field(default="en", description="Language of the guideline and of the editor's headings.")
    overlap: float = Field(
        default=120.0,
        ge=0,
        description="Seconds that a pull looks back behind the last one, for late commits.",
    )
    agreement: AgreementSettings = Field(
        default_factory=AgreementSettings, description="How agreement between annotators is measured."
    )
    queue: QueueSettings = Field(
        default_factory=QueueSettings, description="What people see next, and when it is enough."
    )
    adjudication: AdjudicationSettings = Field(
        default_factory=AdjudicationSettings, description="How disagreements between reviewers are settled."
    )
    backend: BackendSettings = Field(
        default_factory=BackendSettings, description="How Label Studio is helped while people work."
    )
    watch: WatchSettings = Field(default_factory=WatchSettings, description="How what people save is noticed at once.")
