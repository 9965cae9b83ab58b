"""Questions about the head of a relation, one for each relation type: made from the scheme, or from a file.

`{head}` in a question stands for the head's wording, `{category}` for what its category is called. The file is YAML: a
section for each language, and in it a question for each relation type. What it leaves out is asked as the scheme
defines it (Li et al. 2019, Entity-Relation Extraction as Multi-turn Question Answering).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from curation.errors import UsageError
from curation.scheme import RelationType, Scheme
from curation.views.questions import Questions, asked_languages, label_of, with_file

#: What stands for the head's wording and for its category.
WORDING, CATEGORY = "{head}", "{category}"
#: A question by language; what is found is named where the type leads to few categories only.
FIND_TAILS = {
    "en": 'For {{category}} "{{head}}", find {tails} ({relation}): {definition}',
    "de": "Finde zu {{category}} \u201e{{head}}\u201c {tails} ({relation}): {definition}",
}
ANYTHING = {"en": "all that belongs to it", "de": "alles Zugehörige"}
OR = {"en": " or ", "de": " oder "}
#: Of a type that leads to more categories than these, they are not named.
NAMED_TAILS = 3


@dataclass(frozen=True, slots=True)
class RelationQuestions:
    """The questions by language, then relation type, and what the categories are called by language."""

    by_type: Mapping[str, Mapping[str, str]]
    labels: Mapping[str, Mapping[str, str]]

    def parts(self, relation: str, category: str, language: str) -> tuple[str, str]:
        """What stands before and after the head's wording, in a language, else in the first one that there is."""
        asked = language if language in self.by_type else next(iter(self.by_type))
        label = self.labels.get(asked, {}).get(category, category.replace("_", " "))
        before, _, after = self.by_type[asked][relation].partition(WORDING)
        return before.replace(CATEGORY, label), after.replace(CATEGORY, label)

    def of(self, relation: str, category: str, wording: str, language: str) -> str:
        """The question about a head."""
        return wording.join(self.parts(relation, category, language))


def relation_questions(scheme: Scheme, path: Path | None = None) -> RelationQuestions:
    """The scheme's questions about heads, those of a file in their place.

    Raises UsageError for a file that is no such table, names what the scheme does not have, or has a question without
    the head's wording.
    """
    languages = asked_languages(scheme, FIND_TAILS)
    made = {language: {kind.name: _made(kind, scheme, language) for kind in scheme.relations} for language in languages}
    names = [kind.name for kind in scheme.relations]
    questions = with_file(made, scheme, path, what="a relation type", names=names)
    for language, asked in questions.items() if path else ():
        for name, question in asked.items():
            if question.count(WORDING) != 1:
                raise UsageError(
                    f"{path}: expected {WORDING} once in the question about {name} ({language}), where the wording of "
                    f"the entity stands that is asked about, got it {question.count(WORDING)} times"
                )
    return RelationQuestions(questions, _labels(scheme, [*questions]))


def _made(kind: RelationType, scheme: Scheme, language: str) -> str:
    tails = [label_of(scheme.by_name[name], language) for name in kind.tails if name in scheme.by_name]
    made = FIND_TAILS[language].format(
        tails=OR[language].join(tails) if 0 < len(tails) <= NAMED_TAILS else ANYTHING[language],
        relation=kind.name.replace("_", " "),
        definition=kind.definition.get(language, ""),
    )
    return made.rstrip(": ").rstrip()


def _labels(scheme: Scheme, languages: list[str]) -> Questions:
    return {
        language: {category.name: label_of(category, language) for category in scheme.categories}
        for language in languages
    }
