"""Whether an answer repeats itself without end, as small models do."""

from __future__ import annotations

import re

#: Blanks and digits in a row at the end of a text that no answer has.
BLANKS, DIGITS = 200, 100
#: The end of a text that is looked at, and the longest part of it that counts as repeated.
TAIL, PERIOD = 600, 120
#: So often the last lines repeat each other, whatever their length.
LINES = 8
#: The most lines that repeat together.
STANZA = 4

_RUN = re.compile(rf"(?:\s{{{BLANKS}}}|\d{{{DIGITS}}})\Z")


def is_looping(text: str) -> bool:
    """Whether the end of a text goes on for ever: blanks, digits, a few characters or a few lines, again and again."""
    return bool(_RUN.search(text[-BLANKS:])) or _repeats(text[-TAIL:], TAIL, PERIOD) or _lines_repeat(text)


def _repeats(tail: str, length: int, period: int) -> bool:
    """Whether a tail of that length consists of one part again and again."""
    if len(tail) != length:
        return False
    # Where it repeats itself, its beginning stands in it again.
    beginning, step = tail[: length - period], 0
    while (step := tail.find(beginning, step + 1)) > 0:
        if tail[step:] == tail[:-step]:
            return True
    return False


def _lines_repeat(text: str) -> bool:
    """Whether the last whole lines are one line, or a few, again and again."""
    lines = [line.strip() for line in text[-20_000:].rsplit("\n", LINES * STANZA + 1)[1:-1]]
    for step in range(1, STANZA + 1):
        last = lines[-LINES * step :]
        # A form has lines of one bracket, and blank lines between its parts.
        if len(last) == LINES * step and last[step:] == last[:-step] and max(map(len, last[:step])) > 3:
            return True
    return False
