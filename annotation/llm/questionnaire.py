"""What is asked about a record: by a prompt in its style, about each window of the text, with examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from annotation.llm.examples import Example
from annotation.llm.styles.style import Style, size
from annotation.llm.styles.styles import style_of
from annotation.llm.windows import CHARACTERS_A_TOKEN, windows
from annotation.settings import LlmSettings
from curation.models.bounded_schema import Schema
from curation.models.contract import Message
from curation.models.prompt import Prompt, ShownExample
from curation.models.tokens import count_tokens
from curation.record import Record
from curation.scheme import Category, Scheme
from curation.text.folding import Span
from curation.text.sentences import sentence_spans

#: The prompt for schemes that have document labels only, where the settings name none.
CLASSIFY = "classify.v1"
#: So many tokens of a text are asked about at once even where the instruction leaves less free: the model says so then.
SMALLEST_WINDOW = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """A question for any model: about which window and category, in what words, answered in what form."""

    window: Span
    category: Category | None
    messages: tuple[Message, ...]
    schema: Schema


class Questionnaire:
    """The questions of one prompt for one scheme. Raises ConfigError where the prompt cannot be used.

    context: tokens that the model takes, question and answer together; None where that is not known.
    """

    def __init__(self, scheme: Scheme, settings: LlmSettings, *, context: int | None = None) -> None:
        self.scheme = scheme
        self._context = context
        self._settings = settings
        is_own = settings.prompt != LlmSettings().prompt
        self.prompt = Prompt(settings.prompt if scheme.categories or is_own else CLASSIFY, scheme)
        self.style: Style = style_of(self.prompt.style, self.prompt.name)
        self._schemas: dict[tuple[str | None, int], Schema] = {}

    def about(self, record: Record, examples: Sequence[Example] = ()) -> Iterator[Asked]:
        """What is asked about a record: each part of the style about each window of its text.

        Raises ConfigError where the prompt cannot be filled for it.
        """
        self.check(record.language)
        longest = self._longest(record, examples)
        for span in windows(record.text, record.language, longest=longest, overlap=self._settings.overlap):
            for category in self.style.parts(self.scheme):
                text = record.text[slice(*span)]
                shown = self._shown(examples, category)
                messages = self.prompt.messages(text, record.language, category=category, examples=shown)
                yield Asked(span, category, messages, self._schema(category, size(len(text))))

    def _schema(self, category: Category | None, characters: int) -> Schema:
        """The form of answers about texts of that size, made once."""
        key = (category.name if category else None, characters)
        if key not in self._schemas:
            self._schemas[key] = self.style.schema(self.scheme, category, characters)
        return self._schemas[key]

    def check(self, language: str) -> None:
        """Raises ConfigError where the prompt cannot be filled for records in a language."""
        parts = self.style.parts(self.scheme)
        self.prompt.check(language, [*parts[:1], *parts[1:][-1:]])

    def prepare(self, record: Record) -> None:
        """Find the sentences of a text that may be too long for one window; they are kept until it is asked about."""
        shortest = SMALLEST_WINDOW if self._context is not None else self._settings.window
        if len(record.text) > shortest * CHARACTERS_A_TOKEN:
            sentence_spans(record.text, record.language)

    def _longest(self, record: Record, examples: Sequence[Example]) -> int:
        """Tokens of a text that are asked about at once: half of what the instruction and the examples leave free."""
        if self._context is None:
            return self._settings.window
        category = self.style.parts(self.scheme)[0]
        shown = self._shown(examples, category)
        messages = self.prompt.messages("", record.language, category=category, examples=shown)
        free = self._context - count_tokens(messages).tokens
        return min(self._settings.window, max(SMALLEST_WINDOW, free // 2))

    def _shown(self, examples: Sequence[Example], category: Category | None) -> list[ShownExample]:
        return [
            ShownExample(example.record.text, self.style.answer(example.layer, self.scheme, category))
            for example in examples
        ]
