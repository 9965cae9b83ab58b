"""A language model as a translator: sentences with markers, asked for in JSON, once more where something is lacking."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from types import MappingProxyType
from typing import TypeVar

from pydantic import JsonValue

from curation.author import AuthorKind, author_name
from curation.errors import LanguageModelError, UsageError, may_pass
from curation.models.asking_stage import Conversation
from curation.models.bounded_schema import bounded_string, closed_object
from curation.models.contract import (
    Answer,
    Finish,
    LanguageModel,
    Message,
    Request,
    own_temperature,
    room_parameter,
)
from curation.models.prompt import Prompt
from curation.models.refusals import is_refusal
from curation.models.tokens import count_tokens, estimated_tokens
from curation.models.tolerant_json import read_object
from curation.models.whole_answer import unusable
from curation.record import Record, digest
from curation.scheme import Scheme
from curation.settings import TranslateSettings
from curation.stage import Item, Result
from curation.text.alignment import align
from curation.translate.no_translation import UNPARSABLE, no_translation
from curation.translate.prepared import PreparedText, Segment, SegmentTranslation
from curation.translate.projection.meanings import WordMeanings
from curation.translate.projection.projected import Fragments
from curation.translate.segments import chunks, segments
from curation.translate.termbase import GlossaryTerm, Termbase
from curation.translate.translated import (
    MadeTranslation,
    Signature,
    Standing,
    carried_again,
    new_translation,
    no_standing,
    standing_marks,
)
from curation.translate.translator import LANGUAGE_NAMES, UNTRANSLATED, CheckedAnswer

#: Raised when the same answers would become other translations.
VERSION = 1
#: The styles of the prompts.
TRANSLATING, FINDING = "translate", "mention"
#: The kind of failure of a record whose sentences failed by several kinds.
INCOMPLETE = "incomplete"
#: How much longer than a segment its translation is at most, in characters.
LONGER, MORE = 4, 200
#: The numbers of the answers of two alternatives are so far apart: more attempts than that at one are none.
APART = 1_000
#: A question once more has this part of the text of the first one, at most.
SMALLER = 4

#: Requests out, answers in, and what came of them at the end.
AskedT = TypeVar("AskedT")
Asked = Generator[Sequence[Request], Sequence[Answer | LanguageModelError], AskedT]


@dataclass(frozen=True, slots=True)
class SegmentQuestion:
    """A segment that is asked about: what was lacking before, and room for an answer that was cut off."""

    number: int
    lacking: Sequence[str] = ()
    is_cut: bool = False


@dataclass(slots=True)
class Translating:
    """What has come so far of a text: the best translation of each segment, and the last error of those without."""

    answers: dict[int, CheckedAnswer] = field(default_factory=dict)
    errors: dict[int, LanguageModelError] = field(default_factory=dict)

    def add(self, number: int, answer: CheckedAnswer) -> None:
        """Keep a translation, where it is better than the one before."""
        before = self.answers.get(number)
        if before is None or answer.rank < before.rank:
            self.answers[number] = answer

    def once_more(self, count: int) -> list[SegmentQuestion]:
        """What is asked again: segments without a translation, unless the server is at fault, and those that lack
        something.
        """
        asked = []
        for number in range(count):
            error = self.errors.get(number)
            if number in self.answers:
                lacking = self.answers[number].lacking
                asked += [SegmentQuestion(number, lacking)] if lacking else []
            elif error is None or not may_pass(error):
                is_cut = error is not None and error.kind == Finish.TRUNCATED
                # Said, so that it is another question than the one before, of which the answer is kept.
                asked.append(SegmentQuestion(number, ["a translation of the whole sentence"], is_cut))
        return asked


@dataclass(frozen=True, slots=True)
class FoundMentions:
    """Where mentions were found, by segment and by the number of its span; or the server's error."""

    found: dict[int, dict[int, Fragments]] = field(default_factory=dict)
    error: LanguageModelError | None = None


