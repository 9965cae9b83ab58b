"""What a layer's author was asked to annotate, where that is not all of a scheme: what is absent may not be asked."""

from __future__ import annotations

from dataclasses import dataclass

from curation.record import Layer
from curation.scheme import Scheme

#: The key of a layer's provenance.
SCOPE = "annotates"


@dataclass(frozen=True, slots=True)
class LayerScope:
    """The names of a scheme that the layers of a set annotate."""

    of: str
    categories: frozenset[str]
    relations: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()

    def restricted(self, scheme: Scheme) -> Scheme:
        """The scheme with these names only; a relation type keeps its ends among them."""
        kept = self.categories
        return Scheme(
            name=scheme.name,
            version=scheme.version,
            languages=scheme.languages,
            categories=tuple(category for category in scheme.categories if category.name in kept),
            labels=tuple(label for label in scheme.labels if label.name in self.labels),
            relations=tuple(
                relation.model_copy(
                    update={
                        "heads": tuple(name for name in relation.heads if name in kept),
                        "tails": tuple(name for name in relation.tails if name in kept),
                    }
                )
                for relation in scheme.relations
                if relation.name in self.relations
            ),
        )

    def measured(self, layer: Layer) -> Layer:
        """A predicted layer without what these names leave open."""
        kept = tuple(entity for entity in layer.entities if entity.category in self.categories)
        ids = {entity.id for entity in kept}
        links = (link for link in layer.relations if link.type in self.relations and {link.head, link.tail} <= ids)
        return layer.model_copy(
            update={
                "entities": kept,
                "relations": tuple(links),
                "labels": {name: value for name, value in layer.labels.items() if name in self.labels},
            }
        )

    def noted(self, layer: Layer) -> Layer:
        """The layer with this scope in its provenance."""
        noted = {
            "set": self.of,
            "categories": sorted(self.categories),
            "relations": sorted(self.relations),
            "labels": sorted(self.labels),
        }
        return layer.model_copy(update={"provenance": {**layer.provenance, SCOPE: noted}})


def scope_of(layer: Layer) -> LayerScope | None:
    """The scope of a layer; None where it annotates the whole scheme."""
    noted = layer.provenance.get(SCOPE)
    if not isinstance(noted, dict):
        return None
    names = {key: frozenset(map(str, found)) for key, found in noted.items() if isinstance(found, list)}
    return LayerScope(str(noted["set"]), names["categories"], names["relations"], names["labels"])


def asked_scheme(layer: Layer, scheme: Scheme) -> Scheme:
    """The part of a scheme that a layer annotates."""
    scope = scope_of(layer)
    return scope.restricted(scheme) if scope else scheme


def within(predicted: Layer, gold: Layer) -> Layer:
    """The predicted layer as far as gold annotates the like: of other names, gold says nothing."""
    scope = scope_of(gold)
    return scope.measured(predicted) if scope else predicted
