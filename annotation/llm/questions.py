"""Questions in rounds: each is asked, again where its answer cannot be read, and ends with a reading or an error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace

from annotation.llm.reading import NotReadError, Reading, completed
from annotation.llm.windows import CHARACTERS_A_TOKEN
from curation.errors import LanguageModelError, may_pass
from curation.models.asking_stage import INCOMPLETE
from curation.models.contract import Answer, Finish, Message, Request
from curation.models.refusals import is_refusal
from curation.models.whole_answer import unusable
from curation.scheme import Category
from curation.text.folding import Span

#: So much of an answer that could not be read is shown to the model again.
SHOWN_AGAIN = 4_000
#: The least number of tokens for an answer that was cut off before.
SMALLEST_ROOM = 256

#: Requests out, answers in, and what came of each question at the end.
Rounds = Generator[Sequence[Request], Sequence[Answer | LanguageModelError], "list[Answered]"]


@dataclass(frozen=True, slots=True)
class OpenPoint:
    """What is asked about one window of a text, and how often it was asked.

    first: the request as it was before the model was told what was wrong. best: what could be read so far.
    """

    window: Span
    category: Category | None
    first: Request
    request: Request
    repairs: int = 0
    tries: int = 0
    best: Reading | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a question: a reading, or the error in its place."""

    question: OpenPoint
    reading: Reading | None = None
    error: LanguageModelError | None = None

    @property
    def kind(self) -> str:
        """Why there is no reading."""
        return self.error.kind if self.error else ""

    @property
    def may_pass(self) -> bool:
        """Whether the record has no part in the error."""
        return self.error is not None and may_pass(self.error)


@dataclass(slots=True)
class Interview:
    """The questions about one record.

    read: what an answer about a category says; raises NotReadError. mend: the message after one that could not be
    read. repairs: how often the model is told so. attempt: how often the record was tried before; what failed then is
    asked for in another way. room: the parameter of the model that bounds the tokens of an answer.
    """

    read: Callable[[Answer, Category | None], Reading]
    mend: Callable[[str, Sequence[str]], Message]
    repairs: int
    attempt: int
    room: str = "max_tokens"
    answers: list[Answer] = field(default_factory=list)
    #: Answers that could not be used as they came, by kind; `incomplete` where values were missing.
    unusable: Counter[str] = field(default_factory=Counter)

    def rounds(self, questions: Sequence[OpenPoint]) -> Rounds:
        """One outcome for each question, in order."""
        states: list[OpenPoint | Answered] = list(questions)
        while waiting := {place: state for place, state in enumerate(states) if isinstance(state, OpenPoint)}:
            answers = yield [question.request for question in waiting.values()]
            for (place, question), answer in zip(waiting.items(), answers, strict=True):
                states[place] = self._judged(question, answer)
        return [state for state in states if isinstance(state, Answered)]

    def _judged(self, question: OpenPoint, answer: Answer | LanguageModelError) -> OpenPoint | Answered:
        """What came of a question, or what is asked next."""
        if isinstance(answer, LanguageModelError):
            return _ended(question, answer)
        self.answers.append(answer)
        if error := unusable(answer):
            self.unusable[error.kind] += 1
            return self._again(question, answer, Finish(error.kind)) or _ended(question, error)
        try:
            reading = self.read(answer, question.category)
        except NotReadError as problem:
            if is_refusal(answer.text):
                problem = NotReadError(problem.problem, "what was asked for", Finish.REFUSED.value)
            self.unusable[problem.kind] += 1
            mended = self._mended(question, answer, problem.problem, ())
            return mended or self._again(question, answer, Finish.STOP) or _ended(question, problem)
        self.unusable.update([INCOMPLETE] if reading.unread else [])
        if question.best is not None:
            reading = completed(question.best, reading)
        question = replace(question, best=reading)
        if reading.unread:
            mended = self._mended(question, answer, "missing keys", reading.unread)
            return mended or self._again(question, answer, Finish.STOP) or Answered(question, reading)
        return Answered(question, reading)

    def _mended(self, question: OpenPoint, answer: Answer, problem: str, names: Sequence[str]) -> OpenPoint | None:
        """The question with what was wrong; None where it was said often enough."""
        if question.repairs >= self.repairs:
            return None
        said = (Message("assistant", answer.text[:SHOWN_AGAIN], came=True), self.mend(problem, names))
        request = replace(question.first, messages=(*question.first.messages, *said))
        return replace(question, request=request, repairs=question.repairs + 1)

    def _again(self, question: OpenPoint, answer: Answer, finish: Finish) -> OpenPoint | None:
        """The question once more, where the record was tried before: with room for what was cut off, else anew."""
        if question.tries >= self.attempt:
            return None
        if finish is Finish.TRUNCATED:
            written = answer.tokens_out or len(answer.text) // CHARACTERS_A_TOKEN
            before = question.first.sampling.get(self.room)
            room = max(SMALLEST_ROOM, 2 * written, 2 * before if isinstance(before, int) else 0)
            sampling = {**question.first.sampling, self.room: room}
            first = replace(question.first, sampling=sampling)
        else:
            first = replace(question.first, sample=question.first.sample + 1)
        return replace(question, first=first, request=first, repairs=0, tries=question.tries + 1)


def _ended(question: OpenPoint, error: LanguageModelError) -> Answered:
    """What was read before stands, where a further answer brought nothing."""
    return Answered(question, question.best, None if question.best else error)
