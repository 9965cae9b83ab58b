"""What a translation becomes: a record of its own with the layers of the original, and its result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue, ValidationError

from curation.deidentify.identifiers.surrogate_marks import MARK, SurrogateMark, is_marked, surrogate_identifiers
from curation.record import Frozen, Layer, Record, record_id, text_digest
from curation.stage import Result
from curation.text.folding import Span
from curation.translate.prepared import AssembledText, PreparedText, SegmentTranslation
from curation.translate.projection.layers import carried
from curation.translate.projection.markers import UnmarkedText
from curation.translate.projection.projected import Fragments, ProjectionMethod, ProjectionState
from curation.translate.segments import one_line

#: Under which name a record that was made here says how.
MADE = "translated"
#: What of a record's description holds for its own text only.
OF_THE_TEXT = frozenset({"sentences", MADE, MARK})


class MadeTranslation(Frozen):
    """How a translation was made. segments: where each stands in the original and in the translation; marked: places
    that markers found, in both. by: the digest of its translator. replaces, stands_for: of one that was chosen in place
    of an earlier translation, the id of that, and the digest of the translator in whose place it stands.
    """

    by: str
    author: str
    text: str
    original: str
    segments: tuple[tuple[Span, Span], ...]
    marked: tuple[tuple[Fragments, Fragments], ...] = ()
    replaces: str | None = None
    stands_for: str | None = None

    @classmethod
    def of(cls, record: Record, original: Record | None = None) -> MadeTranslation | None:
        """How a record was translated; None where it was not here, or where a text has changed since."""
        try:
            made = cls.model_validate(record.meta[MADE])
        except (KeyError, ValidationError):
            return None
        is_of_this = made.text == cls.digest_of(record) and (
            original is None or made.original == cls.digest_of(original)
        )
        return made if is_of_this else None

    @staticmethod
    def digest_of(record: Record) -> str:
        """The digest of a record's text, as it stands here."""
        return text_digest(record.text, length=16)


@dataclass(frozen=True, slots=True)
class StandingTranslation:
    """A translation that is in the store, and the names of those of its layers that others wrote."""

    record: Record
    own: frozenset[str] = frozenset()


#: The translation of a record that is in the store, made by the same translator; None where there is none.
Standing = Callable[[Record], StandingTranslation | None]


def no_standing(record: Record) -> None:
    """There is none."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who translates into which language, and a digest of all that the texts depend on."""

    author: str
    by: str
    to: str


def new_translation(
    record: Record,
    layers: Sequence[Layer],
    prepared: PreparedText,
    translations: Mapping[int, SegmentTranslation],
    signed: Signature,
) -> Result:
    """The translated record with the layers of the original."""
    assembled = prepared.assembled(translations, signed.to)
    marked = [
        (mention, placement.place.fragments)
        for mention, placement in zip(prepared.mentions, assembled.placements, strict=True)
        if placement.method is ProjectionMethod.MARKER and placement.place is not None
    ]
    spans = [segment.span for segment in prepared.segments]
    translation = Record(
        # Another translator's is another record, also where it says the same: one is set aside, and one stands.
        id=record_id(assembled.text, language=signed.to, source_id=f"{record.id} {signed.by}"),
        group=record.group,
        source=record.source,
        language=signed.to,
        text=assembled.text,
        translation_of=record.id,
        licence=record.licence,
        meta={name: value for name, value in record.meta.items() if name not in OF_THE_TEXT},
    )
    made = MadeTranslation(
        by=signed.by,
        author=signed.author,
        text=MadeTranslation.digest_of(translation),
        original=MadeTranslation.digest_of(record),
        segments=tuple(zip(spans, assembled.segments, strict=True)),
        marked=tuple(marked),
    )
    meta = {**translation.meta, **_surrogates(record, prepared, assembled), MADE: made.model_dump(mode="json")}
    translation = translation.model_copy(update={"meta": meta})
    return Result(
        record.id,
        records=(translation,),
        layers=_carried(layers, prepared, assembled, translation, signed.author),
        notes=_notes(assembled),
    )


def carried_again(
    record: Record,
    layers: Sequence[Layer],
    prepared: PreparedText,
    mentions: Mapping[int, Mapping[int, Fragments]],
    standing: StandingTranslation,
    made: MadeTranslation,
) -> Result:
    """The layers of the original carried to the translation that is there, whose text stays.

    mentions: by segment what was asked for. A layer that somebody else has written there since stays as it is.
    """
    known = standing_marks(prepared, made)
    translations = {
        number: SegmentTranslation(
            UnmarkedText(one_line(standing.record.text[slice(*target)]), known.get(number, {})),
            mentions.get(number, {}),
        )
        for number, (_, target) in enumerate(made.segments)
    }
    assembled = prepared.assembled(translations, standing.record.language)
    own = [layer.name for layer in layers if layer.name in standing.own]
    rest = [layer for layer in layers if layer.name not in standing.own]
    notes = _notes(assembled) | ({"layers that the translation has of its own, left": len(own)} if own else {})
    carried_layers = _carried(rest, prepared, assembled, standing.record, made.author)
    return Result(record.id, layers=carried_layers, notes=notes)


def standing_marks(prepared: PreparedText, made: MadeTranslation) -> dict[int, dict[int, Fragments]]:
    """By segment, the places of its spans that markers had found when the text was translated."""
    known = dict(made.marked)
    found: dict[int, dict[int, Fragments]] = {}
    for number, (segment, (_, target)) in enumerate(zip(prepared.segments, made.segments, strict=True)):
        for span, mention in enumerate(segment.mentions):
            place = known.get(prepared.mentions[mention], ())
            if place and all(target[0] <= start and end <= target[1] for start, end in place):
                found.setdefault(number, {})[span] = tuple((start - target[0], end - target[0]) for start, end in place)
    return found


def _carried(
    layers: Iterable[Layer], prepared: PreparedText, assembled: AssembledText, translation: Record, author: str
) -> tuple[Layer, ...]:
    by_place = dict(zip(prepared.mentions, assembled.placements, strict=True))
    provenance: dict[str, JsonValue] = {"translated_by": author}
    return tuple(
        carried(
            layer,
            {entity.id: by_place[entity.spans] for entity in layer.entities if entity.spans},
            translation,
            author=author,
            provenance=provenance,
        )
        for layer in layers
    )


def _surrogates(record: Record, prepared: PreparedText, assembled: AssembledText) -> dict[str, JsonValue]:
    """The mark of a record without identifiers: where its surrogates stand in the translation, as far as is known."""
    mark = record.meta.get(MARK)
    if not isinstance(mark, dict) or not is_marked(record):
        return {} if mark is None else {MARK: mark}
    by_place = dict(zip(prepared.mentions, assembled.placements, strict=True))
    found = [(each, by_place[each.span,].place) for each in surrogate_identifiers(record)]
    moved = [replace(each, start=start, end=end) for each, at in found if at for start, end in at.fragments]
    return {MARK: SurrogateMark(str(mark.get("mode")), moved).as_json()}


def _notes(assembled: AssembledText) -> dict[str, int]:
    """What became of the places, in counts."""
    states = Counter(placement.state for placement in assembled.placements)
    return {f"spans {state.value}": states[state] for state in ProjectionState if states[state]}
