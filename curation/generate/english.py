"""Number of English noun phrases: ``petechiae on both shins`` are, ``chest pain`` is."""

from __future__ import annotations

import re

#: Where what follows the head noun begins.
AFTER_HEAD = re.compile(
    r",? (?:of|in|with|from|at|over|on|for|to|up|by|after|without|under|across|around|between|along|during|before|"
    r"when|while|against|within|every|per|that|lasting|radiating|dilated to|positive for|as|behind|above|below) "
    r"|, (?=[A-Z])"
)
IRREGULAR = re.compile(r"(?:ae|[^aeiou]i|teeth|feet|ganglia|diverticula|cavernosa|drusen)$")
#: Singulars that end in s; the second list is for those of which the German is no plural either.
SINGULAR_S = re.compile(r"(?:ss|us|is)$")
SINGULAR_WORDS = re.compile(
    r"(?:ias|betes|[Aa]bs|HBs|erpes|ascites|erysipelas|scabies|tremens|nigricans|rabies|tetanus|Graves|measles|mumps)$"
)


def english_plural(lead: str, text: str, *, german_plural: bool) -> bool:
    """Whether a verb beside the noun phrase stands in the plural; the number of its German decides doubtful ones."""
    if lead in ("a ", "an ") or text.startswith(("seeing ", "getting ")):
        return False
    head = AFTER_HEAD.split(text, maxsplit=1)[0]
    regular = head.endswith("s") and not SINGULAR_S.search(head)
    if german_plural:
        return regular or " and " in head or IRREGULAR.search(head) is not None
    return regular and not SINGULAR_WORDS.search(head)
