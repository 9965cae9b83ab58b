"""Which records stand behind which figure: those with most differences first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from annotation.agreement.differences import Compared, Difference

#: Record ids, each with its number of differences.
Counted = list[tuple[str, int]]

Wanted = Callable[[Difference], bool]


def counted(compared: Iterable[Compared], wanted: Wanted = lambda _: True) -> Counted:
    """The records that have such differences, and how many."""
    found: dict[str, int] = {}
    for one in compared:
        if number := sum(map(wanted, one.differences)):
            found[one.record_id] = found.get(one.record_id, 0) + number
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))


def of_person(compared: Iterable[Compared], person: str) -> list[Compared]:
    """What a person has part in."""
    return [one for one in compared if person in (one.one, one.other)]


def of_pair(compared: Iterable[Compared], one: str, other: str) -> list[Compared]:
    """What these two say."""
    return [found for found in compared if {found.one, found.other} == {one, other}]


def about(category: str) -> Wanted:
    """Whether a difference is about the category."""
    return lambda difference: category in difference.categories


def between(one: str, other: str) -> Wanted:
    """Whether one says the one category and the other the other, or nothing where that is empty."""

    def wanted(difference: Difference) -> bool:
        said = [mark.category if mark else "" for mark in (difference.one, difference.other)]
        return sorted(said) == sorted((one, other))

    return wanted


def by_record(compared: Sequence[Compared], order: Iterable[str]) -> dict[str, list[Compared]]:
    """The comparisons of each record that differ, in the order of the ids."""
    found: dict[str, list[Compared]] = {id: [] for id in order}
    for one in compared:
        if one.differences and one.record_id in found:
            found[one.record_id].append(one)
    return found
