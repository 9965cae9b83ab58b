"""A conversation as tokens, by the chat template that comes with the tokenizer; what records say is never markup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from curation.errors import LanguageModelError
from curation.models.contract import Message

#: For models without a template: base models, which continue a text.
PLAIN = (
    "{% for message in messages %}### {{ message['role'] }}\n{{ message['content'] }}\n\n{% endfor %}"
    "{% if add_generation_prompt %}### assistant\n{% endif %}"
)
#: Around the number of a message, where its content is put in afterwards.
OPEN, CLOSE = "\ue000", "\ue001"


def prompt_tokens(tokenizer: Any, messages: Sequence[Message]) -> list[int]:
    """The tokens of a conversation, up to where the answer begins.

    Raises LanguageModelError for a conversation that the template does not take.
    """
    contents = [message.content for message in messages]
    if not _holds_markup(tokenizer, contents):
        return _ids(tokenizer, _rendered(tokenizer, messages))
    # The marks of a template, such as <|im_end|>, are characters like others where a text holds them.
    places = [Message(message.role, f"{OPEN}{number}{CLOSE}") for number, message in enumerate(messages)]
    rendered = _rendered(tokenizer, places)
    tokens: list[int] = []
    for number, place in enumerate(places):
        before, found, rendered = rendered.partition(place.content)
        if not found:
            raise LanguageModelError("rejected", "expected a chat template that gives each message, and in their order")
        tokens += [*_ids(tokenizer, before), *_ids(tokenizer, contents[number], split_special_tokens=True)]
    return [*tokens, *_ids(tokenizer, rendered)]


def _holds_markup(tokenizer: Any, contents: Sequence[str]) -> bool:
    marks = [token.content for token in tokenizer.added_tokens_decoder.values() if token.special]
    return any(mark in content for content in contents for mark in marks)


def _ids(tokenizer: Any, text: str, **options: Any) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False, **options)["input_ids"])


def _rendered(tokenizer: Any, messages: Sequence[Message]) -> str:
    from jinja2 import TemplateError

    try:
        return _by_template(tokenizer, messages)
    except TemplateError:
        pass  # some templates know no system message
    try:
        return _by_template(tokenizer, _without_system(messages))
    except TemplateError as error:
        raise LanguageModelError(
            "rejected", f"expected a conversation that the model's chat template takes ({type(error).__name__})"
        ) from None


def _by_template(tokenizer: Any, messages: Sequence[Message]) -> str:
    plain = None if tokenizer.chat_template else (tokenizer.bos_token or "") + PLAIN
    return str(
        tokenizer.apply_chat_template(
            [{"role": message.role, "content": message.content} for message in messages],
            chat_template=plain,
            tokenize=False,
            add_generation_prompt=True,
        )
    )


def _without_system(messages: Sequence[Message]) -> list[Message]:
    """What the system message says, at the beginning of the first message of the user."""
    said = "\n\n".join(message.content for message in messages if message.role == "system")
    others = [message for message in messages if message.role != "system"]
    first = others[0] if others else Message("user", "")
    return [Message(first.role, f"{said}\n\n{first.content}".strip()), *others[1:]]
