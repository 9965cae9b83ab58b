"""A translator of texts as a stage: with markers where it keeps them, else without."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property

from curation.errors import UsageError
from curation.models.contract import Finish
from curation.record import Layer, Record, digest
from curation.stage import Item, Result
from curation.text.alignment import align
from curation.translate.prepared import PreparedText, Segment, SegmentTranslation
from curation.translate.projection.markers import UnmarkedText, marked, unmarked
from curation.translate.projection.meanings import WordMeanings
from curation.translate.projection.projected import Fragments
from curation.translate.segments import one_line, segments
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
from curation.translate.translator import UNTRANSLATED, CheckedAnswer, TranslatedText, Translator

#: Raised when the same translations of segments would become other records.
VERSION = 1
#: The kind of failure of a text that the translator does not take: too long for it, or in another language.
UNFIT = "unfit"


@dataclass(frozen=True, slots=True)
class _Work:
    """A record that is translated, or whose translation is there already."""

    record: Record
    layers: Sequence[Layer]
    text: PreparedText
    is_marked: bool
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
        return wordings if self.made else [*map(self.given, self.text.segments), *wordings]

    def given(self, segment: Segment) -> str:
        """A segment as the translator gets it."""
        return segment.marked.text if self.is_marked and segment.spans else segment.text


class TranslatingStage:
    """Gives for each record one in another language, with the layers that it reads.

    A span is found by its marker where the translator keeps them, by the translation of its wording alone, and by
    words and places. standing, left_out: as of an AskingTranslator.
    """

    #: The host that records' text is sent to: translators run on this machine.
    remote: str | None = None
    #: As of an AskingTranslator.
    meanings: WordMeanings | None = None

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
        self._alternative = 0
        self.translates_to = to
        self.name = f"translate:{to}"
        self.reads: Sequence[str] = tuple(layers)
        self.left_out = frozenset(left_out)

    @cached_property
    def signature(self) -> Signature:
        """Who translates, with a digest of all that the texts depend on."""
        author = f"translator:{self._translator.name}@{self._translator.revision}"
        another = [self._alternative] if self._alternative else []
        return Signature(author, digest([VERSION, author, self.translates_to, *another]), self.translates_to)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of all that results depend on."""
        # The terms change no text: with others, it is only counted again which are obeyed.
        terms = [term.model_dump(mode="json") for term in self._terms]
        return digest(
            [self.signature.by, terms, list(self.reads), *([self.meanings.identity] if self.meanings else [])]
        )

    @property
    def alternatives(self) -> int:
        """How many translations of a text the translator has."""
        return self._translator.alternatives

    def alternative(self, number: int) -> TranslatingStage:
        """The stage that translates anew, by other translations for each number; 0 are those of this one."""
        other = copy(self)
        for name in ("signature", "fingerprint"):
            other.__dict__.pop(name, None)
        other._alternative, other.standing = number, no_standing
        return other

    def load(self, languages: Sequence[str]) -> None:
        """Have the translator ready. Raises its error where it translates from none of the languages."""
        errors = []
        sources = [language for language in languages if language != self.translates_to]
        for language in sources:
            try:
                self._translator.check(language, self.translates_to)
            except UsageError as error:
                errors.append(error)
        if errors and len(errors) == len(sources):
            raise errors[0]

    def texts(self, item: Item) -> list[str]:
        """What would be translated for a record, each text once."""
        return list(dict.fromkeys(self._work(item).wanted))

    def __call__(self, items: Sequence[Item]) -> list[Result]:
        """One result for each item, in their order; all texts of a language are translated together."""
        works = [self._work(item) for item in items]
        results: dict[str, Result] = {}
        for language in dict.fromkeys(work.record.language for work in works):
            of_language = [work for work in works if work.record.language == language]
            try:
                said = self._said(language, of_language)
            except UsageError as error:  # it does not translate from this language
                failed = (Result(work.record.id, error=str(error), kind=UNFIT) for work in of_language)
                results |= {result.record_id: result for result in failed}
            else:
                results |= {work.record.id: self._result(work, said) for work in of_language}
        return [results[item.record.id] for item in items]

    def _said(self, language: str, works: Sequence[_Work]) -> dict[str, TranslatedText]:
        """The translations of what records need; a segment whose markers were too much for it is given without."""
        said = self._translated((text for work in works for text in work.wanted), language)
        plain = (
            segment.text
            for work in works
            for segment in (() if work.made else work.text.segments)
            if not _is_whole(said[work.given(segment)])
        )
        return said | self._translated((text for text in plain if text not in said), language)

    def _translated(self, texts: Iterable[str], language: str) -> dict[str, TranslatedText]:
        unique = list(dict.fromkeys(texts))
        if not unique:
            return {}
        made = self._translator.translate(unique, language, self.translates_to, alternative=self._alternative)
        return dict(zip(unique, made, strict=True))

    def _work(self, item: Item) -> _Work:
        record = item.record
        layers = [item.layers[name] for name in self.reads if name in item.layers]
        standing = self.standing(record)
        made = MadeTranslation.of(standing.record, record) if standing else None
        cuts = [source for source, _ in made.segments] if made else segments(record.text, record.language)
        text = PreparedText.of(record, cuts, layers, self.meanings)
        return _Work(record, layers, text, self._translator.keeps_markers, standing, made)

    def _result(self, work: _Work, said: Mapping[str, TranslatedText]) -> Result:
        if work.standing is not None and work.made is not None:
            stands = [one_line(work.standing.record.text[slice(*target)]) for _, target in work.made.segments]
            found = {number: _mentions(work.text.segments[number], line, said) for number, line in enumerate(stands)}
            result = carried_again(work.record, work.layers, work.text, found, work.standing, work.made)
            return self._with_notes(result, work, [UnmarkedText(line) for line in stands])
        given = [_given(work, segment, said) for segment in work.text.segments]
        made = [said[text] for text in given]
        if failed := [each for each in made if not _is_whole(each)]:
            return _failed(work.record, failed, len(made))
        words = []
        for segment, text, each in zip(work.text.segments, given, made, strict=True):
            # Who has learnt markers may also set some that were not given.
            asked = marked(segment.text, ()) if text == segment.text else segment.marked
            words.append(unmarked(" ".join(each.text.split()), asked))
        translations = {
            number: SegmentTranslation(line, _mentions(work.text.segments[number], line.text, said))
            for number, line in enumerate(words)
        }
        result = new_translation(work.record, work.layers, work.text, translations, self.signature)
        return self._with_notes(result, work, words, sum(each.unknown for each in made))

    def _with_notes(self, result: Result, work: _Work, lines: Sequence[UnmarkedText], unknown: int = 0) -> Result:
        """The result with what was obeyed and what lacks in its text."""
        termbase = Termbase(self._terms, source=work.record.language, target=self.translates_to)
        counts = Counter({"pieces that the translator does not know": unknown})
        for segment, line in zip(work.text.segments, lines, strict=True):
            terms = termbase.occurring(segment.text)
            answer = CheckedAnswer(segment, terms, line.text, work.record.language, self.translates_to)
            counts["terms of the glossary obeyed"] += len(terms) - len(answer.disobeyed)
            counts["terms of the glossary not obeyed"] += len(answer.disobeyed)
            counts["numbers that the translation lacks"] += len(answer.numbers)
            counts[UNTRANSLATED] += answer.is_untranslated
            counts.update(f"markers {fault.value}" for fault in line.faults.values())
            counts["markers that were not given, left out"] += line.foreign
        return replace(result, notes={**result.notes, **+counts})


