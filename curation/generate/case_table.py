"""Cases from a coded table: one row a case, columns that are categories of the scheme (CSV, TSV, JSON lines)."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from curation.errors import MissingExtraError, UsageError
from curation.generate.drawn_cases import TOLD_SOURCE
from curation.generate.records import LANGUAGES
from curation.generate.told_case import CaseOrigin, OrderedFact, ToldCase
from curation.record import Assertion, normal_group
from curation.scheme import ABSENT, FACT_JOIN, Scheme
from curation.text.assertion_words import assertion_of_word
from curation.text.language import confidences

#: Columns that are no categories.
OWN = ("id", "group", "language", "specialty")
#: Between a category and an assertion in the name of a column: `signs_symptoms:negated`.
ASSERTED = ":"
#: Delimiters that are told apart by the first line.
DELIMITERS = ",;\t|"
#: The probability from which on the words of a table tell its language.
SURE_LANGUAGE = 0.8
JSON_LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class CaseColumn:
    """What the values of a column are: facts of a category with an assertion."""

    category: str
    assertion: Assertion = Assertion.PRESENT


@dataclass(frozen=True, slots=True)
class CaseTable:
    """The cases of a file, how many rows have no fact, and the language of rows that name none (None: all do)."""

    cases: tuple[ToldCase, ...]
    empty: int
    language: str | None = None


def read_case_table(path: Path, scheme: Scheme, *, columns: Mapping[str, str], language: str | None) -> CaseTable:
    """The cases of a table. columns: the category, or category:assertion, of columns with other names.

    language: of rows that name none; None: told by the words of all of these. A cell has one fact, or several between
    semicolons; empty cells and N/A have none. Raises UsageError, naming the file and the line, for what is not
    understood.
    """
    rows = list(_rows(path))
    if not rows:
        raise UsageError(f"expected rows of cases in {path}, got none")
    known = _columns(path, dict.fromkeys(name for _, row in rows for name in row), scheme, columns)
    silent = [row for line, row in rows if not _word(f"{path}:{line}", "language", row.get("language"))]
    spoken = language or (_language(path, silent, known) if silent else None)
    cases: dict[str, ToldCase] = {}
    empty = 0
    for line, row in rows:
        case = _case(f"{path}:{line}", line, row, known, spoken or LANGUAGES[0])
        if case.id in cases:
            raise UsageError(f"{path}:{line}: expected each id once, got one twice")
        if any(case.facts.values()):
            cases[case.id] = case
        else:
            empty += 1
    return CaseTable(tuple(cases.values()), empty, spoken if silent else None)


def _language(path: Path, rows: Sequence[Mapping[str, JsonValue]], columns: Mapping[str, CaseColumn]) -> str:
    """The language of rows that name none, where their words tell it. Raises UsageError where they do not."""
    said = " ".join(
        wording for row in rows for name in columns for wording in _wordings(str(path), name, row.get(name))
    )
    try:
        found = confidences(said, languages=LANGUAGES)
    except MissingExtraError:
        found = {}
    likely = max(found, key=lambda name: found[name], default="")
    if found.get(likely, 0.0) < SURE_LANGUAGE:
        raise UsageError(
            f"{path}: expected the language of the facts ({', '.join(LANGUAGES)}) in a column `language`, or by "
            "--languages, since the words do not tell it"
        )
    return likely


def _columns(
    path: Path, names: Sequence[str] | Mapping[str, None], scheme: Scheme, columns: Mapping[str, str]
) -> dict[str, CaseColumn]:
    """What each column is, of those that are no own ones."""
    if unknown := [name for name in columns if name not in names]:
        raise UsageError(f"{path}: expected columns that the table has, it has no {', '.join(unknown)}")
    found: dict[str, CaseColumn] = {}
    for name in names:
        if name in OWN and name not in columns:
            continue
        meant = columns.get(name, name)
        category, _, word = meant.partition(ASSERTED)
        assertion = assertion_of_word(word)[0] if word else Assertion.PRESENT
        if category.strip() not in scheme.names or assertion is None:
            expected = (
                f"{', '.join(scheme.names)} (each also as NAME:ASSERTION, such as NAME:negated), or {', '.join(OWN)}"
            )
            hint = f"; got {name!r}. `--column {name}=CATEGORY` says what it is"
            raise UsageError(
                f"{path}: expected columns named {expected}"
                + (f"; `--column {name}={meant}` names none of them" if name in columns else hint)
            )
        found[name] = CaseColumn(category.strip(), assertion)
    if not found:
        raise UsageError(f"{path}: expected a column of a category ({', '.join(scheme.names)}), got none")
    return found


def _case(
    where: str, line: int, row: Mapping[str, JsonValue], columns: Mapping[str, CaseColumn], language: str
) -> ToldCase:
    own = {name: _word(where, name, row.get(name)) for name in OWN if name not in columns}
    spoken = own.get("language") or language
    if spoken not in LANGUAGES:
        raise UsageError(f"{where}: expected a language of {', '.join(LANGUAGES)}, got {spoken!r}")
    said = [(column, wording) for name, column in columns.items() for wording in _wordings(where, name, row.get(name))]
    facts = tuple(
        OrderedFact(f"T{number}", column.category, wording, column.assertion)
        for number, (column, wording) in enumerate(dict.fromkeys(said), 1)
    )
    id = own.get("id") or f"row-{line}"
    specialty = own.get("specialty")
    return ToldCase(
        id=id,
        group=normal_group(own.get("group") or id),
        source=TOLD_SOURCE,
        origin=CaseOrigin.TABLE,
        facts={spoken: facts},
        specialty=specialty,
        meta={"specialty": specialty} if specialty else {},
    )


def _word(where: str, name: str, value: JsonValue) -> str | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UsageError(f"{where}: expected one word in {name}, got another value")
    return str(value).strip()


def _wordings(where: str, name: str, value: JsonValue) -> Iterator[str]:
    """The facts of a cell."""
    if isinstance(value, list):
        for part in value:
            yield from _wordings(where, name, part)
        return
    word = _word(where, name, value)
    for part in (word or "").split(FACT_JOIN.strip()):
        if (fact := " ".join(part.split())) and fact.casefold() != ABSENT.casefold():
            yield fact


def _rows(path: Path) -> Iterator[tuple[int, dict[str, JsonValue]]]:
    """The rows by their lines."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(f"expected a table of cases in UTF-8 at {path}, it cannot be read: {reason}") from error
    except ValueError as error:
        raise UsageError(f"expected a table of cases in UTF-8 at {path}, got other bytes: save it as UTF-8") from error
    if "\x00" in content:
        raise UsageError(f"expected a table of cases as text at {path}, got NUL characters")
    yield from _json_rows(path, content) if path.suffix.lower() in JSON_LINES else _csv_rows(path, content)


