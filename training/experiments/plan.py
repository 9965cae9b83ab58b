"""What an experiment is: what may not change under its name, as a file that is written before the first cell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import JsonValue, ValidationError

from curation.atomic_file import write_private
from curation.errors import UsageError
from curation.record import Frozen, canonical

PLAN = "plan.json"
#: Of what differs, so much is named.
NAMED = 5
#: What stands before the name of a variant: others may join them.
VARIANT = "variants."
VARIANT_NAME = re.compile(r"^variants\.[^.]+\.")


class ExperimentPlan(Frozen):
    """An experiment by its kind and name, and all that its cells have in common, by dotted keys."""

    format: Literal[1] = 1
    kind: str
    name: str
    fixed: dict[str, JsonValue]


def opened(
    folder: Path, plan: ExperimentPlan, defaults: Mapping[str, JsonValue] = MappingProxyType({})
) -> ExperimentPlan:
    """The plan, now in the experiment's folder. Raises UsageError where another one has its name, with what differs.

    defaults: what keys stand for that a plan does not have, as one of an earlier version lacks those that came later.
    """
    file = folder / PLAN
    if not file.is_file():
        write_private(file, plan.model_dump_json(indent=2) + "\n")
        return plan
    try:
        before = ExperimentPlan.model_validate_json(file.read_text(encoding="utf-8"))
    except (ValidationError, ValueError) as error:
        raise UsageError(
            f"expected the plan of an experiment at {file}, it cannot be read ({type(error).__name__}); choose another "
            "--name"
        ) from error
    if differing := [*_differences(before, plan, defaults)]:
        more = f", and {len(differing) - NAMED} more" if len(differing) > NAMED else ""
        raise UsageError(
            f"expected the experiment {plan.name} with what it began with, got another: "
            f"{'; '.join(differing[:NAMED])}{more}; choose another --name"
        )
    return plan


def _differences(before: ExperimentPlan, now: ExperimentPlan, defaults: Mapping[str, JsonValue]) -> Iterator[str]:
    if before.kind != now.kind:
        yield f"it is a {before.kind}, now {now.kind}"
        return
    for key in dict.fromkeys((*before.fixed, *now.fixed)):
        joins = key.startswith(VARIANT) and not (key in before.fixed and key in now.fixed)
        default = defaults.get(VARIANT_NAME.sub("", key))
        then, later = before.fixed.get(key, default), now.fixed.get(key, default)
        if not joins and then != later:
            yield f"{key} was {_shown(then)}, now {_shown(later)}"


def _shown(value: JsonValue) -> str:
    return "not there" if value is None else value if isinstance(value, str) else canonical(value)


def dotted(values: Mapping[str, JsonValue], before: str) -> dict[str, JsonValue]:
    """The values under one word, by dotted keys."""
    return {f"{before}.{key}": value for key, value in values.items()}
