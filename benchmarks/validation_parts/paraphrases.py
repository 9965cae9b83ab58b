"""A text in another form: its sentences in another order, other words, other abbreviations, numbers in words."""

from __future__ import annotations

import re
from random import Random

from curation.record import Record
from curation.text.numbers import number_words
from curation.text.sentences import sentence_spans

#: Words that stand for each other, in both directions.
SYNONYMS = (
    ("was admitted", "was hospitalised"),
    ("presented with", "came in with"),
    ("complained of", "reported"),
    ("showed", "revealed"),
    ("demonstrated", "disclosed"),
    ("was treated with", "received"),
    ("was diagnosed with", "was found to have"),
    ("was discharged", "went home"),
    ("hypertension", "high blood pressure"),
    ("dyspnea", "shortness of breath"),
    ("dyspnoea", "breathlessness"),
    ("fever", "pyrexia"),
    ("vomiting", "emesis"),
    ("fatigue", "tiredness"),
    ("abdominal pain", "belly pain"),
    ("myocardial infarction", "heart attack"),
    ("stroke", "cerebrovascular accident"),
    ("surgery", "operation"),
    ("biopsy", "tissue sample"),
    ("medication", "drugs"),
    ("physical examination", "clinical examination"),
    ("laboratory tests", "blood tests"),
    ("history of", "known"),
    ("patient", "individual"),
    ("swelling", "oedema"),
    ("daily", "every day"),
    ("twice a day", "two times daily"),
    ("weeks", "wk"),
    ("months", "mo"),
    ("normal", "unremarkable"),
    ("elevated", "raised"),
    ("blood pressure", "BP"),
    ("heart rate", "HR"),
    ("computed tomography", "CT"),
    ("magnetic resonance imaging", "MRI"),
    ("electrocardiogram", "ECG"),
    ("intravenous", "IV"),
    ("chronic obstructive pulmonary disease", "COPD"),
)
OTHER = {word.casefold(): other for pair in SYNONYMS for word, other in (pair, pair[::-1])}
SAID = re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, OTHER), key=len, reverse=True))})\b", re.IGNORECASE)
#: A whole number that stands alone or before a hyphen, but not in a value with a unit, a date or a decimal.
SMALL = re.compile(r"(?<![\d./,:-])\b[1-9]\d?\b(?=-year|-month|-day| years| months| weeks| days)")


def shuffled(record: Record, chance: Random) -> str:
    """The sentences in another order."""
    sentences = [record.text[start:end].strip() for start, end in sentence_spans(record.text, record.language)]
    chance.shuffle(sentences)
    return " ".join(sentences)


def reworded(record: Record, chance: Random) -> str:
    """Synonyms and abbreviations exchanged, and numbers of years and the like in words."""
    said = SAID.sub(lambda found: OTHER[found[0].casefold()], record.text)
    return SMALL.sub(lambda found: in_words(int(found[0])), said)


def rewritten(record: Record, chance: Random) -> str:
    """Both."""
    return shuffled(record.model_copy(update={"text": reworded(record, chance)}), chance)


def in_words(number: int) -> str:
    """A number below a hundred in English words."""
    return next(word for word, value in number_words("en").cardinals.items() if value == number)
