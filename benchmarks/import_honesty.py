"""Real corpora damaged in 21 ways: what comes in wrong or is lost without the command saying so.

    python benchmarks/import_honesty.py [--quick]

Countings of offsets, names of fields, shapes of annotations, encodings, malformed lines and doubled records, in
MACCROBAT, Chia, GraSCCo and BioRED, read from ../shared/data. What is right is known, since the files are written anew
from documents that were read without the product. The aim: nothing wrong or lost in silence.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import packages_first  # noqa: F401
from measuring import table

#: Documents of a corpus.
QUICK, WHOLE = 8, 100


def main() -> None:
    """Damage, import, compare; print a table for each kind of damage and the totals."""
    from import_parts.corpora import corpora
    from import_parts.damage import DAMAGES, Damage
    from import_parts.outcome import Outcome, measure, total

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} documents of each corpus instead of {WHOLE}")
    found = corpora(QUICK if parser.parse_args().quick else WHOLE)
    documents = [document for corpus in found.values() for document in corpus]
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(2) as pool:

        def outcome_of(number: int, damage: Damage) -> Outcome:
            folder = Path(name) / str(number)
            folder.mkdir()
            return measure(damage(documents, folder), folder / "workspace")

        outcomes = dict(zip(DAMAGES, pool.map(outcome_of, range(len(DAMAGES)), DAMAGES.values()), strict=True))
    totals = total(outcomes.values())
    rows: list[tuple[object, ...]] = [
        (way, *asdict(outcome).values(), outcome.said) for way, outcome in {**outcomes, "all": totals}.items()
    ]
    print(table(("damage", *asdict(totals), "said"), rows))
    print(
        json.dumps(
            {
                "silent_wrong": totals.silent_wrong,
                "silent_lost": totals.silent_lost,
                "said": totals.said,
                "right": totals.right,
                "mentions": totals.mentions,
                "documents": {corpus: len(documents) for corpus, documents in found.items()},
            }
        )
    )


if __name__ == "__main__":
    main()
