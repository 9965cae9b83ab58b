"""Refusals in words: the model says that it does not want to, and no filter has told so."""

from __future__ import annotations

import re

#: So much of an answer is looked at: a refusal begins with it.
BEGINNING = 400
#: What a model says that it will not do, or is; what a patient says ("I cannot breathe") is none of it.
_PHRASES = (
    r"\bI(?:'m| am) (?:unable|not able|not allowed) to (?:help|assist|process|provide|answer|comply|fulfil|extract|do)",
    r"\bI (?:can(?:no|')t|can not|won't|will not) (?:help|assist|comply|provide|process|answer|fulfil|do that|extract|"
    r"share|discuss|continue|complete)",
    r"\bas an? (?:AI|language model|large language model)\b",
    r"\bals (?:KI|Sprachmodell|künstliche Intelligenz)\b",
    r"\b(?:kann|darf|werde) ich (?:(?:das|dies|diese|dabei|damit|hier|Ihnen|dir|leider|Anfrage|Bitte|Frage) )*nicht\b",
    r"\bich (?:kann|darf|werde) (?:(?:das|dies|diese|dabei|damit|hier|Ihnen|dir|leider|Anfrage|Bitte|Frage) )+nicht\b",
    r"\bich bin nicht in der Lage\b",
)
_REFUSAL = re.compile("|".join(_PHRASES), re.IGNORECASE)


def is_refusal(text: str) -> bool:
    """Whether an answer of which nothing can be read begins by refusing, in English or German."""
    return bool(_REFUSAL.search(text[:BEGINNING].replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")))
