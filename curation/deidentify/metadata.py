"""Identifiers outside of a record's text: in its meta and in its layers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from pydantic import JsonValue

from curation.deidentify.edits import Span
from curation.deidentify.identifiers.identifier import outside
from curation.deidentify.scope import DeidentifyScope, found_in
from curation.deidentify.surrogates import Patient, edits_for

#: A shorter identifier is replaced outside the text only where it is all that is said.
TELLING = 5
#: Without a figure, a capital or the sign of an address there is no identifier.
SHOWS = re.compile(r"[\d@]|(?i:www|http)|(?![a-zß-öø-ÿ])[^\W\d_]")


class MetadataRewriter:
    """Words outside the text: entities that were not found in it, attributes, labels, meta and provenance."""

    def __init__(
        self,
        language: str,
        patient: Patient,
        scope: DeidentifyScope,
        surrogate_of: Mapping[str, str],
        names: Collection[str],
        ids: Mapping[str, str],
    ) -> None:
        self._language, self._patient, self._scope, self._names = language, patient, scope, names
        self._surrogate_of = {**surrogate_of, **ids}
        telling = sorted((wording for wording in self._surrogate_of if len(wording) >= TELLING), key=len, reverse=True)
        joined = "|".join(map(re.escape, telling))
        self._spoken = re.compile(rf"(?<!\w)(?:{joined})(?!\w)") if telling else None

    def text(self, wording: str) -> str:
        """The words without identifiers: those of the record's text, and what shows itself to be one here."""
        if wording in self._surrogate_of:
            return self._surrogate_of[wording]
        if not SHOWS.search(wording):
            return wording
        spoken = (
            [(match.span(), self._surrogate_of[match[0]]) for match in self._spoken.finditer(wording)]
            if self._spoken
            else []
        )
        found = found_in(wording, self._language, self._scope.kinds, self._names, self._scope.recognisers)
        free = outside(wording, found, [span for span, _ in spoken])
        edits = edits_for(wording, free, self._patient, language=self._language, mode=self._scope.mode)
        return _replaced(wording, [*spoken, *(((edit.start, edit.end), edit.text) for edit in edits)])

    def object(self, value: Mapping[str, JsonValue], *, prose: bool = False) -> dict[str, JsonValue]:
        """A JSON object with all its words so; its keys stay.

        prose: what has no blank is a revision, an address or a time, and only looked up.
        """
        return {name: self._any(part, prose) for name, part in value.items()}

    def _any(self, value: JsonValue, prose: bool) -> JsonValue:
        if isinstance(value, str):
            return self._surrogate_of.get(value, value) if prose and " " not in value else self.text(value)
        if isinstance(value, list):
            return [self._any(part, prose) for part in value]
        return self.object(value, prose=prose) if isinstance(value, dict) else value


def _replaced(text: str, changes: Iterable[tuple[Span, str]]) -> str:
    parts: list[str] = []
    at = 0
    for (start, end), new in sorted(changes):
        parts += (text[at:start], new)
        at = end
    return "".join([*parts, text[at:]])
