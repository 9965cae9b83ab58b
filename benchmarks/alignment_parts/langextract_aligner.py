"""LangExtract's aligner on the same wordings; runs by itself in an environment that has `langextract`.

Standard input: JSON, a list of {"text", "quotes"}. Standard output: for each a list of [start, end] or null; seconds.
"""

from __future__ import annotations

import json
import sys
from time import perf_counter


def main() -> None:
    """Read, align, write."""
    from langextract.core.data import Extraction
    from langextract.resolver import WordAligner

    found, seconds = [], 0.0
    for asked in json.load(sys.stdin):
        extractions = [Extraction(extraction_class="x", extraction_text=quote) for quote in asked["quotes"]]
        started = perf_counter()
        (aligned,) = WordAligner().align_extractions([extractions], asked["text"]) if extractions else ([],)
        seconds += perf_counter() - started
        places = [extraction.char_interval for extraction in aligned]
        found.append([place and [place.start_pos, place.end_pos] for place in places])
    json.dump({"found": found, "seconds": seconds}, sys.stdout)


if __name__ == "__main__":
    main()
