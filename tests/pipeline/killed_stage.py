"""A process for `test_resume.py` to kill: runs a stage that logs each batch when it begins with it."""

from __future__ import annotations

import os
import sys
import time

from curation.record import Entity, Layer
from curation.stage import Item, Result
from curation.store import Store
from pipeline.runner import run_stage

BATCH = 10
WORKERS = 2


class Logged:
    """Marks the first letter of every record, slowly enough to be killed in between."""

    name = "annotate:logged"
    fingerprint = "1"
    reads = ()

    def __init__(self, log: int) -> None:
        self.log = log

    def __call__(self, items: list[Item]) -> list[Result]:
        line = " ".join(item.record.id for item in items) + "\n"
        os.write(self.log, line.encode())
        time.sleep(0.004)
        return [Result(item.record.id, layers=[self._layer(item)], measures={"n": 1}) for item in items]

    @staticmethod
    def _layer(item: Item) -> Layer:
        first = Entity.at(item.record.text, 0, 1, "age", id="T1")
        return Layer(record_id=item.record.id, name="logged", author="logged@1", entities=(first,))


def main(url: str, log: str) -> None:
    """Run the stage to its end."""
    with Store.open(url) as store:
        run_stage(
            store,
            Logged(os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY)),
            batch_size=BATCH,
            workers=WORKERS,
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
