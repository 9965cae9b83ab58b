"""What people read after a validation."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from pipeline.commands.validate import not_measured
from validation.verdict import Verdicts


def test_rules_without_a_value_stand_in_one_line_whatever_their_columns() -> None:
    reasons = {
        "nothing applies: no record has a value in age_lowest": ["age_not_too_low"],
        "nothing applies: no set is frozen": ["no_leakage"],
        "nothing applies: no record has a value in unit_slips": ["no_unit_slips"],
    }
    assert not_measured(cast(Verdicts, SimpleNamespace(not_measured=reasons))) == [
        "not measured (nothing applies: no record has a value): age_not_too_low, no_unit_slips",
        "not measured (nothing applies: no set is frozen): no_leakage",
    ]
