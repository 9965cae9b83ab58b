"""What a machine said and what a person confirmed of it, as HL7's guide AI Transparency on FHIR marks it.

Codes, extensions and roles: http://hl7.org/fhir/uv/aitransparency (1.0.0-ballot, January 2026).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curation.author import PEOPLE, AuthorKind, kind_of
from curation.record import Entity, Layer, digest
from exports.fhir.resources import TERMINOLOGY, Resource, concept

GUIDE = "http://hl7.org/fhir/uv/aitransparency"
#: What a machine asserted.
MACHINE = {"system": f"{TERMINOLOGY}/v3-ObservationValue", "code": "AIAST"}
#: What a person asserted after a machine had reported it; the guide's ballot has it in a code system of its own.
CONFIRMED = {"system": f"{GUIDE}/CodeSystem/AddedProvenanceCS", "code": "CLINAST_AIRPT"}
CONFIDENCE = f"{GUIDE}/StructureDefinition/AIconfidence"
KIND = f"{GUIDE}/StructureDefinition/aitransparency.AIKind"
TYPES = f"{GUIDE}/CodeSystem/AIdeviceTypeCS"
#: The guide's names for our kinds of authors.
TECHNIQUES = {
    AuthorKind.RULES: "Rule-Based-Systems",
    AuthorKind.FEW_SHOT: "Machine-Learning-Models",
    AuthorKind.ADAPTER: "Deep-Learning-Models",
    AuthorKind.LLM: "Large-Language-Models",
}
#: Kinds of layers that people make.
BY_PEOPLE = PEOPLE | {AuthorKind.REPEAT, AuthorKind.DOUBTED}
#: The origins of a region that a machine had suggested to a person.
SUGGESTED = frozenset({"prediction", "prediction-changed"})


@dataclass(frozen=True, slots=True)
class Authorship:
    """Who made a layer: a machine alone, a person, or a person who kept some of what a machine had suggested."""

    author: str
    machine: str = ""  #: the machine as it signs; empty where none had a part
    person: str = ""
    confirmed: frozenset[str] = frozenset()  #: ids of entities that a person kept of a machine's

    @classmethod
    def of(cls, layer: Layer) -> Authorship:
        if kind_of(layer.author) not in PEOPLE:
            return cls(layer.author, machine=layer.author)
        origins, machine = layer.provenance.get("origins"), layer.provenance.get("model_version")
        # What was suggested may be another person's, as it is to who adjudicates.
        if not isinstance(origins, dict) or not isinstance(machine, str) or kind_of(machine) in BY_PEOPLE:
            return cls(layer.author, person=layer.author)
        kept = frozenset(id for id, origin in origins.items() if origin in SUGGESTED)
        return cls(layer.author, machine=machine if kept else "", person=layer.author, confirmed=kept)

    def by_machine(self, entity: Entity) -> bool:
        """Whether a machine said it, whoever confirmed it."""
        return not self.person or entity.id in self.confirmed

    def marks(self, entity: Entity) -> Resource:
        """The label of a resource, and how confident the machine was."""
        if not self.by_machine(entity):
            return {}
        label = CONFIRMED if self.person else MACHINE
        confidence = [{"url": CONFIDENCE, "valueDecimal": entity.score}]
        marked: Resource = {"meta": {"security": [label]}}
        return marked | ({"extension": confidence} if entity.score is not None else {})


def device(authorship: Authorship, layer: Layer) -> Resource:
    """The machine as a device: its name, version and technique, and the model that it runs."""
    name, _, revision = authorship.machine.partition("@")
    told = {} if authorship.person else layer.provenance
    technique = TECHNIQUES.get(kind_of(authorship.machine))
    weights = told.get("weights")
    versions: list[Resource] = [{"value": revision}] if revision else []
    versions += [{"type": {"text": "digest of the weights"}, "value": str(weights)}] if weights else []
    return {
        "resourceType": "Device",
        "id": digest(["device", authorship.machine, versions, _models(told)]),
        **({"extension": [{"url": KIND, "valueCodeableConcept": concept(TYPES, technique)}]} if technique else {}),
        "deviceName": [{"name": name, "type": "model-name"}],
        **({"modelNumber": ", ".join(models)} if (models := _models(told)) else {}),
        "type": concept(TYPES, "Artificial-Intelligence"),
        **({"version": versions} if versions else {}),
    }


def provenance(
    authorship: Authorship, layer: Layer, targets: Sequence[str], *, document: str, machine: str = ""
) -> Resource:
    """Who made the targets: a person, a machine (by the address of its device), or both; and what from."""
    agents = []
    if machine:
        made = {"reference": machine, "display": authorship.machine}
        agents = [{"type": _role("author"), "role": [concept(TYPES, "Artificial-Intelligence")], "who": made}]
    if authorship.person:
        agents.append({"type": _role("verifier" if machine else "author"), "who": {"display": authorship.person}})
    return {
        "resourceType": "Provenance",
        "id": digest(["provenance", layer.record_id, layer.name, *targets]),
        "target": [{"reference": target} for target in targets],
        "recorded": layer.created.isoformat(timespec="seconds"),
        **({"reason": [{"coding": [MACHINE]}]} if machine else {}),
        "agent": agents,
        "entity": [{"role": "source", "what": {"reference": document}}, *_prompt(authorship, layer)],
    }


def _prompt(authorship: Authorship, layer: Layer) -> list[Resource]:
    """The prompt by its version and digest, never by its words, which may quote reports."""
    name, hashed = layer.provenance.get("prompt"), layer.provenance.get("prompt_digest")
    if authorship.person or not isinstance(name, str) or not isinstance(hashed, str):
        return []
    what = {"type": "DocumentReference", "identifier": {"value": f"{name}@{hashed}"}, "display": f"prompt {name}"}
    return [{"role": "derivation", "what": what}]


def _models(told: Mapping[str, Any]) -> list[str]:
    models = told.get("models")
    named = list(models) if isinstance(models, dict) else [told.get("model") or told.get("base_model")]
    return [name for name in named if isinstance(name, str)]


def _role(code: str) -> Resource:
    return concept(f"{TERMINOLOGY}/provenance-participant-type", code)
