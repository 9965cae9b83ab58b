"""A scheme file as people write it: short forms made whole, what is absent filled in, faults as plain sentences.

A plain string is a definition, a list of strings is the values of a document label, a mapping by name is a list.
Scalars are read as they are written, so that the value `no` stays `no` and the key `1` stays `1`.
"""

from __future__ import annotations

import colorsys
import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from curation.errors import SchemeError
from curation.printable import printable
from curation.yaml_file import load_yaml, yaml_problem

#: Lists whose entries have names, with the key that a bare value is given under.
ENTRIES = {"categories": "definition", "relations": "definition", "labels": "values", "attributes": "values"}
#: Keys whose value is said in a language.
LOCALISED = ("label", "definition", "boundary", "examples", "counter_examples")
#: A `#` that is not in quotes begins a comment in YAML, and leaves these empty.
QUOTED = {"colour": 'a colour in quotes, such as "#1f77b4"', "hotkey": 'a key in quotes, such as "1"'}

#: Keys that the editor does not use: not the verdict's (a f x), the assertions' (p n o c i m) or Label Studio's (u).
FREE_KEYS = "1234567890qwertysdghjklzvb"
#: Used after these, one letter each.
MODIFIERS = ("shift", "ctrl+shift", "alt+shift")

#: The hue of each next colour is this part of the circle away from the last, so that neighbours differ.
GOLDEN = 0.6180339887
#: Relative luminances (WCAG 2.2) on which black letters are read, and which stand out from a white page.
LUMINANCES = (0.42, 0.24, 0.33)
#: Two colours are alike when they are nearer than this, as the sum of the differences of red, green and blue.
ALIKE = (90, 45, 0)
COLOURS_TRIED = 500


@dataclass(frozen=True, slots=True)
class SchemeContent:
    """The content of a scheme file in its whole form, and what was filled in for each category, by its name."""

    content: dict[str, Any]
    filled: Mapping[str, tuple[str, ...]]


def scheme_content(text: str) -> SchemeContent:
    """The whole form of a scheme file's text. Raises SchemeError with one sentence for each fault of its form."""
    content = _parsed(text)
    if not isinstance(content, dict):
        raise SchemeError(f"expected keys such as name and categories, got {came(content)}")
    whole = dict(content)
    faults: list[str] = []
    for key, value in ENTRIES.items():
        if key in whole:
            whole[key] = _entries(key, value, whole[key], faults)
    if faults:
        raise SchemeError("\n".join(map(printable, faults)))
    languages = whole.get("languages")
    language = languages[0] if isinstance(languages, list) and languages else "en"
    for key in ENTRIES:
        whole[key] = [_localised(entry, str(language)) for entry in whole.get(key, ())]
    return SchemeContent(whole, _fill(whole["categories"], str(language)))


class _AsWritten(yaml.SafeLoader):
    """Reads scalars as strings, but for an empty one."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as the base class has it
        first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _parsed(text: str) -> Any:
    try:
        return load_yaml(text, _AsWritten)
    except yaml.MarkedYAMLError as error:
        raise SchemeError(yaml_problem(error)) from error
    except (yaml.YAMLError, TypeError) as error:
        raise SchemeError(f"expected YAML: {' '.join(str(error).split())}") from error


def _entries(key: str, bare: str, value: Any, faults: list[str]) -> list[dict[str, Any]]:
    """The entries of a list or of a mapping by name, each as a mapping with its name."""
    if value is None:
        return []
    if isinstance(value, dict):
        named = list(value.items())
    elif isinstance(value, list):
        named = [_named(entry) for entry in value]
    else:
        faults.append(f"{key}: expected a list or names with their meaning, got {came(value)}")
        return []
    entries = []
    for number, (name, entry) in enumerate(named, 1):
        here = f"{key}.{name}" if name else f"{key}, entry {number}"
        if entry is None:
            entry = {}
        elif isinstance(entry, str | list):
            entry = {bare: entry}
        if not isinstance(entry, dict):
            faults.append(f"{here}: expected a {bare} or keys, got {came(entry)}")
            continue
        if name and entry.get("name", name) != name:
            faults.append(f"{here}: expected one name, got {entry['name']} as well")
        faults += [
            f"{here}.{quoted}: expected {expected}, got nothing (a # that is not in quotes begins a comment)"
            for quoted, expected in QUOTED.items()
            if quoted in entry and entry[quoted] is None
        ]
        entries.append({**({"name": name} if name else {}), **_without_empty(entry)})
    return entries


def _named(entry: Any) -> tuple[str | None, Any]:
    """The name and the rest of a list's entry: `diagnosis`, `{diagnosis: ...}`, or `{name: diagnosis, ...}`."""
    if isinstance(entry, str):
        return entry, None
    if isinstance(entry, dict) and len(entry) == 1 and "name" not in entry:
        return next(iter(entry.items()))
    name = entry.get("name") if isinstance(entry, dict) else None
    return (name if isinstance(name, str) else None), entry


def _without_empty(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if value is not None}


def _localised(entry: Mapping[str, Any], language: str) -> dict[str, Any]:
    return {
        key: {language: value} if key in LOCALISED and isinstance(value, str | list) else value
        for key, value in entry.items()
    }


