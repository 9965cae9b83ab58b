"""The records that a figure rests on, those with most differences first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from annotation.agreement.differences import LayerComparison, MarkDifference

#: Record ids, each with its number of differences.
RecordCounts = list[tuple[str, int]]

DifferenceFilter = Callable[[MarkDifference], bool]


def record_counts(compared: Iterable[LayerComparison], condition: DifferenceFilter = lambda _: True) -> RecordCounts:
    """The records with differences that fulfil the condition, and the number of these."""
    found: dict[str, int] = {}
    for comparison in compared:
        if number := sum(map(condition, comparison.differences)):
            found[comparison.record_id] = found.get(comparison.record_id, 0) + number
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))


def of_person(compared: Iterable[LayerComparison], person: str) -> list[LayerComparison]:
    """The comparisons that a person is part of."""
    return [comparison for comparison in compared if person in (comparison.one, comparison.other)]


def of_pair(compared: Iterable[LayerComparison], one: str, other: str) -> list[LayerComparison]:
    """The comparisons of these two."""
    return [found for found in compared if {found.one, found.other} == {one, other}]


def about(category: str) -> DifferenceFilter:
    """Whether a difference is about the category."""
    return lambda difference: category in difference.categories


def between(one: str, other: str) -> DifferenceFilter:
    """Whether one side has the first category and the other side the second; empty means no mark."""

    def condition(difference: MarkDifference) -> bool:
        categories = [mark.category if mark else "" for mark in (difference.one, difference.other)]
        return sorted(categories) == sorted((one, other))

    return condition


def by_record(compared: Sequence[LayerComparison], order: Iterable[str]) -> dict[str, list[LayerComparison]]:
    """The comparisons of each record that differ, in the order of the ids."""
    found: dict[str, list[LayerComparison]] = {id: [] for id in order}
    for comparison in compared:
        if comparison.differences and comparison.record_id in found:
            found[comparison.record_id].append(comparison)
    return found