class AskingTranslator:
    """A stage that gives for each record one in another language, with the layers that it reads.

    standing: the translation that is in the store already. Its text stays, newer layers are carried to it. left_out:
    the records that are not translated. Raises UsageError where there is not exactly one model.
    """

    #: Which of several translations of a record, each by other answers, and what differs from the model's parameters.
    _alternative: int = 0
    #: What is known of words, where an encoder is configured: for places, not for texts.
    meanings: WordMeanings | None = None
    _sampling: Mapping[str, JsonValue] = MappingProxyType({})

    def __init__(
        self,
        scheme: Scheme,
        settings: TranslateSettings,
        models: Mapping[str, LanguageModel],
        *,
        to: str,
        layers: Sequence[str],
        terms: Sequence[GlossaryTerm] = (),
        standing: Standing = no_standing,
        left_out: Iterable[str] = (),
    ) -> None:
        if len(models) != 1:
            raise UsageError(f"expected one language model as a translator, got {', '.join(models) or 'none'}")
        self.models = models
        self._model = next(iter(models.values()))
        self._settings, self._terms, self.standing = settings, terms, standing
        self._translate, self._find = (
            _prompt(name, style, scheme)
            for name, style in ((settings.prompt, TRANSLATING), (settings.mention_prompt, FINDING))
        )
        self.translates_to = to
        self.name = f"translate:{to}"
        self.reads: Sequence[str] = tuple(layers)
        self.left_out = frozenset(left_out)
        #: The host that records' text is sent to, if it is not this machine.
        self.remote = self._model.remote

    @cached_property
    def signature(self) -> Signature:
        """Who translates, with a digest of model, prompts, settings and terms, not of layers."""
        author = author_name(AuthorKind.LLM, self._model.name, revision=self._translate.name)
        prompts = [self._translate.digest, self._find.digest]
        terms = [term.model_dump(mode="json") for term in self._terms]
        asked = self._settings.model_dump(mode="json", include={"characters", "before"})
        parts: list[JsonValue] = [VERSION, author, dict(self._model.identity), list(prompts), list(terms), asked]
        another: list[JsonValue] = [self._alternative, dict(self._sampling)] if self._alternative else []
        by = digest([*parts, self.translates_to, *another])
        return Signature(author, by, self.translates_to)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of all that results depend on."""
        return digest([self.signature.by, list(self.reads), *([self.meanings.identity] if self.meanings else [])])

    def alternative(self, number: int, temperature: float) -> AskingTranslator:
        """The translator that translates anew, by other answers for each number; 0 are those of this one.

        temperature: where that of the model is 0, at which all answers would be the same.
        """
        other = copy(self)
        for name in ("signature", "fingerprint"):
            other.__dict__.pop(name, None)
        own = own_temperature(self._model.identity)
        other._alternative, other.standing = number, no_standing
        other._sampling = {"temperature": temperature} if own == 0 and number else {}
        return other

    def load(self, languages: Sequence[str]) -> None:
        """Fill the prompts for a made-up record of each language. Raises ConfigError where that fails."""
        for language in languages:
            self._translate.check(language)
            self._find.check(language)

    def conversation(self, item: Item, *, attempt: int = 0) -> Conversation:
        """The questions about one record; at the end its translation with the layers, or its error."""
        record = item.record
        layers = [item.layers[name] for name in self.reads if name in item.layers]
        standing = self.standing(record)
        made = MadeTranslation.of(standing.record, record) if standing else None
        if standing is not None and made is not None:
            text = PreparedText.of(record, [source for source, _ in made.segments], layers, self.meanings)
            marks = standing_marks(text, made)
            words = [standing.record.text[slice(*target)] for _, target in made.segments]
            lost = [
                (number, span)
                for number, segment in enumerate(text.segments)
                for span in range(len(segment.spans))
                if span not in marks.get(number, {})
            ]
            mentions = yield from self._mentions(record, text, words, lost, attempt)
            if mentions.error is not None:
                return _failed(record, [mentions.error], "the wordings of lost markers")
            return carried_again(record, layers, text, mentions.found, standing, made)
        text = PreparedText.of(record, segments(record.text, record.language), layers, self.meanings)
        found = yield from self._translated(record, text, attempt)
        if len(found.answers) < len(text.segments):
            errors = [error for number, error in found.errors.items() if number not in found.answers]
            return _failed(record, errors, f"a translation of each of {len(text.segments)} sentences")
        words = [found.answers[number].unmarked.text for number in range(len(text.segments))]
        lost = [(number, span) for number, answer in found.answers.items() for span in sorted(answer.unmarked.faults)]
        mentions = yield from self._mentions(record, text, words, lost, attempt)
        if mentions.error is not None:
            return _failed(record, [mentions.error], "the wordings of lost markers")
        made_of = {
            number: SegmentTranslation(answer.unmarked, mentions.found.get(number, {}))
            for number, answer in found.answers.items()
        }
        result = new_translation(record, layers, text, made_of, self.signature)
        return _with_notes(result, found.answers.values())

    def _translated(self, record: Record, text: PreparedText, attempt: int) -> Asked[Translating]:
        """The best translation of each segment after two rounds at most."""
        found = Translating()
        asked = [SegmentQuestion(number) for number in range(len(text.segments))]
        termbase = Termbase(self._terms, source=record.language, target=self.translates_to)
        terms = [termbase.occurring(segment.text) for segment in text.segments]
        for most in (self._settings.characters, self._settings.characters // SMALLER):
            grouped = list(self._grouped(asked, lambda each: len(text.segments[each.number].marked.text), most))
            if not grouped:
                break
            answers = yield [self._request(record, text, group, terms, attempt) for group in grouped]
            for group, answer in zip(grouped, answers, strict=True):
                bounds = {str(each.number + 1): _longest(text.segments[each.number]) for each in group}
                said, error = _read(answer, bounds)
                for each in group:
                    segment = text.segments[each.number]
                    words = said.get(str(each.number + 1))
                    none = no_translation(segment.text, words, record.language) if words else error
                    if none is not None:
                        found.errors[each.number] = none
                    elif words:
                        checked = CheckedAnswer(segment, terms[each.number], words, record.language, self.translates_to)
                        found.add(each.number, checked)
            asked = found.once_more(len(text.segments))
        return found

    def _mentions(
        self, record: Record, text: PreparedText, words: Sequence[str], lost: Sequence[tuple[int, int]], attempt: int
    ) -> Asked[FoundMentions]:
        """Where the translation says what got lost, by the model's word; nothing where it has none."""
        found = FoundMentions()

        def entry(place: tuple[int, int]) -> dict[str, JsonValue]:
            segment = text.segments[place[0]]
            wording = segment.wording(place[1])
            return {"sentence": segment.text, "translation": words[place[0]], "wording": wording}

        def size(place: tuple[int, int]) -> int:
            return len(words[place[0]]) + len(text.segments[place[0]].text)

        grouped = list(self._grouped(lost, size, self._settings.characters))
        if not grouped:
            return found
        requests = []
        for group in grouped:
            data = {str(key): entry(place) for key, place in enumerate(group, 1)}
            schema = closed_object({key: bounded_string(_most(str(given["wording"]))) for key, given in data.items()})
            messages = self._find.messages(_json(data), record.language)
            requests.append(self._asked(record, messages, schema, attempt))
        answers = yield requests
        for group, answer in zip(grouped, answers, strict=True):
            said, error = _read(answer, {str(key): None for key in range(1, len(group) + 1)})
            if error is not None and may_pass(error):
                return FoundMentions(error=error)
            for key, (number, span) in enumerate(group, 1):
                spans = align(said.get(str(key), ""), words[number]).spans if said.get(str(key)) else ()
                if spans:
                    found.found.setdefault(number, {})[span] = spans
        return found

    def _grouped(
        self, things: Sequence[AskedT], size: Callable[[AskedT], int], most: int
    ) -> Iterator[Sequence[AskedT]]:
        """Things that are asked about together."""
        context: int | None = getattr(self._model, "context", None)
        if context is not None:
            # Beside the instruction a third of the room each for the question, an answer that is as long, and what
            # stands around both; three characters are a token, at least.
            most = max(1, min(most, context - self._instruction))
        for numbers in chunks([size(thing) for thing in things], most):
            yield [things[number] for number in numbers]

    @cached_property
    def _instruction(self) -> int:
        """Tokens of the longer instruction."""
        return max(count_tokens(prompt.messages("", "en")).tokens for prompt in (self._translate, self._find))

    def _request(
        self,
        record: Record,
        text: PreparedText,
        group: Sequence[SegmentQuestion],
        terms: Sequence[Sequence[GlossaryTerm]],
        attempt: int,
    ) -> Request:
        first = text.segments[group[0].number].span[0]
        before = [segment.text for segment in text.segments[: group[0].number]][-self._settings.before :]
        said = {term.source: term.target for each in group for term in terms[each.number]}
        lacking: dict[str, JsonValue] = {str(each.number + 1): [*each.lacking] for each in group if each.lacking}
        data: dict[str, JsonValue] = {
            "from": LANGUAGE_NAMES.get(record.language, record.language),
            "to": LANGUAGE_NAMES.get(self.translates_to, self.translates_to),
            **({"before": " ".join(before)} if first and self._settings.before and before else {}),
            **({"terms": dict(said)} if said else {}),
            "sentences": {str(each.number + 1): text.segments[each.number].marked.text for each in group},
            **({"lacking": lacking} if lacking else {}),
        }
        bounds = {str(each.number + 1): bounded_string(_longest(text.segments[each.number])) for each in group}
        messages = self._translate.messages(_json(data), record.language)
        room = sum(estimated_tokens(text.segments[each.number].marked.text) for each in group)
        sampling: dict[str, JsonValue] = (
            {room_parameter(self._model.identity): LONGER * room + MORE} if any(each.is_cut for each in group) else {}
        )
        return self._asked(record, messages, closed_object(bounds), attempt, sampling)

    def _asked(
        self,
        record: Record,
        messages: tuple[Message, ...],
        schema: Mapping[str, JsonValue],
        attempt: int,
        sampling: Mapping[str, JsonValue] | None = None,
    ) -> Request:
        return Request(
            self._model.name,
            messages,
            schema,
            sampling={**self._sampling, **(sampling or {})},
            sample=attempt + APART * self._alternative,
            about=(record,),
            purpose=self.name,
        )


