"""The section `validation.privacy` of curate.toml: what identifies a person, and what may leave this machine."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from curation.deidentify.identifiers.identifier import COUNTED, IdentifierKind
from curation.deidentify.identifiers.recognisers import RecogniserSettings
from curation.record import Frozen


class PrivacyPolicy(StrEnum):
    """What identifiers in a text have for a consequence."""

    ALLOW = "allow"  # none, and they are not looked for
    REPORT = "report"  # they are counted
    REPLACE = "replace"  # only texts whose identifiers were replaced leave; for models they are on the way
    BLOCK = "block"  # only texts without identifiers leave


class Destination(StrEnum):
    """Where texts go when they leave this machine."""

    MODEL = "model"  # language models
    EMBEDDING = "embedding"  # endpoints of sentence encoders
    TRANSLATOR = "translator"
    LABEL_STUDIO = "label-studio"  # one that is not on this machine
    EXPORT = "export"  # files for others
    HUB = "hub"  # a hub of data sets and models
    DATABASE = "database"  # PostgreSQL on another machine
    SERVER = "server"  # the clients of a server of ours that listens beyond loopback


#: Policies under which texts with identifiers stay here, unless a person has released their record.
KEEPS_BACK = frozenset({PrivacyPolicy.REPLACE, PrivacyPolicy.BLOCK})
#: Where identifiers cannot be replaced on the way yet: under `replace` nothing goes there.
NOT_REPLACED = frozenset({Destination.EMBEDDING, Destination.TRANSLATOR})


class PrivacySettings(Frozen):
    """Whether a text tells who the patient is."""

    policy: PrivacyPolicy = Field(
        default=PrivacyPolicy.REPORT,
        description="What identifiers lead to. report: the record needs review; block: it is quarantined, and does not "
        "leave this machine; replace: `curate run` puts de-identified records in its place, language models "
        "elsewhere are shown surrogates, and what is left is blocked; allow: nothing, and they are not looked for.",
    )
    destinations: dict[Destination, PrivacyPolicy] = Field(
        default_factory=dict,
        description="Another policy for texts on their way to a destination: model, embedding, translator, "
        "label-studio, export, hub, database or server.",
    )
    kinds: tuple[IdentifierKind, ...] = Field(
        default=COUNTED, description="What counts as an identifier; also known, and left out here, are TITLE and YEAR."
    )
    recognisers: tuple[RecogniserSettings, ...] = Field(
        default=(),
        description="Models on this machine that look for identifiers too, each a table with kind (spacy or "
        "transformers), path (a folder), labels (of its labels to kinds, PER to NAME) and if need be "
        "languages and least.",
    )
    maximum: int = Field(default=0, ge=0, description="Most identifiers that a text may hold.")

    def policy_for(self, destination: Destination, *, public: bool = False) -> PrivacyPolicy:
        """The policy for what goes to a destination; where everybody reads it then, only a policy that names the
        destination lets identifiers out.
        """
        policy = self.destinations.get(destination, self.policy)
        is_open = public and destination not in self.destinations and policy not in KEEPS_BACK
        return PrivacyPolicy.BLOCK if is_open else policy