def _given(work: _Work, segment: Segment, said: Mapping[str, TranslatedText]) -> str:
    """The text whose translation counts: with markers, unless only the one without came back whole."""
    given = work.given(segment)
    return given if _is_whole(said[given]) else segment.text


def _is_whole(made: TranslatedText) -> bool:
    return not made.error and made.finish is Finish.STOP and bool(made.text.strip())


def _mentions(segment: Segment, words: str, said: Mapping[str, TranslatedText]) -> dict[int, Fragments]:
    """Where the translations of wordings stand in that of their segment."""
    found: dict[int, Fragments] = {}
    for span in range(len(segment.spans)):
        made = said.get(segment.wording(span))
        if made is not None and made.text.strip(" .") and (spans := align(made.text.strip(" ."), words).spans):
            found[span] = spans
    return found


def _failed(record: Record, failed: Sequence[TranslatedText], count: int) -> Result:
    kinds = Counter(UNFIT if each.error else _kind(each.finish) for each in failed)
    said = ", ".join(f"{number} without one ({kind})" for kind, number in sorted(kinds.items()))
    why = next((f"; {each.error}" for each in failed if each.error), "")
    kind = next(iter(kinds)) if len(kinds) == 1 else "incomplete"
    error = f"{kind}: expected a translation of each of {count} sentences, got {said}{why}"
    return Result(record.id, error=error, kind=kind)


def _kind(finish: Finish) -> str:
    """How a translation that cannot be used ended: one that stopped is empty."""
    return (Finish.EMPTY if finish is Finish.STOP else finish).value
