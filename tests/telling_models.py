"""What models answer that tell cases: all facts in plain sentences, and in the ways in which models fail."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

#: A sentence for each assertion, by language.
SENTENCES = {
    "English": {"present": "There was {0}.", "negated": "There was no {0}.", "possible": "There was possible {0}."},
    "German": {"present": "Es fand sich {0}.", "negated": "Es fand sich kein {0}.", "possible": "Verdacht auf {0}."},
}
FAMILY = {"English": "The mother had {0}.", "German": "Die Mutter hatte {0}."}


def asked(content: str) -> dict[str, Any]:
    """The data of a question."""
    found: dict[str, Any] = json.loads(content.partition("\n")[2].rpartition("\n")[0])
    return found


def told(question: dict[str, Any]) -> str:
    """A text that says each fact in a sentence of its own."""
    language = question["language"]
    forms = SENTENCES[language]
    lines = []
    for fact in question["facts"].values():
        assertion = fact.get("assertion", "present")
        form = FAMILY[language] if assertion == "family" else forms.get(assertion, forms["present"])
        lines.append(form.format(fact["wording"]))
    return " ".join(lines)


@dataclass
class TellingModel:
    """Answers questions of the prompts `tell`, `told`, `condense` and `judge`.

    instead: by how often a case was told before, what it answers in place of the text.
    """

    instead: list[str | None] = field(default_factory=list)
    questions: list[dict[str, Any]] = field(default_factory=list)
    judged: int = 0
    doubted: frozenset[str] = frozenset()

    def text(self, body: dict[str, Any]) -> str:
        """The words of the answer to the body of a request over HTTP."""
        return self.words(*(message["content"] for message in body["messages"]))

    def words(self, system: str, content: str) -> str:
        """The words of the answer."""
        if '"says"' in system:
            return self.verdicts(content)
        question = asked(content)
        self.questions.append(question)
        if "text" in question:
            return json.dumps(dict.fromkeys(question["facts"], ""))
        if "report" in question:
            return str(question["report"][:200])
        number = 1 if "lacking" in question else 0
        instead = self.instead[number] if number < len(self.instead) else None
        return told(question) if instead is None else instead

    def verdicts(self, content: str) -> str:
        """Each claim confirmed, but for the doubted wordings."""
        claims = [json.loads(line) for line in content.splitlines() if line.startswith("{")]
        self.judged += len(claims)
        return json.dumps(
            {
                claim["id"]: {
                    "says": "no" if claim["wording"] in self.doubted else "yes",
                    "category": claim["category"],
                    "assertion": claim["assertion"],
                }
                for claim in claims
            }
        )
