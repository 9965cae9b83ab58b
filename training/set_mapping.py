"""Several schemes as one: by a mapping file, else by the names of their parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import ValidationError

from curation.errors import UsageError, unknown_name
from curation.record import Layer
from curation.scheme import Category, DocumentLabel, RelationType, Scheme, scheme_text
from curation.scheme_change import VALUE, ChangeCounts, SchemeChange, scheme_names
from curation.scheme_file import scheme_content
from curation.yaml_file import read_yaml, yaml_problem
from training.scope import LayerScope

#: What a name becomes that is left out.
LEFT_OUT = "-"
#: Before a name that a scheme gives to a category or label and to a relation type.
CATEGORY, RELATION = "category:", "relation:"

#: By set, its names and the common ones.
NameMapping = Mapping[str, Mapping[str, str]]
Part = Category | DocumentLabel | RelationType


def read_mapping(path: Path) -> dict[str, dict[str, str]]:
    """The mapping in a YAML file. Raises UsageError for one that is no such table."""
    try:
        content = read_yaml(path)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"expected a YAML file with a mapping at {path}, got {yaml_problem(error)}") from error
    sound = isinstance(content, dict) and all(
        isinstance(names, dict) and all(isinstance(name, str) for pair in names.items() for name in pair)
        for names in content.values()
    )
    if not sound:
        raise UsageError(
            f"{path}: expected a section for each set with a common name (or '-', to leave it out) for each of its "
            "names, such as `cases: {Drug: medication, Age: '-'}`"
        )
    return {str(of): dict(names) for of, names in content.items()}


@dataclass(frozen=True, slots=True)
class MappedSet:
    """The names of one set's scheme and what they become; relations: those of the types that stay."""

    of: str
    scheme: Scheme
    change: SchemeChange
    relations: Mapping[str, str]
    scope: LayerScope
    given: frozenset[str]  # the common names that the mapping gives

    @classmethod
    def made(cls, of: str, scheme: Scheme, names: Mapping[str, str]) -> MappedSet:
        """The set under the common names that are given, its own ones else.

        Raises UsageError for a name that its scheme does not have, or has for two things.
        """
        types = [relation.name for relation in scheme.relations]
        renames: dict[str, str] = {}
        relations = dict(zip(types, types, strict=True))
        for written, to in names.items():
            name, is_relation = _resolved(written, of, scheme)
            if not to:
                raise UsageError(f"expected a common name, or '-', for {written} of {of} in the mapping, got none")
            (relations if is_relation else renames)[name] = to
        dropped = frozenset(name for name, to in renames.items() if to == LEFT_OUT)
        kept = {name: to for name, to in renames.items() if name not in dropped}
        for name, to in kept.items():
            label = name.partition(VALUE)[0]
            label = kept.get(label, label)
            if (VALUE in name) != (VALUE in to) or (VALUE in name and label != to.partition(VALUE)[0]):
                raise UsageError(f"expected {name}: {label}{VALUE}VALUE for {of} in the mapping, got {name}: {to}")
        change = SchemeChange(kept, dropped)
        links = {
            relation.name: to
            for relation in scheme.relations
            if (to := relations[relation.name]) != LEFT_OUT and _has_ends(relation, change)
        }
        categories, labels = (
            frozenset(common for part in parts if (common := change.target(part.name)))
            for parts in (scheme.categories, scheme.labels)
        )
        if not categories | labels:
            raise UsageError(
                f"expected a category or document label of {of} that the mapping does not leave out, got none"
            )
        scope = LayerScope(of, categories, frozenset(links.values()), labels)
        return cls(of, scheme, change, links, scope, frozenset(names.values()))

    def carried(self, layer: Layer, counts: ChangeCounts) -> Layer:
        """The layer under the common names, with its scope; what that does is added to the counts."""
        found = self.change.carried(layer, counts) or layer
        links = tuple(
            relation.model_copy(update={"type": self.relations[relation.type]})
            for relation in found.relations
            if relation.type in self.relations
        )
        counts.relations_dropped += len(found.relations) - len(links)
        return self.scope.noted(found.model_copy(update={"relations": links}))

    def parts(self) -> Iterator[Part]:
        """The parts of the scheme that stay, under the common names."""
        for category in self.scheme.categories:
            if to := self.change.target(category.name):
                words = dict.fromkeys(category.label, to.replace("_", " "))
                yield _named(category, to, label=category.label if to == category.name else words)
        for label in self.scheme.labels:
            if to := self.change.target(label.name):
                targets = [self.change.target(f"{label.name}{VALUE}{value}") for value in label.values]
                values = dict.fromkeys(target.partition(VALUE)[2] for target in targets if target)
                yield _named(label, to, values=[*values])
        for relation in self.scheme.relations:
            if to := self.relations.get(relation.name):
                ends = {
                    end: [*dict.fromkeys(found for name in names if (found := self.change.target(name)))]
                    for end, names in (("heads", relation.heads), ("tails", relation.tails))
                }
                yield _named(relation, to, **ends)


def _has_ends(relation: RelationType, change: SchemeChange) -> bool:
    """Whether a head and a tail are left of those that are named."""
    return all(not names or any(map(change.target, names)) for names in (relation.heads, relation.tails))