def _fill(categories: Sequence[dict[str, Any]], language: str) -> dict[str, tuple[str, ...]]:
    """Give each category the label, colour and hotkey that it lacks; which ones, by the category's name.

    With more categories than keys, the last have none.
    """
    colours = _free_colours(str(category["colour"]) for category in categories if "colour" in category)
    keys = _free_keys(str(category["hotkey"]) for category in categories if "hotkey" in category)
    filled: dict[str, tuple[str, ...]] = {}
    for category in categories:
        name = str(category.get("name", ""))
        lacking = tuple(key for key in ("label", "colour", "hotkey") if key not in category)
        if "label" in lacking:
            category["label"] = {language: label_of(name)}
        if "colour" in lacking:
            category["colour"] = next(colours)
        if "hotkey" in lacking:
            category["hotkey"] = next(keys, None)
        if given := tuple(key for key in lacking if category[key] is not None):
            filled[name] = given
    return filled


def label_of(name: str) -> str:
    """A category's name in the words of people: `signs_symptoms` becomes `Signs symptoms`."""
    words = " ".join(name.replace("_", " ").replace("-", " ").split())
    return words[:1].upper() + words[1:]


def _free_keys(taken: Iterable[str]) -> Iterator[str]:
    used = {key.lower() for key in taken}
    letters = [key for key in FREE_KEYS if key.isalpha()]
    keys = [*FREE_KEYS, *(f"{modifier}+{letter}" for modifier in MODIFIERS for letter in letters)]
    return (key for key in keys if key not in used)


def _free_colours(taken: Iterable[str]) -> Iterator[str]:
    """Colours that differ from those taken and from each other as long as there are any, always in the same order."""
    used = [rgb for colour in taken if (rgb := _rgb(colour)) is not None]
    for alike in ALIKE:
        # A colour that is too near to one that is used stays so: each is tried once.
        for colour in map(_colour, range(COLOURS_TRIED)):
            if all(sum(abs(a - b) for a, b in zip(colour, other, strict=True)) > alike for other in used):
                used.append(colour)
                yield _hex(colour)
    yield from cycle(_hex(_colour(number)) for number in range(COLOURS_TRIED))


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


@lru_cache(maxsize=COLOURS_TRIED)
def _colour(number: int) -> tuple[int, int, int]:
    """Colour of a number: hues a golden angle apart, as light as LUMINANCES says in turn."""
    hue, luminance = number * GOLDEN % 1, LUMINANCES[number % len(LUMINANCES)]
    low, high = 0.0, 1.0
    for _ in range(16):
        lightness = (low + high) / 2
        rgb = colorsys.hls_to_rgb(hue, lightness, 0.65)
        low, high = (lightness, high) if relative_luminance(rgb) < luminance else (low, lightness)
    red, green, blue = (round(255 * part) for part in rgb)
    return red, green, blue


def relative_luminance(rgb: Sequence[float]) -> float:
    """How light a colour (red, green and blue from 0 to 1) is to people, from 0 to 1 (WCAG 2.2)."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _rgb(colour: str) -> tuple[int, ...] | None:
    digits = colour.removeprefix("#")
    try:
        return tuple(int(digits[at : at + 2], 16) for at in (0, 2, 4))
    except ValueError:
        return None


def plain_sentences(error: ValidationError, content: Mapping[str, Any], model: type[BaseModel]) -> Iterator[str]:
    """One sentence for each fault that pydantic found: the key's path, what was expected, what came."""
    for fault in error.errors():
        location = list(fault["loc"])
        path = _path(location, content)
        if fault["type"] == "extra_forbidden":
            yield f"{path}: unknown key; {_nearest(str(location[-1]), _fields(location[:-1], model))}"
        elif fault["type"] == "missing":
            yield f"{path}: expected a value here, found none"
        elif fault["type"] == "string_pattern_mismatch":
            yield (
                f"{path}: expected letters (a-z), digits, - and _ after a letter, got {came(fault['input'])}"
                if location[-1] == "name"
                else f"{path}: expected one key such as q, or with shift+, ctrl+ or alt+ before it, "
                f"got {came(fault['input'])}"
            )
        elif fault["type"] == "too_short":
            yield f"{path}: expected at least {fault['ctx']['min_length']} values, got {fault['ctx']['actual_length']}"
        else:
            said = fault["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
            shown = "" if ", got " in said or location == [] else f", got {came(fault['input'])}"
            yield f"{path}: {said}{shown}" if path else f"{said}{shown}"


def _path(location: Sequence[str | int], content: Any) -> str:
    """The path of a key, with entries of lists by their names."""
    parts: list[str] = []
    for part in location:
        content = content[part] if _has(content, part) else None
        if isinstance(part, int):
            name = content.get("name") if isinstance(content, dict) else None
            part = str(name) if name else f"entry {part + 1}"
        parts.append(part)
    return ".".join(parts)


def _has(content: Any, part: str | int) -> bool:
    if isinstance(part, int):
        return isinstance(content, list) and part < len(content)
    return isinstance(content, dict) and part in content


def _fields(location: Sequence[str | int], model: type[BaseModel]) -> list[str]:
    """The keys that are known at a place: those of the whole scheme, or of the entries of a list."""
    found: Any = model
    for part in location:
        if isinstance(part, str) and part in getattr(found, "model_fields", {}):
            inner = found.model_fields[part].annotation
            found = next((kind for kind in getattr(inner, "__args__", ()) if hasattr(kind, "model_fields")), None)
    return list(getattr(found, "model_fields", {}))


def _nearest(key: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"known here are: {', '.join(known)}"


def came(value: object) -> str:
    """A value of a scheme file for people, in short."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return f"keys ({', '.join(map(str, value))})"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return repr(value)
