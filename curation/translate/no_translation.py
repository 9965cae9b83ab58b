"""What comes in place of a translation, inside of an answer that can be read."""

from __future__ import annotations

import json
import re

from curation.errors import LanguageModelError
from curation.models.contract import Finish
from curation.models.refusals import is_refusal

#: The kind of failure of an answer without what was asked for.
UNPARSABLE = "unparsable"
#: Who speaks of themselves ("I cannot sleep") is translated so, and has refused nothing.
_SPEAKER = re.compile(r"\b(?:I|ich|[AK]I|language models?|Sprachmodelle?)\b", re.IGNORECASE)
#: The languages of which the words of a speaker are known.
_KNOWN = ("de", "en")


def no_translation(segment: str, answer: str, language: str) -> LanguageModelError | None:
    """Why an answer is no translation of a segment: it refuses, or is JSON once more; None where it may be one."""
    if _is_json(answer) and not segment.startswith(answer[0]):
        return LanguageModelError(UNPARSABLE, "expected a translation in words, got JSON inside of the answer")
    if is_refusal(answer) and language in _KNOWN and not _SPEAKER.search(segment):
        return LanguageModelError(Finish.REFUSED.value, "expected a translation, got words that refuse one")
    return None


def _is_json(answer: str) -> bool:
    """Whether it is an object, or a list of words."""
    if not answer.startswith(("{", "[")):
        return False
    try:
        value = json.loads(answer)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) or any(isinstance(each, str) for each in value)
