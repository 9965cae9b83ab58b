"""Drawing a case: which of a condition's symptoms, values, drugs and the rest this patient has."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

from curation.generate.amounts import endings
from curation.generate.background import load_background
from curation.generate.case import CaseFact, Dose, DrawnTest, Measurement, PatientCase, whole_years
from curation.generate.catalogue import Chapter, chapters
from curation.generate.discourse_plans import PLANS
from curation.generate.drug import Medication, Range
from curation.generate.patient_history import ADULT, PatientHistory
from curation.generate.sampler import Sampler
from curation.record import Assertion

#: Who cannot speak: small children, and those below this score of the Glasgow Coma Scale.
SPEAKING_AGE, AWAKE = 4, 13
VITALS_OF_ALL_AGES = ("temperature", "oxygen_saturation")
VITALS = ("temperature", "heart_rate", "blood_pressure", "respiratory_rate", "oxygen_saturation")
#: Outcomes after which a follow-up may be given.
LEAVING = re.compile(r"discharged|transferred|went home")


def sample_case(rng: random.Random, chapter: Chapter | None = None) -> PatientCase:
    """A case of the condition, or of any."""
    chapter = chapter or rng.choice(chapters())
    return CaseSampler(rng, chapter).case()


class CaseSampler(Sampler):
    """The drawing of one case."""

    def __init__(self, rng: random.Random, chapter: Chapter) -> None:
        self.chapter = chapter
        self.condition = chapter.condition
        self.sex = {"male": 0, "female": 1}.get(self.condition.sex, int(rng.random() * 2))
        super().__init__(rng, sex=self.sex)
        ages = rng.choice(self.condition.ages)
        self.age = rng.randint(int(ages.low), int(ages.high))
        self.age_unit = ages.unit
        self.years = whole_years(self.age, self.age_unit)

    def case(self) -> PatientCase:
        """The case."""
        condition = self.condition
        plan = self.rng.choice(tuple(PLANS))
        items = {
            "diagnosis": self.items(self.few(condition.diagnosis, 1, 1), "diagnosis"),
            **self.complaint(),
            **PatientHistory(self, self.chapter, years=self.years, sex=self.sex).items(),
            **self.conclusion(),
        }
        vitals = self.vitals()
        return PatientCase(
            specialty=self.chapter.specialty,
            condition=condition.id,
            sex=self.sex,
            age=self.age,
            age_unit=self.age_unit,
            speaks=self.speaks(vitals),
            plan=plan,
            onset=self.length(condition.onset) if self.likely(0.75) else None,
            items={key: found for key, found in items.items() if found},
            tests=self.tests(),
            labs=self.readings(self.keys(condition.labs, vital=False), 2, 6),
            normal=self.readings(self.keys(condition.normal, vital=False), 0, 3),
            vitals=vitals,
            drugs=self.doses(),
        )

    def complaint(self) -> dict[str, tuple[CaseFact, ...]]:
        """The chief complaint, other symptoms, signs, and what was absent."""
        chief, *further = self.condition.symptoms
        signs = self.few(self.condition.signs, 1, 4)
        self.rng.shuffle(signs)
        return {
            "symptoms": self.items([chief, *self.few(further, 1, 4)], "signs_symptoms"),
            "signs": self.items(signs, "signs_symptoms"),
            "absent": self.items(self.few(self.condition.absent, 0, 4), "signs_symptoms", Assertion.NEGATED),
        }

    def conclusion(self) -> dict[str, tuple[CaseFact, ...]]:
        """What was considered, done, avoided, and how it ended."""
        condition, rng = self.condition, self.rng
        considered = self.few(condition.differentials, 0, 2)
        suspected = considered[:1] if self.likely(0.5) else []
        outcome = rng.choice(condition.outcomes)
        later = [rng.choice(load_background().follow_up)] if LEAVING.search(outcome.en) and self.likely(0.5) else []
        return {
            "short": self.items([condition.short] if condition.short and self.likely(0.5) else (), "diagnosis"),
            "suspected": self.items(suspected, "diagnosis", Assertion.POSSIBLE),
            "excluded": self.items(
                [disease for disease in considered if disease not in suspected], "diagnosis", Assertion.NEGATED
            ),
            "complications": self.items(
                self.few(condition.complications, 1, 1) if self.likely(0.4) else (), "diagnosis"
            ),
            "interventions": self.items(self.few(condition.interventions, 0, 3), "interventional_therapy"),
            "avoided": self.items(
                self.few(condition.avoided, 1, 1) if self.likely(0.5) else (),
                "pharmacological_therapy",
                Assertion.NEGATED,
            ),
            "outcome": self.items([outcome], "patient_outcome_assessment"),
            "follow_up": self.items(later, "patient_outcome_assessment"),
        }

    def tests(self) -> tuple[DrawnTest, ...]:
        """Some of the examinations, each with some of what it may show."""
        return tuple(
            DrawnTest(
                self.item(test.test, "diagnostic_techniques_procedures"),
                self.items(self.few(test.shows, 1, 3), "signs_symptoms"),
                self.items(self.few(test.pathology, 1, 3), "pathology"),
            )
            for test in self.few(self.condition.tests, 1, 4)
        )

    def keys(self, keys: Sequence[str] | Mapping[str, Range], *, vital: bool) -> list[str]:
        """Those of the analytes that a monitor gives, or those that a laboratory gives."""
        return [key for key in keys if self.chapter.analytes[key].vital is vital]

    def readings(self, keys: Sequence[str], low: int, high: int) -> tuple[Measurement, ...]:
        """Values of some analytes: in the condition's range, or in the normal one."""
        return tuple(self.reading(key) for key in self.few(keys, low, high))

    def reading(self, key: str) -> Measurement:
        """A value of one analyte, with the decimals that it is given with."""
        analyte = self.chapter.analytes[key]
        span = self.condition.labs.get(key, analyte.normal)
        value = round(self.rng.uniform(span.low, span.high), analyte.decimals)
        other = analyte.other is not None and self.draws.option("units", 2) == 1
        return Measurement(
            key=key,
            analyte=analyte,
            value=min(max(value, span.low), span.high),
            second=round(value * self.rng.uniform(0.55, 0.66)) if key == "blood_pressure" else 0,
            state=(value > analyte.normal.high) - (value < analyte.normal.low),
            other_unit=other,
        )

    def vitals(self) -> tuple[Measurement, ...]:
        """The condition's vital signs, and normal ones where the age has none of its own."""
        named = self.keys([*self.condition.labs, *self.condition.normal], vital=True)
        general = VITALS if self.years >= ADULT else VITALS_OF_ALL_AGES
        rest = [key for key in general if key not in named]
        found = [*self.few(named, min(1, len(named)), 5), *self.few(rest, 0, 3)]
        return tuple(self.reading(key) for key in found)

    def speaks(self, vitals: Sequence[Measurement]) -> bool:
        """Whether the patient can speak; a score that is not given may have been the lowest of the condition."""
        scores = [reading.value for reading in vitals if reading.key == "gcs"]
        expected = self.condition.labs.get("gcs", self.chapter.analytes["gcs"].normal).low
        return not self.condition.silent and self.years >= SPEAKING_AGE and min(scores, default=expected) >= AWAKE

    def doses(self) -> tuple[Dose, ...]:
        """Some of the drugs, in the order of the condition."""
        return tuple(self.dose(drug) for drug in self.few(self.condition.drugs, 1, 4))

    def dose(self, drug: Medication) -> Dose:
        """A drug with one of its doses; now and then by its name alone."""
        full = self.likely(0.88)
        ended = endings(drug) if self.likely(0.08) else ()
        return Dose(
            name=drug.name.draw(self.draws),
            drug=drug,
            amount=self.rng.choice(drug.amounts) if drug.amounts and full else "",
            route=drug.route if full else "",
            frequency=drug.frequency if full else "",
            duration=self.length(drug.duration) if drug.duration and full and self.likely(0.7) else None,
            stopped=self.rng.choice(ended) if ended else None,
        )
