"""Invented names and towns, drawn for words; the same draw gives the same one."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from curation.deidentify.key import KeyedDraws

WORDS = Path(__file__).with_name("surrogates.yaml")


def given_name(draws: KeyedDraws, letter: str) -> str:
    """A given name with this first letter."""
    return draws.one_of(_given()[letter])


def initials() -> tuple[str, ...]:
    """The letters with which there are given names."""
    return tuple(_given())


def surname(draws: KeyedDraws, language: str) -> str:
    """A surname."""
    return _joined(draws, "surname", language)


def town(draws: KeyedDraws, language: str) -> str:
    """The name of a town."""
    return _joined(draws, "town", language)


def street(draws: KeyedDraws, language: str) -> str:
    """The name of a street."""
    stem = draws.one_of(_words("beginnings", language))
    return f"{stem}straße" if language == "de" else f"{stem} Street"


def _joined(draws: KeyedDraws, ending: str, language: str) -> str:
    return draws.one_of(_words("beginnings", language)) + draws.one_of(_words(f"endings.{ending}", language))


@lru_cache(maxsize=16)
def _words(path: str, language: str) -> tuple[str, ...]:
    found: Any = _content()
    for part in path.split("."):
        found = found[part]
    return tuple(found["de" if language == "de" else "en"].split())


@lru_cache(maxsize=1)
def _given() -> dict[str, tuple[str, ...]]:
    names = _content()["given"].split()
    return {
        letter: tuple(name for name in names if name[0] == letter) for letter in sorted({name[0] for name in names})
    }


@lru_cache(maxsize=1)
def _content() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return content
