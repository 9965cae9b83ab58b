"""What cannot be seen is shown, and what is written stays as it is."""

from __future__ import annotations

import json
import unicodedata

import pytest

from curation.printable import printable, printable_json, printable_lines

SHOWN = {
    "\x1b[2J": "\\x1b[2J",
    "\x1b]0;title\x07": "\\x1b]0;title\\x07",
    "\x9b31m": "\\x9b31m",
    "a\x00b\x7fc\x08d": "a\\x00b\\x7fc\\x08d",
    "a\nb\rc\td": "a\\nb\\rc\\td",
    "a\u2028b\u2029c\x85d": "a\\u2028b\\u2029c\\x85d",
    "\u202egnp.exe": "\\u202egnp.exe",
    "\u2066a\u2069 \u200f \u061c": "\\u2066a\\u2069 \\u200f \\u061c",
    "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg": "a\\u200bb\\u200cc\\u200dd\\u2060e\\ufefff\\xadg",
    "a\ufe0fb\U000e0100c": "a\\ufe0fb\\U000e0100c",
    "a\U000e0041b": "a\\U000e0041b",
    "\ud800": "\\ud800",
    "\u3164": "\\u3164",
}

KEPT = [
    "Größe 1,80 m, Übelkeit, Straße, ſ",
    unicodedata.normalize("NFD", "Ärztin für Café, Größe"),
    "👩‍⚕️ sah 🤒 🌡️ 👍🏽 👨‍👩‍👧‍👦 🏴‍☠️ ❤️‍🔥 🇩🇪 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f 1️⃣ ©️ ☎︎",
    "المريض חמי सर्दी 発熱 ไข้",
    "39\u00a0°C\u202f≥ 5\u2009µg",
    "C:\\new\\table [red]x[/]",
]


@pytest.mark.parametrize("text", SHOWN)
def test_what_cannot_be_seen_is_shown(text: str) -> None:
    assert printable(text) == SHOWN[text]


@pytest.mark.parametrize("text", KEPT)
def test_letters_and_emoji_stay(text: str) -> None:
    assert printable(text) == printable_lines(text) == text


def test_a_text_keeps_its_lines_and_tabs() -> None:
    assert printable_lines("a\tb\r\nc\x1b[31m\rd") == "a\tb\nc\\x1b[31m\\rd"


@pytest.mark.parametrize("text", [*SHOWN, *KEPT])
def test_json_says_the_same_and_holds_no_control(text: str) -> None:
    written = printable_json(json.dumps({text: [text]}, ensure_ascii=False, indent=2))
    assert json.loads(written) == {text: [text]}
    assert printable_lines(written) == written