def _prompt(name: str, style: str, scheme: Scheme) -> Prompt:
    prompt = Prompt(name, scheme)
    if prompt.style != style:
        raise UsageError(
            f"curation.translate: expected a prompt of the style {style}, {prompt.name} is of the style {prompt.style}"
        )
    return prompt


def _longest(segment: Segment) -> int:
    return _most(segment.marked.text)


def _most(text: str) -> int:
    return LONGER * len(text) + MORE


def _json(data: Mapping[str, JsonValue] | Mapping[str, dict[str, JsonValue]]) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1)


def _read(
    answer: Answer | LanguageModelError, bounds: Mapping[str, int | None]
) -> tuple[dict[str, str], LanguageModelError | None]:
    """The wordings of an answer in one line each, and why the others are missing.

    bounds: by the keys that were asked for; a wording that reaches its bound was cut off.
    """
    if isinstance(answer, LanguageModelError):
        return {}, answer
    content, _ = read_object(answer.text, partial(_has_any, keys=bounds))
    said: dict[str, str] = {}
    is_cut = False
    for key, bound in bounds.items():
        value = (content or {}).get(key)
        if isinstance(value, str) and (line := " ".join(_storable(value).split())):
            if bound is not None and len(value) >= bound:
                is_cut = True
            else:
                said[key] = line
    if len(said) == len(bounds):
        return said, None
    if error := unusable(answer):
        return said, error
    if is_cut:
        return said, LanguageModelError(Finish.TRUNCATED.value, "expected a translation within its bound, got more")
    kind = Finish.REFUSED.value if not said and is_refusal(answer.text) else UNPARSABLE
    return said, LanguageModelError(kind, "expected a translation for each number, got something else")


