"""The section `review` of curate.toml."""

from __future__ import annotations

from pydantic import Field

from annotation.adjudication.settings import AdjudicationSettings
from annotation.agreement.settings import AgreementSettings
from annotation.label_studio.settings import LabelStudioSettings
from annotation.queue.settings import QueueSettings


class ReviewSettings(LabelStudioSettings):
    """The section `review` of curate.toml: Label Studio, and what is done with what people say in it."""

    agreement: AgreementSettings = Field(
        default_factory=AgreementSettings, description="How agreement between annotators is measured."
    )
    queue: QueueSettings = Field(
        default_factory=QueueSettings, description="What people see next, and when it is enough."
    )
    adjudication: AdjudicationSettings = Field(
        default_factory=AdjudicationSettings, description="How disagreements between reviewers are settled."
    )
