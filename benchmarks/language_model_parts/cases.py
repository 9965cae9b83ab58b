"""Records to ask about, and the answer that a model gives about each: ten entities, all in the text."""

from __future__ import annotations

import json

from curation.record import Record, record_id

#: What is found in every text, and its category.
FOUND = (
    ("fever", "signs_symptoms"),
    ("a dry cough", "signs_symptoms"),
    ("pain in the left knee", "signs_symptoms"),
    ("arterial hypertension", "comorbidities"),
    ("an X-ray of the chest", "diagnostic_techniques_procedures"),
    ("C-reactive protein of 84 mg/l", "laboratory_values"),
    ("community-acquired pneumonia", "diagnosis"),
    ("amoxicillin 500 mg three times a day", "pharmacological_therapy"),
    ("works as a carpenter", "social_history"),
    ("discharged in good condition", "patient_outcome_assessment"),
)
TEXT = (
    "Case number {0}. A patient of {1} years was brought to the emergency department with {f[0]}, {f[1]} and {f[2]} "
    "that had begun {2} days before. The history was notable for {f[3]}, treated for {3} years; the patient {f[8]} and "
    "lives with a partner in the third floor of a house without a lift. On examination the patient was awake and "
    "oriented, with a respiratory rate of {4} per minute; breath sounds were reduced over the right lower lobe. "
    "{f[4]} showed an infiltrate, and the laboratory reported a {f[5]}. Blood cultures taken before treatment stayed "
    "sterile. The findings were judged to be a {f[6]}, and {f[7]} was given for {5} days. The temperature fell on the "
    "third day of treatment, oxygen was no longer needed on the fourth, and the knee was free of pain after rest and "
    "cooling. Mobilisation with the physiotherapists went well. The patient was {f[9]}. A check of the blood values "
    "and of the lung function with the family physician was recommended within {2} weeks; should the temperature rise "
    "again, the patient was asked to come back without delay. The letter was discussed with the patient before leaving."
)
ANSWER = json.dumps(
    {"entities": [{"text": wording, "category": category, "assertion": "present"} for wording, category in FOUND]}
)


def cases(count: int) -> list[Record]:
    """So many records, each with its number in the text."""
    made = []
    for number in range(count):
        wordings = [wording for wording, _ in FOUND]
        values = (30 + number % 60, 2 + number % 9, 1 + number % 20, 16 + number % 12, 5 + number % 9)
        text = TEXT.format(number, *values, f=wordings)
        id = record_id(text, language="en")
        made.append(Record(id=id, group=id, source="benchmark", language="en", text=text))
    return made
