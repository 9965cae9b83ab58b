"""Numbers that carry a check digit: how much of a wording that looks like one really is one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from stdnum import iban
from stdnum.gb import nhs

#: Weights of a German health insurance number (§ 290 SGB V, annex 1), its letter as two figures.
HEALTH_INSURANCE = (1, 2, 1, 2, 1, 2, 1, 2, 1, 2)
#: Weights of a German pension insurance number (VKVV § 4), its letter as two figures.
PENSION = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
#: Day and month of birth in a pension insurance number; the day of a second number of the same day is 50 higher.
BORN = re.compile(r"\d\d(?:0[1-9]|[12]\d|3[01]|5[1-9]|[67]\d|8[01])(?:0[1-9]|1[0-2])")
#: No account number is shorter; Norway's has 15 characters (ISO 13616).
SHORTEST_ACCOUNT = 15


def account(wording: str) -> int:
    """The length of the account number (IBAN) with which a wording begins; 0 for none."""
    ends = (end for end in range(len(wording), SHORTEST_ACCOUNT - 1, -1) if wording[end - 1].isalnum())
    return next((end for end in ends if iban.is_valid(wording[:end], check_country=False)), 0)


def nhs_number(wording: str) -> int:
    """The wording's length where it is a number of the British health service, else 0."""
    return len(wording) if nhs.is_valid(wording) else 0


def health_insurance_number(wording: str) -> int:
    """The wording's length where it is a German health insurance number, else 0."""
    return len(wording) if _is_sound(wording, HEALTH_INSURANCE) else 0


def pension_number(wording: str) -> int:
    """The wording's length where it is a German pension insurance number, else 0."""
    return len(wording) if BORN.match(wording) and _is_sound(wording, PENSION) else 0


def _is_sound(wording: str, weights: tuple[int, ...]) -> bool:
    """Whether the last figure is the sum of the figures of all weighted ones, without its tens."""
    figures = "".join(f"{ord(sign) - 64:02d}" if sign.isalpha() else sign for sign in wording[:-1])
    products = (weight * int(figure) for weight, figure in zip(weights, figures, strict=True))
    return sum(product // 10 + product % 10 for product in products) % 10 == int(wording[-1])


#: The checks by the names that patterns.yaml gives them. A wording's sound beginning is what is found.
CHECKS: Mapping[str, Callable[[str], int]] = {
    "account": account,
    "nhs": nhs_number,
    "health insurance": health_insurance_number,
    "pension": pension_number,
}
