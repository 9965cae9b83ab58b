"""Questions about a record, one for each category: made from the scheme's definitions, or from a file.

The file is YAML: a section for each language, and in it a question for each category. What it leaves out is asked as
the scheme defines it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import yaml

from curation.errors import UsageError, unknown_name
from curation.scheme import Category, Scheme
from curation.yaml_file import load_yaml, yaml_problem

#: By language, then category.
Questions = dict[str, dict[str, str]]

#: How a question begins, by language.
FIND = {"en": "Find {label}: {definition}", "de": "Finde {label}: {definition}"}


def made_questions(scheme: Scheme) -> Questions:
    """A question for each category in each language of the scheme that has an opening, else in English."""
    return {
        language: {category.name: _made(category, language) for category in scheme.categories}
        for language in asked_languages(scheme, FIND)
    }


def _made(category: Category, language: str) -> str:
    label = label_of(category, language)
    definition = category.definition.get(language, "")
    return FIND[language].format(label=label, definition=definition).rstrip(": ").rstrip()


def label_of(category: Category, language: str) -> str:
    """What a category is called in a language, else its name in words."""
    return category.label.get(language, category.name.replace("_", " "))


def questions_of(scheme: Scheme, path: Path | None = None) -> Questions:
    """The scheme's questions, those of a file in their place.

    Raises UsageError for a file that is no such table, or names what the scheme does not have.
    """
    return with_file(made_questions(scheme), scheme, path, what="a category", names=scheme.names)


def with_file(made: Questions, scheme: Scheme, path: Path | None, *, what: str, names: Sequence[str]) -> Questions:
    """The questions with those of a file in their place; names: what may be asked about, `what` in words.

    Raises UsageError for a file that is no such table, or names what the scheme does not have.
    """
    questions = {language: dict(asked) for language, asked in made.items()}
    for language, given in _read(path).items() if path else ():
        if language not in scheme.languages:
            raise unknown_name(f"a language of the scheme {scheme.name} in {path}", language, scheme.languages)
        for name, question in given.items():
            if name not in names:
                raise unknown_name(f"{what} of the scheme {scheme.name} in {path}", name, names)
            asked = questions.setdefault(language, dict(next(iter(questions.values()))))
            asked[name] = question
    return questions


def asked_languages(scheme: Scheme, openings: Collection[str]) -> Sequence[str]:
    """The languages of the scheme that questions can be made in, else English."""
    return [language for language in scheme.languages if language in openings] or ["en"]


def _read(path: Path) -> Mapping[str, Mapping[str, str]]:
    try:
        content = load_yaml(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"expected a YAML file of questions at {path}, got {yaml_problem(error)}") from error
    sound = isinstance(content, dict) and all(
        isinstance(given, dict) and all(isinstance(question, str) and question.strip() for question in given.values())
        for given in content.values()
    )
    if not sound:
        raise UsageError(
            f"{path}: expected a section for each language with a question for each category, such as "
            "`en: {age: 'How old is the patient?'}`"
        )
    return content  # type: ignore[no-any-return]


def question(questions: Mapping[str, Mapping[str, str]], category: str, language: str) -> str:
    """The question about a category in a language, else in the first one that there is."""
    asked = questions.get(language) or next(iter(questions.values()))
    return asked[category]
