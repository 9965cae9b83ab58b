"""Markers that a translator damages: is every span accounted for, and is none accepted on a wrong place?

    python benchmarks/damaged_markers.py [--quick] [--records NUMBER]

1,000 generated English records, as many for each rate, go through the product's translator to one that knows their
German and, at known rates, drops markers, doubles them, puts them around each other's words, or translates their names.
What is asked once more is damaged again, and wordings that are asked for are told wrongly at the same rate. For each
rate: spans by the method that carried them, by what is known of them (agreed: two methods say the same, which counts as
accepted; single; disagreeing, for review; lost), those that are not accounted for, and those on a wrong place. Prints
tables; the last line is one JSON object; the exit code is 1 where a span is not accounted for, or is
accepted on a wrong place.
"""

from __future__ import annotations

import argparse
import json
import sys
from time import perf_counter

import packages_first  # noqa: F401
from measuring import table
from projection_parts.damaged_records import HEAD, SpanCounts, rates_of, translated_records
from projection_parts.parallel_translator import ParallelTranslator

RECORDS = {True: 60, False: 1_000}
SEED = 4_011
#: Of how many markers in a hundred; the records are shared out among them.
RATES = {True: (0, 20), False: (0, 5, 20, 50, 100)}
#: What is done to a marker, and what the translator calls it.
WAYS = {"dropped": "dropped", "doubled": "doubled", "re-ordered": "exchanged", "translated": "translated"}


def main() -> None:
    """Print the tables and the line; exit code 1 where the claim fails."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help=f"{RECORDS[True]} records, two rates")
    parser.add_argument("--records", type=int, help="how many")
    asked = parser.parse_args()
    rates = RATES[asked.quick]
    number = (asked.records or RECORDS[asked.quick]) // len(rates)
    found: dict[str, SpanCounts] = {}
    done: list[tuple[object, ...]] = []
    began = perf_counter()
    for rate in rates:
        translator = ParallelTranslator(rates_of(rate / 100, WAYS.values()), mends=False)
        translator.told(number, SEED + rate)
        found[f"{rate} %"] = translated_records(translator)
        done.append((f"{rate} %", *(translator.damaged[way] for way in (*WAYS.values(), "mention"))))
    seconds = perf_counter() - began
    print(table(("damaged", *HEAD), [(name, *counts.row) for name, counts in found.items()]), "\n")
    print(table(("damaged", *WAYS, "wordings told wrongly"), done), "\n")
    records = number * len(rates)
    figures = {
        "records": records,
        "spans": sum(counts.spans for counts in found.values()),
        "unaccounted": sum(counts.unaccounted for counts in found.values()),
        "failed_records": sum(counts.failed_records for counts in found.values()),
        "wrong_accepted": sum(counts.wrong["agreed"] for counts in found.values()),
        "wrong_single": sum(counts.wrong["single"] for counts in found.values()),
        "lost": sum(counts.states["lost"] for counts in found.values()),
        "milliseconds_a_record": round(1_000 * seconds / records, 1),
    }
    print(json.dumps(figures))
    sys.exit(1 if figures["unaccounted"] or figures["wrong_accepted"] else 0)


if __name__ == "__main__":
    main()
