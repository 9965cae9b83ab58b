"""A language model as a judge of translations, segment by segment; what it says is stored beside them, they stay."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pydantic import JsonValue

from curation.author import AuthorKind, author_name
from curation.errors import LanguageModelError, UsageError, may_pass
from curation.models.asking_stage import INCOMPLETE, Conversation
from curation.models.contract import Answer, Finish, LanguageModel, Request, room_parameter
from curation.models.prompt import Prompt
from curation.models.refusals import is_refusal
from curation.models.tokens import count_tokens
from curation.models.whole_answer import unusable
from curation.record import Record, digest
from curation.scheme import Scheme
from curation.settings import TranslateSettings
from curation.stage import Item, Result
from curation.text.folding import Span
from curation.translate.adequacy import ADEQUACY, JudgedTranslation, SegmentVerdict, adequacy_schema, read_adequacy
from curation.translate.segments import chunks
from curation.translate.translated import MadeTranslation
from curation.translate.translator import LANGUAGE_NAMES

#: Raised when the same answers would become other judgements.
VERSION = 1
STYLE = "adequacy"
UNPARSABLE = "unparsable"
#: Tokens of a verdict, about, and with more room after an answer that was cut off.
VERDICT_TOKENS, MORE_TOKENS = 24, 96


@dataclass(frozen=True, slots=True)
class SegmentPair:
    """A segment of an original, its translation, and where that stands."""

    original: str
    translation: str
    span: Span


class TranslationJudge:
    """Asks a model whether each segment of a translation says what the original says.

    only: the translations that are judged. A translation that was not made here is one segment. Raises UsageError
    where there is not exactly one model.
    """

    name = ADEQUACY
    reads: Sequence[str] = ()

    def __init__(
        self,
        scheme: Scheme,
        settings: TranslateSettings,
        models: Mapping[str, LanguageModel],
        *,
        originals: Callable[[Record], Record | None],
        only: Collection[str] | None = None,
    ) -> None:
        if len(models) != 1:
            raise UsageError(f"expected one language model as a judge, got {', '.join(models) or 'none'}")
        self.models = models
        self._model = next(iter(models.values()))
        self._settings, self._originals, self.only = settings, originals, only
        self._prompt = Prompt(settings.judge_prompt, scheme)
        if self._prompt.style != STYLE:
            raise UsageError(
                f"curation.translate.judge_prompt: expected a prompt of the style {STYLE}, {self._prompt.name} is of "
                f"the style {self._prompt.style}"
            )
        #: The host that records' text is sent to, if it is not this machine.
        self.remote = self._model.remote

    @property
    def author(self) -> str:
        """Who judges: the model and the prompt's version."""
        return author_name(AuthorKind.LLM, self._model.name, revision=self._prompt.name)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of model, prompt and settings."""
        asked = self._settings.characters
        return digest([VERSION, self.author, dict(self._model.identity), self._prompt.digest, asked])

    def load(self, languages: Sequence[str]) -> None:
        """Fill the prompt for a made-up record of each language. Raises ConfigError where that fails."""
        for language in languages:
            self._prompt.check(language)

    def conversation(self, item: Item, *, attempt: int = 0) -> Conversation:
        """The questions about a translation; at the end what was judged, and its error where that is not all.

        Several segments are asked about together. Those without a verdict that can be read are asked about once more,
        each by itself, unless the server is at fault; with each further attempt at the record, all of that anew.
        """
        record = item.record
        original = self._originals(record)
        if original is None:
            raise UsageError(f"{record.id}: expected its original in the store, got none")
        made = MadeTranslation.of(record, original)
        pairs = _pairs(original, record, made)
        found: dict[int, SegmentVerdict] = {}
        failed: dict[int, LanguageModelError] = {}
        for sample in range(attempt + 1):
            alone: set[int] = set()
            for most in (self._settings.characters, 1):
                left = [number for number in range(len(pairs)) if number not in found and number not in alone]
                if most == 1:
                    left = [number for number in left if not _is_of_the_server(failed.get(number))]
                asked = self._grouped(pairs, left, most)
                if not asked:
                    continue
                alone |= {group[0] for group in asked if len(group) == 1}
                answers = yield [self._request(original, record, pairs, group, sample, failed) for group in asked]
                for group, answer in zip(asked, answers, strict=True):
                    said, error = _read(answer, {str(number + 1): pairs[number].span for number in group})
                    found |= {int(key) - 1: verdict for key, verdict in said.items()}
                    failed |= {number: error for number in group if number not in found and error is not None}
        lacking = {number: error for number, error in failed.items() if number not in found}
        return self._result(record, made, [found[number] for number in sorted(found)], lacking)

    def _grouped(self, pairs: Sequence[SegmentPair], numbers: Sequence[int], most: int) -> list[list[int]]:
        """The numbers of pairs that are asked about together."""
        context: int | None = getattr(self._model, "context", None)
        if context is not None:
            # A token is three characters, at least; a third of the room is left for signs around them and the verdicts.
            most = max(1, min(most, 2 * (context - self._instruction)))
        sizes = [len(pairs[number].original) + len(pairs[number].translation) for number in numbers]
        return [[numbers[place] for place in group] for group in chunks(sizes, most)]

    @cached_property
    def _instruction(self) -> int:
        """Tokens of the instruction."""
        return count_tokens(self._prompt.messages("", "en")).tokens

    def _request(
        self,
        original: Record,
        record: Record,
        pairs: Sequence[SegmentPair],
        group: Sequence[int],
        sample: int,
        failed: Mapping[int, LanguageModelError],
    ) -> Request:
        """The question; after an answer that was cut off, with room for a longer one."""
        keys = [str(number + 1) for number in group]
        data: dict[str, JsonValue] = {
            "from": LANGUAGE_NAMES.get(original.language, original.language),
            "to": LANGUAGE_NAMES.get(record.language, record.language),
            "pairs": {
                key: {"original": pairs[number].original, "translation": pairs[number].translation}
                for key, number in zip(keys, group, strict=True)
            },
        }
        room: dict[str, JsonValue] = (
            {room_parameter(self._model.identity): MORE_TOKENS * (len(group) + 1)}
            if any(number in failed and failed[number].kind == Finish.TRUNCATED for number in group)
            else {}
        )
        return Request(
            self._model.name,
            self._prompt.messages(json.dumps(data, ensure_ascii=False, indent=1), record.language),
            adequacy_schema(keys),
            sampling=room,
            sample=sample,
            about=(original, record),
            purpose=self.name,
        )

    def _result(
        self,
        record: Record,
        made: MadeTranslation | None,
        verdicts: Sequence[SegmentVerdict],
        lacking: Mapping[int, LanguageModelError],
    ) -> Result:
        kinds = Counter(error.kind for error in lacking.values())
        judged = JudgedTranslation(
            by=self.author,
            translated_by=made.author if made else None,
            verdicts=tuple(verdicts),
            not_judged=dict(sorted(kinds.items())),
        )
        measures: dict[str, JsonValue] = {ADEQUACY: judged.model_dump(mode="json")}
        said = Counter(verdict.says for verdict in verdicts)
        notes = {f"segments: {says.value}": count for says, count in sorted(said.items())}
        if not lacking:
            return Result(record.id, measures=measures, notes=notes)
        told = ", ".join(f"{count} without one ({kind})" for kind, count in sorted(kinds.items()))
        kind = next(iter(kinds)) if len(kinds) == 1 and not verdicts else INCOMPLETE
        why = next((f"; {error}" for error in lacking.values() if may_pass(error)), "")
        return Result(
            record.id,
            measures=measures,
            notes=notes,
            error=f"{kind}: expected a verdict for each of {len(verdicts) + len(lacking)} segments, got {told}{why}",
            may_pass=all(map(may_pass, lacking.values())),
            kind=kind,
        )


def _pairs(original: Record, record: Record, made: MadeTranslation | None) -> list[SegmentPair]:
    spans = made.segments if made else (((0, len(original.text)), (0, len(record.text))),)
    return [SegmentPair(original.text[slice(*source)], record.text[slice(*target)], target) for source, target in spans]


def _read(
    answer: Answer | LanguageModelError, spans: Mapping[str, Span]
) -> tuple[dict[str, SegmentVerdict], LanguageModelError | None]:
    """The verdicts of an answer, and why others are missing."""
    if isinstance(answer, LanguageModelError):
        return {}, answer
    said = read_adequacy(answer, spans)
    if len(said) == len(spans):
        return said, None
    if error := unusable(answer):
        return said, error
    kind = Finish.REFUSED.value if not said and is_refusal(answer.text) else UNPARSABLE
    return said, LanguageModelError(kind, "expected a verdict for each pair, got something else")


def _is_of_the_server(error: LanguageModelError | None) -> bool:
    return error is not None and may_pass(error)