def _has_any(content: Mapping[str, object], *, keys: Iterable[str]) -> bool:
    return any(key in content for key in keys)


def _storable(text: str) -> str:
    """Without NUL and halves of surrogate pairs, which no store takes."""
    return "".join(sign for sign in text if sign != "\x00" and not "\ud800" <= sign <= "\udfff")


def _failed(record: Record, errors: Sequence[LanguageModelError], expected: str) -> Result:
    kinds = Counter(error.kind for error in errors)
    said = ", ".join(f"{count} without one ({kind})" for kind, count in sorted(kinds.items()))
    kind = next(iter(kinds)) if len(kinds) == 1 else INCOMPLETE
    # What the server said is needed to mend it.
    why = next((f"; {error}" for error in errors if may_pass(error)), "")
    return Result(
        record.id,
        error=f"{kind}: expected {expected}, got {said}{why}",
        may_pass=all(map(may_pass, errors)),
        kind=kind,
    )


def _with_notes(result: Result, answers: Iterable[CheckedAnswer]) -> Result:
    """The result with what was obeyed and what lacks in its text still."""
    counts: Counter[str] = Counter()
    for answer in answers:
        counts["terms of the glossary obeyed"] += len(answer.terms) - len(answer.disobeyed)
        counts["terms of the glossary not obeyed"] += len(answer.disobeyed)
        counts["numbers that the translation lacks"] += len(answer.numbers)
        counts[UNTRANSLATED] += answer.is_untranslated
        counts.update(f"markers {fault.value}" for fault in answer.unmarked.faults.values())
    return replace(result, notes={**result.notes, **+counts})
