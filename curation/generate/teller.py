"""A language model as a teller of cases: a text about facts, which are found again in it, once more where some lack."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

from curation.author import AuthorKind, author_name
from curation.errors import LanguageModelError, may_pass
from curation.generate.manner import MannerSampler
from curation.generate.record_cases import CaseOf
from curation.generate.telling_checks import TellingChecks
from curation.generate.told_case import CaseOrigin
from curation.generate.told_facts import FindingKind, ToldFinding, added, entities_of, missing, placed_facts, turned
from curation.generate.told_questions import TellingPrompts, ToldQuestion, instead_of, lacking_of, read_found
from curation.generate.told_record import TOLD_LAYER, Telling, ToldSignature, told_layer, told_record
from curation.generate.told_text import COPIED, NO_FACTS, TOO_LONG, ToldText, read_text
from curation.judge.judge import Judge
from curation.judge.judged import JudgedLayer
from curation.judge.verdicts import DOUBTS, JudgeOutcome
from curation.models.asking_stage import INCOMPLETE, Conversation
from curation.models.contract import Answer, Finish, LanguageModel, Request
from curation.models.conversations import altered
from curation.record import Entity, Layer, Record, digest
from curation.scheme import Scheme
from curation.settings import GenerateSettings
from curation.stage import Item, Result
from curation.text.folding import fold

#: Raised when the same answers would become other records.
VERSION = 1
#: What notes begin with that count the layers that were made.
TOLD_AS = "layers that are "
#: What notes begin with that count the records that are no case; the reason follows.
NO_CASE = "left out: "
#: How often a case is asked about in one manner: once more, with what lacked.
ROUNDS = 2
#: The part of a summary's longer words that its report has, at least.
OF_THE_REPORT = 0.3
LONGER_WORD = re.compile(r"[^\W\d_]{5,}")

ToldT = TypeVar("ToldT")
Asked = Generator[Sequence[Request], Sequence[Answer | LanguageModelError], ToldT]


@dataclass(slots=True)
class _Tried:
    """What came of a case: the best text in the last manner that it was told in, or why there is none."""

    best: Telling | None = None
    error: LanguageModelError | None = None
    asked: ToldQuestion | None = None
    variant: int = 0
    notes: Counter[str] = field(default_factory=Counter)


class CaseTeller:
    """A stage that gives for each case a record told by a model, in each of its languages, with what was found in it.

    case_of: the case of an item, or why it is left out. judge: asked about each fact that was found; it judges the
    layer `told`. checks: given before the first case. Raises UsageError for prompts of other styles.
    """

    checks: TellingChecks

    def __init__(
        self,
        scheme: Scheme,
        settings: GenerateSettings,
        model: LanguageModel,
        *,
        name: str,
        case_of: CaseOf,
        reads: Sequence[str] = (),
        judge: Judge | None = None,
        seed: int = 0,
    ) -> None:
        self._settings, self._case_of, self._judge, self._model = settings, case_of, judge, model
        self.models = {**(judge.models if judge else {}), model.name: model}
        self._prompts = TellingPrompts(settings, scheme, model, name)
        self._manners, self._seed = MannerSampler(settings, seed), seed
        self.name, self.reads = name, tuple(reads)
        #: The hosts that texts are sent to, if any is not this machine.
        self.remote = ", ".join(sorted({found.remote for found in self.models.values() if found.remote})) or None

    @cached_property
    def signature(self) -> ToldSignature:
        """Who tells, with a digest of models, prompts and settings."""
        author = author_name(AuthorKind.LLM, self._model.name, revision=self._prompts.tell.name)
        settings = self._settings.model_dump(mode="json", exclude={"languages", "report_words"})
        prompts = [prompt.digest for prompt in self._prompts.all]
        judge = self._judge.fingerprint if self._judge else None
        parts = [VERSION, author, dict(self._model.identity), prompts, settings, judge, self._seed]
        return ToldSignature(author, digest(parts))

    @cached_property
    def fingerprint(self) -> str:
        """A digest of all that results depend on."""
        return digest([self.signature.by, self.name, list(self.reads)])

    def load(self, languages: Sequence[str]) -> None:
        """Fill the prompts for a made-up record of each language. Raises ConfigError where that fails."""
        for language in languages:
            for prompt in self._prompts.all:
                prompt.check(language)
        if self._judge is not None:
            self._judge.load(languages)

    def conversation(self, item: Item, *, attempt: int = 0) -> Conversation:
        """The questions about one case; at the end its records with their layers, or its error."""
        case = self._case_of(item)
        if isinstance(case, str):
            return Result(item.record.id, notes={f"{NO_CASE}{case}": 1})
        records: list[Record] = []
        layers: list[Layer] = []
        notes: Counter[str] = Counter()
        error: LanguageModelError | None = None
        for language in case.facts:
            tried = yield from self._told(ToldQuestion(case, language, {}), attempt)
            notes += tried.notes
            error = tried.error
            if tried.best is None or tried.asked is None:
                break
            record, layer = self._made(tried.asked, tried.best, tried.variant, records[0].id if records else None)
            records.append(record)
            layers.append(layer)
            self.checks.novelty.add(record.text, language)
            notes += Counter(f"finding: {finding.kind.value}" for finding in tried.best.findings)
            notes += Counter(f"answers with {name}" for name in tried.best.mended)
            notes[f"{TOLD_AS}{layer.name}"] += 1
        result = Result(item.record.id, layers=layers, records=records, notes=dict(notes))
        if error is None:
            return result
        kind = error.kind if not records else INCOMPLETE
        return replace(result, error=str(error), may_pass=may_pass(error), kind=kind)

    def _told(self, asked: ToldQuestion, attempt: int) -> Asked[_Tried]:
        """A text that is not like those before, in another manner where the first one's was."""
        found = _Tried()
        for variant in range(self._settings.anew + 1):
            manner = self._manners.drawn(asked.case.id, asked.case.specialty, variant)
            question = replace(asked, manner=manner, sample=attempt * (self._settings.anew + 1) + variant)
            tried = yield from self._best(question)
            notes = found.notes + tried.notes
            if tried.best is None:
                # In another manner it was told, and is only like another text.
                return replace(found, notes=notes) if found.best else replace(tried, notes=notes)
            found = replace(tried, asked=question, variant=variant, notes=notes)
            if self.checks.novelty.nearest(tried.best.text, asked.language) < self._settings.similar:
                return found
            is_last = variant == self._settings.anew
            found.notes["too similar still, kept" if is_last else "told anew: too similar to another"] += 1
        return found

    def _best(self, asked: ToldQuestion) -> Asked[_Tried]:
        """The better of two texts at most: the second is asked for with what lacks in the first."""
        found = _Tried()
        lacking: list[str] = []
        is_cut = False
        for _ in range(ROUNDS):
            request = self._prompts.telling(asked, lacking, is_cut=is_cut)
            if not self._prompts.fits(request):
                found.error = LanguageModelError(
                    TOO_LONG, "expected a case that the model has room for, got a longer one"
                )
                return found
            (answer,) = yield [request]
            outcome = answer if isinstance(answer, LanguageModelError) else _read(answer, request, asked)
            telling = outcome if isinstance(outcome, LanguageModelError) else (yield from self._checked(asked, outcome))
            if isinstance(telling, LanguageModelError):
                if may_pass(telling):
                    return _Tried(error=telling, notes=found.notes)
                found.notes[f"answers that could not be used: {telling.kind}"] += 1
                found.error, lacking = telling, instead_of(telling)
                is_cut = telling.kind == Finish.TRUNCATED
                continue
            if found.best is None or telling.rank < found.best.rank:
                found.best = telling
            lacking = lacking_of(asked.facts, telling.findings)
            if not lacking:
                break
        if found.best is not None:
            found.error = None
            if found.best.is_copied:
                why = f"expected a text without {self._settings.copied_words} words in a row of a record of the store"
                return _Tried(error=LanguageModelError(COPIED, why), notes=found.notes)
        return found

    def _checked(self, asked: ToldQuestion, told: ToldText) -> Asked[Telling | LanguageModelError]:
        """The text with its facts where they stand, and what is not as it was ordered."""
        text, case, facts = told.text, asked.case, asked.facts
        placed = placed_facts(facts, text)
        is_report = case.origin is CaseOrigin.REPORT
        if (not placed and not is_report) or (is_report and not _is_about(text, case.report or "")):
            return LanguageModelError(NO_FACTS, "expected a text about the case, got one with none of its facts")
        unplaced = [number for number in range(1, len(facts) + 1) if number not in placed]
        if unplaced and not is_report:
            (answer,) = yield [self._prompts.finding(asked, text, unplaced)]
            if isinstance(answer, LanguageModelError) and may_pass(answer):
                return answer
            if isinstance(answer, Answer):
                placed |= read_found(asked, text, answer, unplaced)
        entities = entities_of(facts, placed, text)
        number_of = {fact.id: number for number, fact in enumerate(facts, 1)}
        against = turned(entities, text, asked.language, self.checks.asserted)
        findings = [] if is_report else list(missing(facts, placed, text, asked.language))
        findings += [ToldFinding(FindingKind.TURNED, number_of[id]) for id in sorted(against)]
        findings += added(text, [*(fact.text for fact in facts), case.report or ""], asked.language)
        if self._is_copied(asked, text):
            findings.append(ToldFinding(FindingKind.COPIED))
        telling = Telling(text, placed, tuple(findings), against, mended=told.mended)
        if self._judge is None or not entities:
            return telling
        return (yield from self._judged(asked, telling, entities, number_of))

    def _judged(
        self, asked: ToldQuestion, telling: Telling, entities: Sequence[Entity], number_of: dict[str, int]
    ) -> Asked[Telling | LanguageModelError]:
        """The text with what a judge does not confirm."""
        assert self._judge is not None
        record, _ = self._made(asked, telling, 0, None)
        layer = Layer(record_id=record.id, name=TOLD_LAYER, author=self.signature.author, entities=tuple(entities))
        about = (asked.case.about,) if asked.case.about else ()
        held = altered(
            self._judge.conversation(Item(record, {TOLD_LAYER: layer}), attempt=0),
            lambda request: replace(request, about=about, purpose=self.name),
        )
        result = yield from held
        if result.error is not None and result.may_pass:
            return LanguageModelError(result.kind or INCOMPLETE, result.error, by_server=True)
        judged = JudgedLayer.model_validate(result.measures[self._judge.name]).entities
        doubted = {id for id, verdict in judged.items() if verdict.outcome in DOUBTS} - telling.left_out
        return replace(
            telling,
            findings=(*telling.findings, *(ToldFinding(FindingKind.DOUBTED, number_of[id]) for id in sorted(doubted))),
            left_out=telling.left_out | doubted,
            is_confirmed=asked.case.origin is not CaseOrigin.REPORT
            and all(verdict.outcome is JudgeOutcome.CONFIRMED for verdict in judged.values()),
        )

    def _is_copied(self, asked: ToldQuestion, text: str) -> bool:
        copied, report = self.checks.copied, asked.case.report
        if report is not None:
            return copied.longest(text, [report]) > 0 or copied.share(text, report) > self._settings.copied_share
        return copied.longest(text, [fact.text for fact in asked.facts]) > 0

    def _made(self, asked: ToldQuestion, telling: Telling, variant: int, original: str | None) -> tuple[Record, Layer]:
        signed = self.signature
        record = told_record(
            asked.case,
            asked.language,
            telling,
            manner=asked.manner,
            variant=variant,
            signed=signed,
            original=original,
        )
        judge = self._judge.author if self._judge else None
        return record, told_layer(asked.case, record, telling, signed=signed, judge=judge)


def _read(answer: Answer, request: Request, asked: ToldQuestion) -> ToldText | LanguageModelError:
    try:
        return read_text(answer, request.messages, asked.language)
    except LanguageModelError as error:
        return error


def _is_about(text: str, report: str) -> bool:
    """Whether enough of a summary's longer words are the report's."""
    words, known = LONGER_WORD.findall(fold(text).text), fold(report).text
    return not words or sum(word in known for word in words) >= OF_THE_REPORT * len(words)
