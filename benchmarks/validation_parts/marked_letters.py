"""What is covered, by label, in invented letters that were written before their author had read the patterns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from measuring import table

from curation.deidentify.identifiers.analyzer import find_identifiers
from curation.deidentify.identifiers.identifier import COUNTED
from validation_parts.identifier_forms import FormLetter

LETTERS = {language: Path(__file__).with_name(f"marked_letters_{language}.txt") for language in ("de", "en")}
MARK = re.compile(r"\[\[([A-Z]+)\|(.*?)\]\]")


def measured() -> dict[str, object]:
    """Share of each label's identifiers that are covered whole, and precision, by language, with a table."""
    figures: dict[str, object] = {}
    for language in LETTERS:
        gold: Counter[str] = Counter()
        hits: Counter[str] = Counter()
        right = ours = 0
        for letter, labels in marked_letters(language):
            found = [each for each in find_identifiers(letter.text, language=language) if each.kind in COUNTED]
            covered = {at for each in found for at in range(each.start, each.end)}
            for (start, end), label in zip(letter.spans, labels, strict=True):
                gold[label] += 1
                hits[label] += all(at in covered or not letter.text[at].isalnum() for at in range(start, end))
            ours += len(found)
            right += sum(any(start < each.end and each.start < end for start, end in letter.spans) for each in found)
        rows = [(language, label, count, hits[label] / count) for label, count in gold.most_common()]
        print(table(("language", "label (invented letters)", "identifiers", "covered whole"), rows))
        print(f"precision {right / ours:.3f}", end="\n\n")
        figures |= {
            f"privacy_letters_{language}": {label: round(hits[label] / count, 4) for label, count in gold.items()},
            f"privacy_letters_{language}_precision": round(right / ours, 4),
        }
    return figures


def marked_letters(language: str) -> Iterator[tuple[FormLetter, list[str]]]:
    """The letters of a language without their marks, and the label of each span."""
    for part in re.split(r"^=== [^\n]*\n", LETTERS[language].read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        text, at = "", 0
        spans, labels = [], []
        for mark in MARK.finditer(part):
            text += part[at : mark.start()]
            spans.append((len(text), len(text) + len(mark[2])))
            labels.append(mark[1])
            text, at = text + mark[2], mark.end()
        yield FormLetter(text + part[at:], language, spans), labels