def _resolved(written: str, of: str, scheme: Scheme) -> tuple[str, bool]:
    """A name of the scheme as it stands in a mapping, and whether it is a relation type."""
    types = [relation.name for relation in scheme.relations]
    if written.startswith(RELATION) and (name := written.removeprefix(RELATION)) in types:
        return name, True
    if written.startswith(CATEGORY) and (name := written.removeprefix(CATEGORY)) in scheme_names(scheme):
        return name, False
    if written in types and written in scheme_names(scheme):
        raise UsageError(
            f"expected {CATEGORY}{written} or {RELATION}{written} for {of} in the mapping, got {written}, which names "
            "both there"
        )
    if written not in types and written not in scheme_names(scheme):
        raise unknown_name(f"a name of the scheme {scheme.name} of {of} in the mapping", written, [*_all_names(scheme)])
    return written, written in types


def _all_names(scheme: Scheme) -> Iterator[str]:
    yield from scheme_names(scheme)
    yield from (relation.name for relation in scheme.relations)


def _named(part: Part, name: str, **others: object) -> Part:
    """The part under another name. Raises UsageError for a name that such a part cannot have."""
    try:
        return type(part).model_validate({**part.model_dump(), "name": name, **others})
    except ValidationError as error:
        raise UsageError(f"expected a common name for {part.name} that a scheme can have, got {name!r}") from error


def common_scheme(sets: Sequence[MappedSet]) -> Scheme:
    """The scheme of all that the sets annotate, each part as the first set has it that defines it.

    Raises UsageError where two sets define the same name in other words and no mapping says that they are one, where
    assertions or values differ, and where a name stands for a category in one and a label in another.
    """
    found: dict[tuple[type[Part], str], tuple[Part, MappedSet]] = {}
    for mapped in sets:
        for part in mapped.parts():
            key = (type(part), part.name)
            before = found.get(key)
            if before is not None:
                _check_same(before, (part, mapped))
            if before is None or not before[0].definition:
                found[key] = (part, mapped)
            elif isinstance(part, RelationType):
                found[key] = (_wider(before[0], part), before[1])
    parts = [part for part, _ in found.values()]
    hotkeys: set[str | None] = set()
    categories = []
    for category in parts:
        if isinstance(category, Category):
            free = category.hotkey not in hotkeys
            hotkeys.add(category.hotkey)
            categories.append(category if free else category.model_copy(update={"hotkey": None}))
    try:
        common = Scheme(
            name=" + ".join(dict.fromkeys(mapped.scheme.name for mapped in sets)),
            languages=tuple(dict.fromkeys(language for mapped in sets for language in mapped.scheme.languages)),
            categories=tuple(categories),
            labels=tuple(part for part in parts if isinstance(part, DocumentLabel)),
            relations=tuple(part for part in parts if isinstance(part, RelationType)),
        )
        # As it is read again: with a hotkey for every category, while there are free ones.
        return Scheme.model_validate(scheme_content(scheme_text(common)).content)
    except ValidationError as error:
        raise UsageError(
            f"expected sets whose parts make one scheme: {error.errors()[0]['msg']}; give them other names by --mapping"
        ) from error


def _wider(before: Part, part: RelationType) -> RelationType:
    """A relation type that links what either of two links; no ends named are all."""
    assert isinstance(before, RelationType)
    ends = {
        end: tuple(dict.fromkeys((*old, *new))) if old and new else ()
        for end, old, new in (("heads", before.heads, part.heads), ("tails", before.tails, part.tails))
    }
    return before.model_copy(update=ends)


def _check_same(before: tuple[Part, MappedSet], after: tuple[Part, MappedSet]) -> None:
    """Raises UsageError where a name stands for two things."""
    (old, first), (new, second) = before, after
    name = old.name
    where = f"{first.of} and {second.of}"
    for key in ("keeps", "values"):
        values = [tuple(sorted(map(str, getattr(part, key, ())))) for part in (old, new)]
        if values[0] != values[1]:
            raise UsageError(
                f"expected {name} with the same {key} in {where}, got {', '.join(values[0])} and "
                f"{', '.join(values[1])}: give it another name in one of them by --mapping, or leave it out there"
            )
    if name in first.given or name in second.given:
        return
    differing = [
        key
        for key in ("definition", "boundary", *(("heads", "tails") if isinstance(old, RelationType) else ()))
        if _differ(getattr(old, key, {}), getattr(new, key, {}))
    ]
    if differing:
        raise UsageError(
            f"expected {name} to be one thing in {where}, its {' and '.join(differing)} differ: say by --mapping what "
            f"it is, `{second.of}: {{{name}: {name}}}` where both mean the same, another common name where not"
        )


def _differ(old: Mapping[str, str] | Sequence[str], new: Mapping[str, str] | Sequence[str]) -> bool:
    """Whether two definitions differ in a language that both have, or two lists in what they name."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return any(" ".join(old[speech].split()) != " ".join(new[speech].split()) for speech in old.keys() & new.keys())
    return {*old} != {*new}
