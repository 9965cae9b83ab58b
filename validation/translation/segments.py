"""The sentences of a text as they are put beside those of a translation.

Line ends part, and headings, salutations and abbreviations (i.v., Dg.) do not: each goes with what follows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from curation.record import Record
from validation.measures.sentences import MOST_SENTENCES, sentence_bounds

Span = tuple[int, int]

#: Last words before a full stop that end no sentence, in lower case.
ABBREVIATIONS = frozenset(
    """
    a amb amp anamn approx aufn b bd bds befd bek bzw c ca d dg dr dto dx e etc evtl fig abb g ggf h hr hrs hx i im incl
    inkl iv l lab li m max med min mo mon n neg no nr o p pat path po pos prof pt r re resp rez rx s sc sek sog st stat
    std tbl temp tgl th tägl u unauff unters usw v vs wk wks wo yr yrs z akut chron
    """.split()
)
LAST_WORD = re.compile(r"([^\W\d_]+)\.$")
#: A full stop at which tokenizers of one language or another see an abbreviation or an ordinal.
STOP = re.compile(r"(?<!\S)(?P<before>\S{1,40})\s(?P<token>\S{1,40})\.(?P<gap>\s+)(?=[A-ZÄÖÜ])")
NUMBER = re.compile(r"[(]?(?:\d{1,3}|[IVX]+)")
#: Words after which a number with a full stop is an ordinal.
ORDINAL = frozenset(
    "am an im in der die das des dem den vom beim zum zur seit ab bis nach vor jeden jede jedem".split()
)
ENDS = ".!?;"
#: Words of a line without a full stop that may be a heading.
HEADING_WORDS = 4
LETTER = re.compile(r"\w")


def segments(record: Record) -> list[Span]:
    """Where the sentences are, from left to right; of a longer text its beginning only."""
    found: list[Span] = []
    text = record.text
    for start, end in _pieces(record):
        if found and _goes_on(text, found[-1], (start, end)):
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found[:MOST_SENTENCES]


def _pieces(record: Record) -> Iterator[Span]:
    """Sentences by punctuation, cut at line ends, without blanks and bullets around them."""
    for start, end in sentence_bounds(record):
        for low, high in _lines(record.text, start, end):
            while low < high and (record.text[low].isspace() or record.text[low] in "-•*·–"):
                low += 1
            while low < high and record.text[high - 1].isspace():
                high -= 1
            if LETTER.search(record.text, low, high):
                yield low, high


def _lines(text: str, start: int, end: int) -> Iterator[Span]:
    """A stretch cut at line ends, and at full stops that end a sentence."""
    for line in re.finditer(r"[^\n]+", text[start:end]):
        low, high = start + line.start(), start + line.end()
        for stop in STOP.finditer(text, low, high):
            if _ends(stop["before"].lower(), stop["token"]):
                yield low, stop.start("gap")
                low = stop.end("gap")
        yield low, high


def _ends(before: str, token: str) -> bool:
    """Whether a full stop after a token ends a sentence."""
    if NUMBER.fullmatch(token):
        return bool(before) and before not in ORDINAL
    return "/" in token or re.split(r"[^\w]", token)[-1].lower() not in ABBREVIATIONS


def _goes_on(text: str, before: Span, now: Span) -> bool:
    """Whether what stands before is a heading, or broken off at an abbreviation."""
    said = text[slice(*before)]
    if is_heading(said):
        return True
    if "\n" in text[before[1] : now[0]]:
        return False
    first = text[now[0]]
    if first.islower() or first in ",;)" or said[-1] not in ENDS:
        return True
    last = LAST_WORD.search(said)
    short = last is not None and last[1].lower() in ABBREVIATIONS
    return short and (first.isdigit() or len(re.split(r"[:\n]", said)[-1].split()) <= 2)


def is_heading(said: str) -> bool:
    """Whether a line announces what follows: "Befunde:", "Discharge", "Dear colleague,"."""
    return said[-1] in ":," or (said[-1] not in ENDS and len(said.split()) <= HEADING_WORDS)
