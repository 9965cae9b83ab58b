"""The shipped sample as a source like any other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from curation.sources.reading import Read, ReadingContext
from curation.sources.sample import read_sample


def read_shipped(source: Path | str, reading: ReadingContext) -> Iterator[Read]:
    """Every case of the sample; in one language only, if the options name one."""
    language = reading.options.language
    for record, layer in read_sample() if language is None else read_sample((language,)):
        yield Read(record, () if reading.options.layer is None else (layer,))
