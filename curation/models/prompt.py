"""The prompt: a jinja file beside the code, filled with the scheme and, apart from it, the record."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import Any

from curation.errors import ConfigError, MissingExtraError, one_line
from curation.models.contract import Message
from curation.record import Assertion, digest
from curation.scheme import ABSENT, FACT_JOIN, Category, Scheme

PROMPTS = Path(__file__).with_name("prompts")
SUFFIX = ".jinja"
#: What tells a model what was wrong with its answer, whatever the prompt was.
REPAIR = PROMPTS / "shared" / f"repair.v1{SUFFIX}"

#: The parts of a prompt, each a block of its file and a message of the conversation.
PARTS = ("system", "user")
#: What stands for a record's text when a prompt is checked, and the seconds in which it is filled then.
PROBE, PATIENCE = "A report, to see where it stands.", 5.0
#: What a prompt may multiply is not larger, or longer, than this.
LARGEST = 1_000_000

#: So many blocks are kept that are the same for several records.
FILLED = 64

#: The first line of a prompt file may say of which style its answers are; those that do not are of this one.
STYLE = re.compile(r"\A\{#-?\s*style:\s*([\w-]+)")
DEFAULT_STYLE = "entities"

VERSIONED = re.compile(r"(?P<name>.+)\.v(?P<version>\d+)")

#: What `sys.settrace` takes.
TraceFunction = Callable[[FrameType, str, Any], Any]


@dataclass(frozen=True, slots=True)
class ShownExample:
    """A report and its right answer, as they stand in a prompt."""

    text: str
    answer: str


class Prompt:
    """One prompt file for one scheme."""

    def __init__(self, name: str, scheme: Scheme) -> None:
        self._file = prompt_file(name)
        self._source = _read(self._file)
        self._scheme = scheme
        self._filled_before: dict[object, tuple[str, str]] = {}
        self._checked: set[str] = set()

    @property
    def name(self) -> str:
        """The prompt's name and version, as in the author of a layer."""
        return self._file.name.removesuffix(SUFFIX)

    @property
    def source(self) -> str:
        """The file as it is."""
        return self._source

    @property
    def style(self) -> str:
        """The form of the answers that it asks for, by name."""
        stated = STYLE.match(self._source)
        return stated[1] if stated else DEFAULT_STYLE

    @cached_property
    def digest(self) -> str:
        """A digest of the file, and of the words that ask for a better answer."""
        return digest([self._source, _read(REPAIR)])

    def messages(
        self,
        text: str,
        language: str,
        *,
        category: Category | None = None,
        examples: Sequence[ShownExample] = (),
    ) -> tuple[Message, ...]:
        """The instruction in the language, and the text of a record as data.

        category: the one that is asked about, where each is asked about by itself; None for the document labels then.
        Raises ConfigError where the file cannot be filled so.
        """
        values = {
            "language": language,
            "scheme": self._scheme,
            "category": category,
            "attributes": self._scheme.attributes_of(category) if category else self._scheme.attributes,
            "assertions": [assertion.value for assertion in Assertion],
            "absent": ABSENT,
            "fact_join": FACT_JOIN,
            "examples": examples,
            "text": text,
            "tag": delimiter(text, *(example.text + example.answer for example in examples)),
        }
        return tuple(Message(part, self._filled(part, values)) for part in PARTS)

    def _filled(self, part: str, values: Mapping[str, Any]) -> str:
        """A block with the values; one that says nothing of the text is filled once, and given each record's tag."""
        if part not in self._same_parts:
            return self._rendered(part, values)
        examples, category = tuple(values["examples"]), values["category"]
        key = (part, values["language"], category and category.name, examples)
        if key not in self._filled_before:
            if len(self._filled_before) >= FILLED:
                self._filled_before.pop(next(iter(self._filled_before)))
            tag = delimiter(*(example.text + example.answer for example in examples))
            self._filled_before[key] = self._rendered(part, {**values, "tag": tag}), tag
        filled, tag = self._filled_before[key]
        return filled.replace(tag, values["tag"])

    def _rendered(self, part: str, values: Mapping[str, Any]) -> str:
        template = self._template
        try:
            return "".join(template.blocks[part](template.new_context(values))).strip()
        except Exception as error:  # what a file can come to is anything
            if isinstance(error, ConfigError):
                raise
            raise ConfigError(
                f"{self._file}: expected a prompt that can be filled with language, scheme, category, assertions, "
                f"absent, fact_join, examples, text and tag: {one_line(error) or type(error).__name__}"
            ) from error

    @cached_property
    def _same_parts(self) -> frozenset[str]:
        """The blocks that say nothing of the text, neither themselves nor by what they bring in, and at most print the
        tag.
        """
        from jinja2 import nodes

        if not self._template.blocks:
            return frozenset()

        def differs(block: nodes.Block) -> bool:
            names = [name.name for name in block.find_all(nodes.Name)]
            printed = [part for output in block.find_all(nodes.Output) for part in output.nodes]
            tags = [part for part in printed if isinstance(part, nodes.Name) and part.name == "tag"]
            brings_in = any(True for _ in block.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Block)))
            return brings_in or "text" in names or "self" in names or names.count("tag") != len(tags)

        blocks = _environment().parse(self._source).find_all(nodes.Block)
        return frozenset(block.name for block in blocks if not differs(block))

    def repair(self, language: str, problem: str, names: Sequence[str] = ()) -> Message:
        """What tells the model that its answer could not be read, and why."""
        template = _environment().from_string(_read(REPAIR))
        return Message("user", template.render(language=language, problem=problem, names=names).strip())

    def check(self, language: str, categories: Sequence[Category | None] = (None,)) -> None:
        """Raises ConfigError where the file cannot be filled for a record in the language, or not within seconds, or
        does not ask about the record's text, or has it in the instruction.

        categories: those that are asked about by themselves; None for the document labels, or for everything at once.
        """
        if language in self._checked:
            return
        example = ShownExample("An example.", "{}")
        with _within(self._file, PATIENCE):
            for category in categories:
                system, user = self.messages(PROBE, language, category=category, examples=[example])
                if PROBE not in user.content or PROBE in system.content:
                    raise ConfigError(
                        f"{self._file}: expected the record's text in the block user, and there only; write "
                        "<{{ tag }}>{{ text }}</{{ tag }}> there"
                    )
        self._checked.add(language)

    @cached_property
    def _template(self) -> Any:
        from jinja2 import TemplateSyntaxError

        try:
            template = _environment().from_string(self._source)
        except TemplateSyntaxError as error:
            raise ConfigError(f"{self._file}: expected a jinja file, line {error.lineno}: {error.message}") from error
        if missing := [part for part in PARTS if part not in template.blocks]:
            raise ConfigError(f"{self._file}: expected the blocks {', '.join(PARTS)}, found no {', '.join(missing)}")
        return template


