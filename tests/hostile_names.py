"""Names as a stranger may write them, for whatever prints or writes names."""

from __future__ import annotations

import unicodedata

#: Each does something to a terminal, a page, a formula, a table or a plot that takes it as it is.
HOSTILE_NAMES = (
    "\x1b[2J\x1b]0;gone\x07red\x1b[31m",
    "\x9b31mc1",
    "a\nerror: a second line\tand\rmore",
    "\u202egnp.exe\u2066",
    "zero\u200bwidth\ufeff",
    "half \ud800",
    "[red]markup[/red] [/]",
    "a|b `c` # *d* [e](https://example.invalid) ![f](x) <img src=x>",
    "---\nlicense: mit\n---",
    "$x^{ $ and $\\frac{",
    "_under",
    "=1+1",
    "x" * 400,
    "../../name",
    "",
)

#: These are letters and signs of people: nothing of them may change.
GOOD_NAMES = (
    "Größe über Maß",
    unicodedata.normalize("NFD", "Ärztin für Café"),
    "👩‍⚕️ 🤒 🇩🇪",
    "الاسم",
    "39 °C",
    ":warning: [x]",
    "C:\\",
)

#: What no output for people may hold; line feeds and tabs aside.
FORBIDDEN = tuple(
    chr(code)
    for code in (*range(0x20), *range(0x7F, 0xA0), 0x200B, 0x202E, 0x2066, 0xFEFF, 0xD800)
    if chr(code) not in "\n\t"
)


def is_clean(printed: str) -> bool:
    """Whether nothing in what was printed is obeyed by a terminal or hidden from a reader."""
    return not any(sign in printed for sign in FORBIDDEN)
