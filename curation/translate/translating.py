"""A translator of texts as a stage: without markers, since these are models of plain sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from curation.models.contract import Finish
from curation.record import Layer, Record, digest
from curation.stage import Item, Result
from curation.text.alignment import align
from curation.translate.prepared import PreparedText, Segment, SegmentTranslation
from curation.translate.projection.markers import UnmarkedText
from curation.translate.projection.projected import Fragments
from curation.translate.segments import segments
from curation.translate.termbase import GlossaryTerm, Termbase
from curation.translate.translated import (
    MadeTranslation,
    Signature,
    Standing,
    StandingTranslation,
    carried_again,
    new_translation,
    no_standing,
    standing_marks,
)
from curation.translate.translator import CheckedAnswer, TranslatedText, Translator

#: Raised when the same translations of segments would become other records.
VERSION = 1


@dataclass(frozen=True, slots=True)
class _Work:
    """A record that is translated, or whose translation is there already."""

    record: Record
    layers: Sequence[Layer]
    text: PreparedText
    standing: StandingTranslation | None = None
    made: MadeTranslation | None = None

    @property
    def wanted(self) -> list[str]:
        """The texts whose translations are needed: segments, and the wordings of their spans."""
        known = standing_marks(self.text, self.made) if self.made else {}
        wordings = [
            segment.wording(span)
            for number, segment in enumerate(self.text.segments)
            for span in range(len(segment.spans))
            if span not in known.get(number, {})
        ]
        return wordings if self.made else [*(segment.text for segment in self.text.segments), *wordings]


class TranslatingStage:
    """Gives for each record one in another language, with the layers that it reads.

    A span is found by the translation of its wording alone, and by words and places. standing, left_out: as of an
    AskingTranslator.
    """

    def __init__(
        self,
        translator: Translator,
        *,
        to: str,
        layers: Sequence[str],
        terms: Sequence[GlossaryTerm] = (),
        standing: Standing = no_standing,
        left_out: Iterable[str] = (),
    ) -> None:
        self._translator, self._terms, self.standing = translator, terms, standing
        self.translates_to = to
        self.name = f"translate:{to}"
        self.reads: Sequence[str] = tuple(layers)
        self.left_out = frozenset(left_out)

    @cached_property
    def signature(self) -> Signature:
        """Who translates, with a digest of all that the texts depend on."""
        author = f"translator:{self._translator.name}@{self._translator.revision}"
        return Signature(author, digest([VERSION, author, self.translates_to]), self.translates_to)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of all that results depend on."""
        return digest([self.signature.by, list(self.reads)])

    def __call__(self, items: Sequence[Item]) -> list[Result]:
        """One result for each item, in their order; all texts of a language are translated together."""
        works = [self._work(item) for item in items]
        said: dict[str, dict[str, TranslatedText]] = {}
        for language in dict.fromkeys(work.record.language for work in works):
            wanted = (text for work in works if work.record.language == language for text in work.wanted)
            unique = list(dict.fromkeys(wanted))
            made = self._translator.translate(unique, language, self.translates_to) if unique else ()
            said[language] = dict(zip(unique, made, strict=True))
        return [self._result(work, said[work.record.language]) for work in works]

    def _work(self, item: Item) -> _Work:
        record = item.record
        layers = [item.layers[name] for name in self.reads if name in item.layers]
        standing = self.standing(record)
        made = MadeTranslation.of(standing.record, record) if standing else None
        cuts = [source for source, _ in made.segments] if made else segments(record.text, record.language)
        return _Work(record, layers, PreparedText.of(record, cuts, layers), standing, made)

    def _result(self, work: _Work, said: Mapping[str, TranslatedText]) -> Result:
        if work.standing is not None and work.made is not None:
            text = work.standing.record.text
            found = {
                number: _mentions(work.text.segments[number], text[slice(*target)], said)
                for number, (_, target) in enumerate(work.made.segments)
            }
            return carried_again(work.record, work.layers, work.text, found, work.standing, work.made)
        made = [said[segment.text] for segment in work.text.segments]
        if failed := [each for each in made if each.error or each.finish is not Finish.STOP or not each.text.strip()]:
            return _failed(work.record, failed, len(made))
        translations = {}
        for number, (segment, each) in enumerate(zip(work.text.segments, made, strict=True)):
            line = " ".join(each.text.split())
            translations[number] = SegmentTranslation(UnmarkedText(line), _mentions(segment, line, said))
        result = new_translation(work.record, work.layers, work.text, translations, self.signature)
        return self._with_notes(result, work, [each.unmarked.text for each in translations.values()])

    def _with_notes(self, result: Result, work: _Work, words: Sequence[str]) -> Result:
        termbase = Termbase(self._terms, source=work.record.language, target=self.translates_to)
        counts: Counter[str] = Counter()
        for segment, said in zip(work.text.segments, words, strict=True):
            terms = termbase.occurring(segment.text)
            checked = CheckedAnswer(segment, terms, said, work.record.language, self.translates_to)
            counts["terms of the glossary obeyed"] += len(terms) - len(checked.disobeyed)
            counts["terms of the glossary not obeyed"] += len(checked.disobeyed)
            counts["numbers that the translation lacks"] += len(checked.numbers)
        return replace(result, notes={**result.notes, **+counts})


def _mentions(segment: Segment, words: str, said: Mapping[str, TranslatedText]) -> dict[int, Fragments]:
    """Where the translations of wordings stand in that of their segment."""
    found: dict[int, Fragments] = {}
    for span in range(len(segment.spans)):
        made = said.get(segment.wording(span))
        if made is not None and made.text.strip(" .") and (spans := align(made.text.strip(" ."), words).spans):
            found[span] = spans
    return found


def _failed(record: Record, failed: Sequence[TranslatedText], count: int) -> Result:
    kinds = Counter("unfit" if each.error else _kind(each.finish) for each in failed)
    said = ", ".join(f"{number} without one ({kind})" for kind, number in sorted(kinds.items()))
    why = next((f"; {each.error}" for each in failed if each.error), "")
    kind = next(iter(kinds)) if len(kinds) == 1 else "incomplete"
    error = f"{kind}: expected a translation of each of {count} sentences, got {said}{why}"
    return Result(record.id, error=error, kind=kind)


def _kind(finish: Finish) -> str:
    """How a translation that cannot be used ended: one that stopped is empty."""
    return (Finish.EMPTY if finish is Finish.STOP else finish).value