def shipped_prompts() -> tuple[str, ...]:
    """The names of the prompts that ship with the product, with their versions."""
    return tuple(sorted(path.name.removesuffix(SUFFIX) for path in PROMPTS.glob(f"*{SUFFIX}")))


def shipped_prompt(name: str) -> str | None:
    """The shipped prompt that a name means: `naive.v1`, or `naive` for the newest version; None for others."""
    if name in shipped_prompts():
        return name
    versions = [found for found in map(VERSIONED.fullmatch, shipped_prompts()) if found and found["name"] == name]
    newest = max(versions, key=lambda found: int(found["version"]), default=None)
    return newest[0] if newest else None


def prompt_file(name: str) -> Path:
    """The file of a shipped prompt, else the file at that path. Raises ConfigError where there is neither."""
    shipped = shipped_prompt(name)
    file = PROMPTS / f"{shipped}{SUFFIX}" if shipped else Path(name)
    if not file.is_file():
        near = difflib.get_close_matches(name, shipped_prompts(), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ConfigError(f"expected a prompt of {', '.join(shipped_prompts())}, or a jinja file, got {name!r}{hint}")
    return file


def delimiter(*texts: str) -> str:
    """A tag that does not occur in the texts, so that nothing in them can end what is between the tags."""
    number = digest("".join(texts), length=8)
    while any(number in text for text in texts):
        number = digest(number, length=8)
    return f"report-{number}"


@contextmanager
def _within(file: Path, seconds: float) -> Iterator[None]:
    """Raises ConfigError where filling a prompt in this thread takes longer: its loops are lines of Python."""
    end = monotonic() + seconds

    def watch(frame: FrameType, event: str, argument: object) -> TraceFunction:
        if monotonic() > end:
            raise ConfigError(f"{file}: expected a prompt that is filled within {seconds:g} seconds, it takes longer")
        return watch

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        yield
    finally:
        sys.settrace(before)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: expected a jinja file in UTF-8 ({type(error).__name__})") from error


def _environment() -> Any:
    try:
        from jinja2 import StrictUndefined, pass_context
        from jinja2.sandbox import ImmutableSandboxedEnvironment
    except ImportError as error:
        raise MissingExtraError("jinja2", "llm") from error

    @pass_context
    def say(context: Any, localised: Mapping[str, Any]) -> Any:
        """In the record's language, else in English, else in any."""
        return localised.get(context["language"]) or localised.get("en") or next(iter(localised.values()), "")

    class Sandbox(ImmutableSandboxedEnvironment):
        """With a bound on what is multiplied: neither a text nor a number without end."""

        intercepted_binops = frozenset({"*", "**"})

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            sizes = [abs(side) if isinstance(side, int | float) else len(side) for side in (left, right)]
            if (sizes[0] * sizes[1] if operator == "*" else max(sizes[0], sizes[1] ** 3)) > LARGEST:
                raise OverflowError(f"expected what comes of {operator} to be shorter than {LARGEST:,}")
            return super().call_binop(context, operator, left, right)

    # Not for HTML: what is written is text, and the record's is given as it is.
    environment = Sandbox(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
    environment.filters["say"] = say
    return environment
