"""The prompt: a jinja file beside the code, filled with the scheme and, apart from it, the record."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.errors import ConfigError, MissingExtraError, one_line
from curation.record import Assertion, Record, digest
from curation.scheme import Scheme

if TYPE_CHECKING:
    from curation.models.endpoint import Message

PROMPTS = Path(__file__).with_name("prompts")
SUFFIX = ".jinja"

#: The parts of a prompt, each a block of its file and a message of the conversation.
PARTS = ("system", "user")


class Prompt:
    """One prompt file for one scheme."""

    def __init__(self, name: str, scheme: Scheme) -> None:
        file = PROMPTS / f"{name}{SUFFIX}"
        self._file = file if file.is_file() else Path(name)
        if not self._file.is_file():
            shipped = ", ".join(sorted(path.name.removesuffix(SUFFIX) for path in PROMPTS.glob(f"*{SUFFIX}")))
            raise ConfigError(f"expected a prompt of {shipped}, or a jinja file, got {name!r}")
        try:
            self._source = self._file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{self._file}: expected a jinja file in UTF-8 ({type(error).__name__})") from error
        self._scheme = scheme

    @property
    def name(self) -> str:
        """The prompt's name and version, as in the author of a layer."""
        return self._file.name.removesuffix(SUFFIX)

    @property
    def digest(self) -> str:
        """A digest of the file."""
        return digest(self._source)

    def messages(self, record: Record) -> tuple[Message, ...]:
        """The instruction in the record's language, and the record itself as data."""
        # Imported here: the client of models loads the gate with it, and every command that opens a workspace waits.
        from curation.models.endpoint import Message

        values = {
            "language": record.language,
            "scheme": self._scheme,
            "assertions": [assertion.value for assertion in Assertion],
            "text": record.text,
            "tag": delimiter(record.text),
        }
        context = self._template.new_context(values)
        return tuple(Message(part, "".join(self._template.blocks[part](context)).strip()) for part in PARTS)

    def check(self, language: str) -> None:
        """Raises ConfigError where the file cannot be filled for a record in the language."""
        from jinja2 import TemplateError

        try:
            self.messages(Record(id="check", group="check", source="check", language=language, text="check"))
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise ConfigError(
                f"{self._file}: expected a prompt that can be filled with language, scheme, assertions, text and tag: "
                f"{one_line(error)}"
            ) from error

    @cached_property
    def _template(self) -> Any:
        try:
            from jinja2 import StrictUndefined, TemplateSyntaxError, pass_context
            from jinja2.sandbox import ImmutableSandboxedEnvironment
        except ImportError as error:
            raise MissingExtraError("jinja2", "llm") from error

        @pass_context
        def say(context: Any, localised: Mapping[str, Any]) -> Any:
            """In the record's language, else in English, else in any."""
            return localised.get(context["language"]) or localised.get("en") or next(iter(localised.values()), "")

        # Not for HTML: what is written is text, and the record's is given as it is.
        environment = ImmutableSandboxedEnvironment(
            undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True
        )
        environment.filters["say"] = say
        try:
            template = environment.from_string(self._source)
        except TemplateSyntaxError as error:
            raise ConfigError(f"{self._file}: expected a jinja file, line {error.lineno}: {error.message}") from error
        if missing := [part for part in PARTS if part not in template.blocks]:
            raise ConfigError(f"{self._file}: expected the blocks {', '.join(PARTS)}, found no {', '.join(missing)}")
        return template


def delimiter(text: str) -> str:
    """A tag that does not occur in the text, so that nothing in it can end what is between the tags."""
    number = digest(text, length=8)
    while number in text:
        number = digest(number, length=8)
    return f"report-{number}"
