"""The words of the editor, by language."""

from __future__ import annotations

#: Headings by name; a missing language is shown in English.
HEADINGS: dict[str, dict[str, str]] = {
    "en": {
        "labels": "Mark the information",
        "assertion": "What the text says about the marked information",
        "relations": "Link two marks that belong together",
        "verdict": "Your verdict on the record",
        "reasons": "What is wrong",
        "reasons_missing": "Please say what is wrong.",
        "verdict_missing": "Please give your verdict on the record.",
        "quality": "Quality of the pre-annotation (optional)",
        "facts": "What the text says, a line for each fact",
        "translation": "Translation",
        "original": "Original",
        "original_to_read": "Original, to be read only; marks of one number belong together",
        "correct_text": "Text of the translation: correct what is wrong. Marks find their words again",
        "comment": "Comment (optional)",
        "guideline": "Guideline",
        "boundary": "Boundary",
        "examples": "Examples",
        "values": "One of",
        "hotkey": "Key",
        "buttons": "",
    },
    "de": {
        "labels": "Angaben markieren",
        "assertion": "Was der Text über die markierte Angabe sagt",
        "relations": "Zusammengehörige Markierungen verbinden",
        "verdict": "Ihr Urteil über den Bericht",
        "reasons": "Was nicht stimmt",
        "reasons_missing": "Bitte geben Sie an, was nicht stimmt.",
        "verdict_missing": "Bitte geben Sie Ihr Urteil über den Bericht ab.",
        "quality": "Güte der Vorannotation (freiwillig)",
        "facts": "Was der Text sagt, eine Zeile für jede Angabe",
        "translation": "Übersetzung",
        "original": "Original",
        "original_to_read": "Original, nur zum Lesen; Markierungen einer Nummer gehören zusammen",
        "correct_text": "Text der Übersetzung: verbessern Sie, was falsch ist. Markierungen finden ihre Wörter wieder",
        "comment": "Kommentar (freiwillig)",
        "guideline": "Leitfaden",
        "boundary": "Abgrenzung",
        "examples": "Beispiele",
        "values": "Eines von",
        "hotkey": "Taste",
        "buttons": "Die Knöpfe von Label Studio sind englisch: Submit speichert Ihre Antwort, Update eine geänderte; "
        "Skip überlässt den Bericht anderen; Instructions zeigt diesen Leitfaden; Regions sind die Markierungen, "
        "Relations ihre Verbindungen.",
    },
}

#: Verdicts on a record, each with its preferred key.
VERDICTS: dict[str, tuple[str, dict[str, str]]] = {
    "accept": ("a", {"en": "accept as it stands", "de": "annehmen, wie es ist"}),
    "fix": ("f", {"en": "accept with my corrections", "de": "mit meinen Korrekturen annehmen"}),
    "reject": ("x", {"en": "reject the record", "de": "Bericht verwerfen"}),
}

#: The reasons why a record is rejected or was fixed: the error taxonomy of the reviews.
REASONS: dict[str, dict[str, str]] = {
    "invention": {"en": "not in the text", "de": "steht nicht im Text"},
    "omission": {"en": "missing", "de": "fehlt"},
    "wrong_category": {"en": "wrong category", "de": "falsche Kategorie"},
    "boundary": {"en": "wrong boundary", "de": "falsche Grenze"},
    "wrong_value": {"en": "wrong value", "de": "falscher Wert"},
    "translation": {"en": "wrong translation", "de": "falsch übersetzt"},
    "identifier": {"en": "identifies a person", "de": "nennt eine Person"},
}

#: Assertions of an entity, each with its preferred key; an entity without one is present.
ASSERTIONS: dict[str, tuple[str, dict[str, str]]] = {
    "present": ("p", {"en": "present", "de": "vorhanden"}),
    "negated": ("n", {"en": "stated as absent", "de": "verneint"}),
    "possible": ("o", {"en": "possible, suspected", "de": "möglich, Verdacht"}),
    "conditional": ("c", {"en": "under a condition", "de": "unter einer Bedingung"}),
    "historical": ("i", {"en": "in the past", "de": "früher"}),
    "family": ("m", {"en": "about a relative", "de": "betrifft Verwandte"}),
}


#: What the choices are called on the page, where that is not their own name.
TITLES: dict[str, dict[str, str]] = {
    "de": {
        **{value: wordings["de"] for value, wordings in REASONS.items()},
        "accept": "annehmen",
        "fix": "korrigiert annehmen",
        "reject": "verwerfen",
        "present": "vorhanden",
        "negated": "verneint",
        "possible": "möglich",
        "conditional": "bedingt",
        "historical": "früher",
        "family": "Verwandte",
    }
}

#: What validation said about the record, above its text.
CHECKS: dict[str, dict[str, str]] = {
    "en": {
        "heading": "Validation",
        "none": "not done yet",
        "accepted": "nothing found",
        "person": "accepted by a person",
        "look": "please look",
    },
    "de": {
        "heading": "Prüfung",
        "none": "steht noch aus",
        "accepted": "nichts gefunden",
        "person": "von einer Person angenommen",
        "look": "bitte ansehen",
    },
}

#: What is told beside a translation about the marks of its original.
ORIGINAL_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "missing": "The original is not here.",
        "unlinked": "These marks were not carried over to the translation, so none is linked to one there.",
        "lost": "{count} not found in the translation, please mark:",
        "doubtful": "{count} doubtful (two ways to find it disagree), please look:",
    },
    "de": {
        "missing": "Das Original fehlt.",
        "unlinked": "Diese Markierungen wurden nicht in die Übersetzung übertragen und sind mit keiner dort verbunden.",
        "lost": "{count} in der Übersetzung nicht gefunden, bitte markieren:",
        "doubtful": "{count} zweifelhaft (zwei Wege, sie zu finden, widersprechen sich), bitte ansehen:",
    },
}


def spoken(language: str) -> str:
    """The language of our own words on the page: English where there are none in that one."""
    return language if language in HEADINGS else "en"


def title(value: str, language: str) -> str:
    """What a choice is called on the page."""
    return TITLES.get(language, {}).get(value, value.replace("_", " "))


def localised(wordings: dict[str, str], language: str) -> str:
    """The wording in the language, or else in English, in any language, or empty."""
    return wordings.get(language) or wordings.get("en") or next(iter(wordings.values()), "")
