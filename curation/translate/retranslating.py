"""Records whose translations have findings, translated again; the best of several stands, else the earlier one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from pydantic import JsonValue

from curation.errors import LanguageModelError, UsageError
from curation.models.asking_stage import AskingStage, Conversation, asks
from curation.models.contract import Answer, LanguageModel, Request
from curation.record import Record, digest
from curation.stage import Item, Result, Stage
from curation.translate.asking import AskingTranslator
from curation.translate.candidates import TranslationCandidate, Weigh
from curation.translate.translated import MADE, MadeTranslation
from curation.translate.translating import TranslatingStage

#: Raised when the same answers would be chosen from otherwise.
VERSION = 1
#: What became of a record, as it is counted.
REPLACED, STAYS = "better, stands in place of the earlier one", "not better, the earlier one stays"
SAME = "candidates with the wording of one that is there already"
FAILED = "candidates without a translation"

#: A stage's result for one record, whether it asks or not.
Asked = Generator[Sequence[Request], Sequence[Answer | LanguageModelError], Result]


class Retranslating:
    """A stage that asks each translator for a translation of a record, and gives the best where it beats the earlier.

    examiners: stages that look at a translation by itself; each examines the candidates for an earlier one that it has
    examined. earlier: the translation that stands. known: the texts of all translations of a record. only: the
    records. depends: what ranks depend on.
    """

    def __init__(
        self,
        translators: Sequence[AskingTranslator | TranslatingStage],
        *,
        examiners: Sequence[Stage | AskingStage],
        earlier: Callable[[Record], TranslationCandidate],
        known: Callable[[Record], Collection[str]],
        weigh: Weigh,
        only: Collection[str],
        depends: JsonValue,
    ) -> None:
        if not translators:
            raise UsageError("expected a translator, got none")
        self._translators, self._examiners = translators, examiners
        self._earlier, self._known, self._weigh = earlier, known, weigh
        self.only, self._depends = only, depends
        self.name = f"retranslate:{translators[0].translates_to}"
        self.reads: Sequence[str] = translators[0].reads

    @property
    def models(self) -> Mapping[str, LanguageModel]:
        """The models of all that it asks."""
        return {
            name: model
            for stage in (*self._translators, *self._examiners)
            if asks(stage)
            for name, model in stage.models.items()
        }

    @cached_property
    def fingerprint(self) -> str:
        """A digest of all that results depend on."""
        translators = [translator.signature.by for translator in self._translators]
        return digest([VERSION, translators, [stage.fingerprint for stage in self._examiners], self._depends])

    def load(self, languages: Sequence[str]) -> None:
        """Have all that it asks ready. Raises CurateError where that fails."""
        for stage in (*self._translators, *self._examiners):
            loads: Callable[[Sequence[str]], None] = getattr(stage, "load", lambda languages: None)
            loads(languages)

    def conversation(self, item: Item, *, attempt: int = 0) -> Conversation:
        """The questions for all candidates; at the end the best one, or nothing where none is better.

        Fails where no candidate has come, or one may still come.
        """
        earlier = self._earlier(item.record)
        best, rank = None, self._weigh(item, earlier)
        notes: Counter[str] = Counter()
        failed: list[Result] = []
        seen = set(self._known(item.record))
        for translator in self._translators:
            made = yield from _result(translator, item, attempt)
            if made.error is not None:
                failed.append(made)
                continue
            found = TranslationCandidate(made.records[0], {layer.name: layer for layer in made.layers})
            if found.record.text in seen:
                notes[SAME] += 1
                continue
            seen.add(found.record.text)
            examined = yield from self._examined(found, earlier, attempt)
            if isinstance(examined, Result):
                failed.append(examined)
            elif (its := self._weigh(item, examined)) < rank:
                best, rank = examined, its
        if any(each.may_pass for each in failed) or len(failed) == len(self._translators):
            worst = next((each for each in failed if each.may_pass), failed[0])
            return Result(item.record.id, error=worst.error, kind=worst.kind, may_pass=worst.may_pass)
        notes[FAILED] += len(failed)
        notes[STAYS if best is None else REPLACED] += 1
        if best is None:
            return Result(item.record.id, notes=+notes)
        record = _in_place_of(earlier.record, best.record)
        return Result(item.record.id, records=(record,), layers=tuple(best.layers.values()), notes=+notes)

    def _examined(
        self, candidate: TranslationCandidate, earlier: TranslationCandidate, attempt: int
    ) -> Generator[Sequence[Request], Sequence[Answer | LanguageModelError], TranslationCandidate | Result]:
        """The candidate with what the examiners say; the failure of one that says nothing."""
        measures: dict[str, JsonValue] = {}
        for stage in self._examiners:
            if stage.name in earlier.measures:
                result = yield from _result(stage, Item(candidate.record), attempt)
                if result.error is not None:
                    return result
                measures |= result.measures
        return replace(candidate, measures=measures)


def _result(stage: Stage | AskingStage, item: Item, attempt: int) -> Asked:
    if asks(stage):
        return (yield from stage.conversation(item, attempt=attempt))
    return next(iter(stage([item])))


def _in_place_of(earlier: Record, better: Record) -> Record:
    """The better translation, with what it replaces and for whose translations it stands."""
    before, made = MadeTranslation.of(earlier), MadeTranslation.of(better)
    if before is None or made is None:
        raise UsageError(f"{earlier.id}: expected a translation that was made here, got another")
    noted = made.model_copy(update={"replaces": earlier.id, "stands_for": before.stands_for or before.by})
    return better.model_copy(update={"meta": {**better.meta, MADE: noted.model_dump(mode="json")}})
