"""Identifiers outside of a record's text, in what is said beside it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from pydantic import JsonValue

from curation.deidentify.edits import Span
from curation.deidentify.identifiers.identifier import outside
from curation.deidentify.scope import Wanted, found_in
from curation.deidentify.surrogates import Patient, edits_for

#: A shorter identifier is replaced outside the text only where it is all that is said.
TELLING = 5
#: Without a figure, a capital or the sign of an address there is no identifier.
SHOWS = re.compile(r"[\d@]|(?i:www|http)|(?![a-zß-öø-ÿ])[^\W\d_]")


class Elsewhere:
    """Words outside the text: entities that were not found in it, attributes, labels, meta and provenance."""

    def __init__(
        self,
        language: str,
        patient: Patient,
        wanted: Wanted,
        known: Mapping[str, str],
        names: Collection[str],
        ids: Mapping[str, str],
    ) -> None:
        self._language, self._patient, self._wanted, self._names = language, patient, wanted, names
        self._known = {**known, **ids}
        telling = sorted((said for said in self._known if len(said) >= TELLING), key=len, reverse=True)
        joined = "|".join(map(re.escape, telling))
        self._spoken = re.compile(rf"(?<!\w)(?:{joined})(?!\w)") if telling else None

    def text(self, said: str) -> str:
        """The words without identifiers: those of the record's text, and what shows itself to be one here."""
        if said in self._known:
            return self._known[said]
        if not SHOWS.search(said):
            return said
        spoken = (
            [(match.span(), self._known[match[0]]) for match in self._spoken.finditer(said)] if self._spoken else []
        )
        found = found_in(said, self._language, self._wanted.kinds, self._names)
        free = outside(said, found, [span for span, _ in spoken])
        edits = edits_for(said, free, self._patient, language=self._language, mode=self._wanted.mode)
        return _replaced(said, [*spoken, *(((edit.start, edit.end), edit.text) for edit in edits)])

    def object(self, value: Mapping[str, JsonValue], *, prose: bool = False) -> dict[str, JsonValue]:
        """A JSON object with all its words so; its keys stay.

        prose: what has no blank is a revision, an address or a time, and only looked up.
        """
        return {name: self._any(one, prose) for name, one in value.items()}

    def _any(self, value: JsonValue, prose: bool) -> JsonValue:
        if isinstance(value, str):
            return self._known.get(value, value) if prose and " " not in value else self.text(value)
        if isinstance(value, list):
            return [self._any(one, prose) for one in value]
        return self.object(value, prose=prose) if isinstance(value, dict) else value


def _replaced(text: str, changes: Iterable[tuple[Span, str]]) -> str:
    parts: list[str] = []
    at = 0
    for (start, end), new in sorted(changes):
        parts += (text[at:start], new)
        at = end
    return "".join([*parts, text[at:]])
