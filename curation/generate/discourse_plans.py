"""In which order a case is told: six discourse plans, each a few parts of blocks."""

from __future__ import annotations

from typing import NamedTuple


class Part(NamedTuple):
    """Blocks that stand together: in order or shuffled, under a heading or none."""

    blocks: tuple[str, ...]
    register: str = "prose"  # prose, terse, or either
    heading: str = ""
    shuffled: bool = False
    #: Blocks of which each item is a line of its own.
    listed: bool = False


BACKGROUND = ("comorbidities", "history", "family", "family_none", "life_style", "social")
THERAPY = ("drugs", "interventions", "avoided")

PLANS: dict[str, tuple[Part, ...]] = {
    "chronological": (
        Part(("openings", "symptoms", "absent")),
        Part(BACKGROUND, shuffled=True),
        Part(("vitals", "signs")),
        Part(("labs", "normal", "tests")),
        Part(("suspected", "excluded", "diagnosis", "short")),
        Part(THERAPY, shuffled=True),
        Part(("complications", "outcome", "follow_up")),
    ),
    "problem_first": (
        Part(("problems", "comorbidities", "complaints", "symptoms")),
        Part(("absent", "signs", "vitals"), shuffled=True),
        Part(("history", "life_style", "social", "family", "family_none"), shuffled=True),
        Part(("suspected", "tests", "labs", "normal", "excluded")),
        Part(("short", *THERAPY)),
        Part(("complications", "outcome", "follow_up")),
    ),
    "discharge": (
        Part(("persons",), "terse"),
        Part(("diagnosis", "complications"), "terse", "assessment"),
        Part(("complaints", "symptoms", "absent", "history", "comorbidities"), "either", "presentation"),
        Part(("vitals", "signs", "labs", "normal", "tests"), "terse", "results"),
        Part(("suspected", "excluded"), "either"),
        Part(("short", *THERAPY), "terse", "treatment"),
        Part(("life_style", "social", "family", "family_none"), "terse", shuffled=True),
        Part(("outcome", "follow_up"), "either", "course"),
    ),
    "sections": (
        Part(("openings", "symptoms", "absent"), "prose", "presentation"),
        Part(BACKGROUND, "either", "history", shuffled=True),
        Part(("vitals", "signs"), "either", "examination"),
        Part(("labs", "normal", "tests"), "either", "results"),
        Part(("suspected", "excluded", "diagnosis"), "either", "assessment"),
        Part(("short", *THERAPY), "either", "treatment"),
        Part(("complications", "outcome", "follow_up"), "either", "course"),
    ),
    "ward_note": (
        Part(("openings", "symptoms", "absent"), "terse"),
        Part(BACKGROUND, "terse", shuffled=True),
        Part(("vitals", "signs"), "terse"),
        Part(("labs", "normal", "tests"), "terse"),
        Part(("suspected", "excluded", "diagnosis"), "terse"),
        Part(("short", *THERAPY), "terse"),
        Part(("complications", "outcome", "follow_up"), "terse"),
    ),
    "letter": (
        Part(("letters",), "prose", "salutation"),
        Part(("diagnosis", "complications", "comorbidities"), "terse", "diagnoses", listed=True),
        Part(("complaints", "symptoms", "absent"), "prose"),
        Part(("history", "family", "family_none", "life_style", "social"), "prose", shuffled=True),
        Part(("signs", "vitals", "tests", "labs", "normal"), "prose"),
        Part(("suspected", "excluded"), "prose"),
        Part(("short", *THERAPY), "prose"),
        Part(("outcome", "follow_up"), "prose"),
    ),
}
