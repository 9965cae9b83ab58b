"""Translations translated back into the language of their originals, and how like those the outcome is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from curation.errors import MissingExtraError, UsageError
from curation.models.asking_stage import Conversation
from curation.models.contract import LanguageModel
from curation.record import Record, digest
from curation.stage import Item, Result
from curation.text.folding import Span
from curation.translate.asking import AskingTranslator
from curation.translate.back_translated import BACK, BackTranslation
from curation.translate.translated import MadeTranslation
from curation.translate.translating import TranslatingStage

#: Raised when the same translations would become other scores.
VERSION = 1
#: Segments with fewer letters and digits say nothing by their score.
SHORTEST = 20


@dataclass(frozen=True)
class BackTranslator:
    """What stages of both kinds of translators share: translators by the language that they translate into.

    only: the translations that are translated back. Raises MissingExtraError where chrF cannot be computed.
    """

    translators: Mapping[str, AskingTranslator | TranslatingStage]
    originals: Callable[[Record], Record | None]
    only: Collection[str] | None = None
    name: str = BACK
    reads: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not self.translators:
            raise UsageError("expected translations of records that are here, got none; nothing can be translated back")
        chrf("", "")

    @cached_property
    def fingerprint(self) -> str:
        """A digest of all that results depend on; a record's id stands for its text."""
        signed = {language: translator.signature.by for language, translator in sorted(self.translators.items())}
        return digest([VERSION, signed])

    def original(self, record: Record) -> Record:
        """What a record translates. Raises UsageError where that is not in the store, or in a language of its own."""
        original = self.originals(record)
        if original is None or original.language not in self.translators:
            raise UsageError(f"{record.id}: expected its original in another language, got none")
        return original

    def result(self, item: Item, original: Record, made: Result) -> Result:
        """The scores of a record whose text was translated back, or why it could not be."""
        if made.error is not None:
            return Result(item.record.id, error=made.error, kind=made.kind, may_pass=made.may_pass)
        back = made.records[0]
        by = self.translators[original.language].signature.author
        whole = chrf(back.text, original.text), chrf(back.text, original.text, words=2)
        parts = list(_parts(original, item.record, back))
        least, span = min(parts, default=(None, None))
        found = BackTranslation(by=by, chrf=whole[0], chrf_words=whole[1], least=least, least_span=span)
        return Result(item.record.id, measures={BACK: found.model_dump(mode="json")})


class AskingBackTranslator(BackTranslator):
    """A language model that translates back."""

    @property
    def models(self) -> Mapping[str, LanguageModel]:
        """The model."""
        return {name: model for each in self._asking.values() for name, model in each.models.items()}

    @property
    def _asking(self) -> Mapping[str, AskingTranslator]:
        return {name: each for name, each in self.translators.items() if isinstance(each, AskingTranslator)}

    def load(self, languages: Sequence[str]) -> None:
        """Fill the prompts for a made-up record of each language. Raises ConfigError where that fails."""
        for translator in self._asking.values():
            translator.load(languages)

    def conversation(self, item: Item, *, attempt: int = 0) -> Conversation:
        """The questions about one translation; at the end its scores, or its error."""
        original = self.original(item.record)
        asked = Item(_plain(item.record))
        made = yield from self._asking[original.language].conversation(asked, attempt=attempt)
        return self.result(item, original, made)


class TranslatingBackTranslator(BackTranslator):
    """A translator that is no language model, translating back."""

    def __call__(self, items: Sequence[Item]) -> list[Result]:
        """One result for each item, in their order."""
        results: dict[str, Result] = {}
        originals = {item.record.id: self.original(item.record) for item in items}
        for language, translator in self.translators.items():
            here = [item for item in items if originals[item.record.id].language == language]
            if here and isinstance(translator, TranslatingStage):
                made = translator([Item(_plain(item.record)) for item in here])
                for item, result in zip(here, made, strict=True):
                    results[item.record.id] = self.result(item, originals[item.record.id], result)
        return [results[item.record.id] for item in items]


def chrf(text: str, reference: str, *, words: int = 0) -> float:
    """The chrF of a text, 0 to 100, two decimals; chrF++ with two words. Raises MissingExtraError."""
    try:
        from sacrebleu.metrics.chrf import CHRF
    except ImportError as error:
        raise MissingExtraError("sacrebleu", "translate") from error
    return round(float(CHRF(word_order=words).sentence_score(text, [reference]).score), 2)


def _plain(record: Record) -> Record:
    """The translation as a record like any other: translated anew, whatever it was made from."""
    return record.model_copy(update={"translation_of": None})


def _parts(original: Record, translation: Record, back: Record) -> Iterator[tuple[float, Span]]:
    """The chrF of each segment with where it stands in the translation; none of one that was not made here."""
    made, turned = MadeTranslation.of(translation, original), MadeTranslation.of(back)
    if made is None or turned is None:
        return
    for source, target in made.segments:
        reference = original.text[slice(*source)]
        inside = [there for here, there in turned.segments if target[0] <= here[0] and here[1] <= target[1]]
        if inside and sum(map(str.isalnum, reference)) >= SHORTEST:
            said = " ".join(back.text[slice(*span)] for span in inside)
            yield chrf(said, reference), target
