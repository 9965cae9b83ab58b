"""Questions about a record, one for each category: made from the scheme's definitions, or from a file.

The file is YAML: a section for each language, and in it a question for each category. What it leaves out is asked as
the scheme defines it.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    languages = [language for language in scheme.languages if language in FIND] or ["en"]
    return {
        language: {category.name: _made(category, language) for category in scheme.categories} for language in languages
    }


def _made(category: Category, language: str) -> str:
    label = category.label.get(language, category.name.replace("_", " "))
    definition = category.definition.get(language, "")
    return FIND[language].format(label=label, definition=definition).rstrip(": ").rstrip()


def questions_of(scheme: Scheme, path: Path | None = None) -> Questions:
    """The scheme's questions, those of a file in their place.

    Raises UsageError for a file that is no such table, or names what the scheme does not have.
    """
    questions = made_questions(scheme)
    for language, given in _read(path).items() if path else ():
        if language not in scheme.languages:
            raise unknown_name(f"a language of the scheme {scheme.name} in {path}", language, scheme.languages)
        for name, question in given.items():
            if name not in scheme.by_name:
                raise unknown_name(f"a category of the scheme {scheme.name} in {path}", name, scheme.names)
            made = questions.setdefault(language, dict(next(iter(questions.values()))))
            made[name] = question
    return questions


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
