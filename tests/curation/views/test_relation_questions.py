"""Questions about heads: made from the scheme in its languages, or from a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.errors import UsageError
from curation.scheme import Category, RelationType, Scheme
from curation.views.relation_questions import relation_questions


def category(name: str, english: str, german: str) -> Category:
    return Category(name=name, label={"en": english, "de": german}, colour="#1f77b4", hotkey=None)


DRUG, DOSE = category("drug", "Drug", "Medikament"), category("dose", "Dose", "Dosis")
SCHEME = Scheme(
    name="drugs",
    languages=("en", "de"),
    categories=(DRUG, DOSE),
    relations=(
        RelationType(
            name="dose_of", heads=("dose",), tails=("drug",), definition={"en": "What is given.", "de": "Was man gibt."}
        ),
        RelationType(name="with"),
    ),
)


@pytest.mark.parametrize(
    ("language", "relation", "expected"),
    [
        ("en", "dose_of", 'For Dose "5 mg", find Drug (dose of): What is given.'),
        ("de", "dose_of", "Finde zu Dosis „5 mg“ Medikament (dose of): Was man gibt."),
        ("en", "with", 'For Dose "5 mg", find all that belongs to it (with)'),
        ("de", "with", "Finde zu Dosis „5 mg“ alles Zugehörige (with)"),
        ("fr", "with", 'For Dose "5 mg", find all that belongs to it (with)'),
    ],
)
def test_a_question_names_the_head_its_category_and_what_is_looked_for(
    language: str, relation: str, expected: str
) -> None:
    assert relation_questions(SCHEME).of(relation, "dose", "5 mg", language) == expected


def test_few_categories_of_tails_are_named_and_many_are_not() -> None:
    names = [f"c{number}" for number in range(4)]
    categories = [category(name, name.upper(), name) for name in names]
    for count, expected in ((3, "find C0 or C1 or C2 (r)"), (4, "find all that belongs to it (r)")):
        kind = RelationType(name="r", heads=("c0",), tails=tuple(names[:count]))
        scheme = Scheme(name="s", languages=("en",), categories=tuple(categories), relations=(kind,))
        assert relation_questions(scheme).of("r", "c0", "x", "en") == f'For C0 "x", {expected}'


def test_a_file_overrides_questions_and_has_to_name_the_head(tmp_path: Path) -> None:
    file = tmp_path / "questions.yaml"
    file.write_text("de: {dose_of: 'Welches {category}s Medikament wird mit {head} dosiert?'}\n", encoding="utf-8")
    questions = relation_questions(SCHEME, file)
    assert questions.of("dose_of", "dose", "5 mg", "de") == "Welches Dosiss Medikament wird mit 5 mg dosiert?"
    assert questions.of("dose_of", "dose", "5 mg", "en").startswith('For Dose "5 mg"')
    for content, message in (
        ("en: {dose_off: '{head}?'}", "did you mean dose_of"),
        ("fr: {dose_of: '{head}?'}", "a language of the scheme drugs"),
        ("en: {dose_of: 'Which drug?'}", r"expected \{head\} once in the question about dose_of \(en\).* 0 times"),
        ("en: {dose_of: '{head} {head}?'}", "got it 2 times"),
        ("en: [dose_of]", "a section for each language"),
    ):
        file.write_text(content, encoding="utf-8")
        with pytest.raises(UsageError, match=message):
            relation_questions(SCHEME, file)