def _json_rows(path: Path, content: str) -> Iterator[tuple[int, dict[str, JsonValue]]]:
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        try:
            # A number is a wording: 4.10 stays 4.10.
            row = json.loads(
                line, parse_float=str, parse_int=str, parse_constant=_no_number, object_pairs_hook=_each_once
            )
        except (ValueError, RecursionError) as error:
            raise UsageError(
                f"{path}:{number}: expected one JSON object a line, each key once, got something else"
            ) from error
        if not isinstance(row, dict):
            raise UsageError(f"{path}:{number}: expected a JSON object, got another value")
        yield number, row


def _no_number(name: str) -> str:
    raise ValueError(name)


def _each_once(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    """The object. Raises ValueError for a key that it has twice: one of the values would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key twice")
    return found


def _csv_rows(path: Path, content: str) -> Iterator[tuple[int, dict[str, JsonValue]]]:
    first = content.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(content.splitlines(keepends=True), delimiter=delimiter, strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        if len(set(header)) < len(header) or "" in header:
            raise UsageError(f"{path}:1: expected a name for each column, each once, in the first line")
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise UsageError(
                    f"{path}:{reader.line_num}: expected {len(header)} cells as in the first line, got {len(cells)}"
                )
            yield reader.line_num, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise UsageError(f"{path}:{reader.line_num}: expected rows as CSV has them, got an unclosed quote") from error
