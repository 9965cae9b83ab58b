"""The order of the facts of a case: six discourse plans, each a few parts of blocks."""

from __future__ import annotations

from typing import NamedTuple


class PlanPart(NamedTuple):
    """Blocks that stand together: in order or shuffled, under a heading or none."""

    blocks: tuple[str, ...]
    register: str = "prose"  # prose, terse, or either
    heading: str = ""
    shuffled: bool = False
    #: Blocks of which each item is a line of its own.
    listed: bool = False


BACKGROUND = ("comorbidities", "history", "family", "family_none", "life_style", "social")
THERAPY = ("drugs", "interventions", "avoided")

PLANS: dict[str, tuple[PlanPart, ...]] = {
    "chronological": (
        PlanPart(("openings", "symptoms", "absent")),
        PlanPart(BACKGROUND, shuffled=True),
        PlanPart(("vitals", "signs")),
        PlanPart(("labs", "normal", "tests")),
        PlanPart(("suspected", "excluded", "diagnosis", "short")),
        PlanPart(THERAPY, shuffled=True),
        PlanPart(("complications", "outcome", "follow_up")),
    ),
    "problem_first": (
        PlanPart(("problems", "comorbidities", "complaints", "symptoms")),
        PlanPart(("absent", "signs", "vitals"), shuffled=True),
        PlanPart(("history", "life_style", "social", "family", "family_none"), shuffled=True),
        PlanPart(("suspected", "tests", "labs", "normal", "excluded")),
        PlanPart(("short", *THERAPY)),
        PlanPart(("complications", "outcome", "follow_up")),
    ),
    "discharge": (
        PlanPart(("persons",), "terse"),
        PlanPart(("diagnosis", "complications"), "terse", "assessment"),
        PlanPart(("complaints", "symptoms", "absent", "history", "comorbidities"), "either", "presentation"),
        PlanPart(("vitals", "signs", "labs", "normal", "tests"), "terse", "results"),
        PlanPart(("suspected", "excluded"), "either"),
        PlanPart(("short", *THERAPY), "terse", "treatment"),
        PlanPart(("life_style", "social", "family", "family_none"), "terse", shuffled=True),
        PlanPart(("outcome", "follow_up"), "either", "course"),
    ),
    "sections": (
        PlanPart(("openings", "symptoms", "absent"), "prose", "presentation"),
        PlanPart(BACKGROUND, "either", "history", shuffled=True),
        PlanPart(("vitals", "signs"), "either", "examination"),
        PlanPart(("labs", "normal", "tests"), "either", "results"),
        PlanPart(("suspected", "excluded", "diagnosis"), "either", "assessment"),
        PlanPart(("short", *THERAPY), "either", "treatment"),
        PlanPart(("complications", "outcome", "follow_up"), "either", "course"),
    ),
    "ward_note": (
        PlanPart(("openings", "symptoms", "absent"), "terse"),
        PlanPart(BACKGROUND, "terse", shuffled=True),
        PlanPart(("vitals", "signs"), "terse"),
        PlanPart(("labs", "normal", "tests"), "terse"),
        PlanPart(("suspected", "excluded", "diagnosis"), "terse"),
        PlanPart(("short", *THERAPY), "terse"),
        PlanPart(("complications", "outcome", "follow_up"), "terse"),
    ),
    "letter": (
        PlanPart(("letters",), "prose", "salutation"),
        PlanPart(("diagnosis", "complications", "comorbidities"), "terse", "diagnoses", listed=True),
        PlanPart(("complaints", "symptoms", "absent"), "prose"),
        PlanPart(("history", "family", "family_none", "life_style", "social"), "prose", shuffled=True),
        PlanPart(("signs", "vitals", "tests", "labs", "normal"), "prose"),
        PlanPart(("suspected", "excluded"), "prose"),
        PlanPart(("short", *THERAPY), "prose"),
        PlanPart(("outcome", "follow_up"), "prose"),
    ),
}
