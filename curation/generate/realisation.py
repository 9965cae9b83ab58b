"""A case realised in one language: sentences of spans, each marked with a category or not."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

from curation.generate.amounts import dosed, length, measured, short_length
from curation.generate.case import CaseFact, Dose, Measurement, PatientCase
from curation.generate.discourse_plans import PLANS, PlanPart
from curation.generate.person import PatientReference
from curation.generate.phrase import Wording
from curation.generate.spans import Paragraph, Sentence, TextSpan, capitalised
from curation.generate.template import PATIENT, SPEAKS, Slot, Template, Verb, load_sentences
from curation.generate.wordforms import CONTRACTIONS, abbreviated
from curation.record import Assertion

Fact = CaseFact | Measurement | Dose

ONCE = ("openings", "problems", "persons", "complaints", "letters")
#: Complaints that happen rather than last.
EVENT = re.compile(r"convulsion|seizure|collapse|syncope|loss of consciousness|\bfall\b|injury|sting|ingestion")
#: Complaints that say by themselves for what, since when or before what.
TIMED = re.compile(r" (?:for|since|before|seit|vor)(?: |$)")
#: Predicates that may stand before their subject in German.
LED = ("outcome", "follow_up", "life_style", "social")


class Realisation:
    """The facts of a case that no sentence holds yet, and the choice of words of this realisation."""

    #: What the order of parts and the kind of their sentences are drawn by; the words are drawn by `rng`.
    structure: random.Random

    def __init__(
        self, case: PatientCase, language: str, rng: random.Random, *, structure: random.Random | None = None
    ) -> None:
        self.case, self.language, self.rng = case, language, rng
        self.structure = structure or rng
        self.german = language == "de"
        self.sentences = load_sentences(language)
        self.templates = self.sentences.templates[case.sex]
        self.person = PatientReference(case, language, rng)
        self.used: set[int] = set()
        self.left: dict[str, list[Fact]] = {key: list(items) for key, items in case.items.items()}
        for key, facts in (("labs", case.labs), ("normal", case.normal), ("vitals", case.vitals)):
            if facts:
                self.left[key] = list(facts)
        self.left["drugs"] = list(case.drugs)
        self.shortening = {
            "prose": self.structure.choice((0.0, 0.1, 0.5)),
            "terse": self.structure.choice((0.5, 0.9)),
        }
        self.onset_given = case.onset is None

    def paragraphs(self) -> list[Paragraph]:
        """The whole case by its plan, part by part."""
        # A letter's first words belong to its salutation.
        return [paragraph for part in PLANS[self.case.plan] if (paragraph := self.part(part)).sentences]

    def part(self, part: PlanPart) -> Paragraph:
        """The sentences of one part, and its heading."""
        register = part.register if part.register != "either" else self.structure.choice(("prose", "terse"))
        blocks = list(part.blocks)
        if part.shuffled:
            self.structure.shuffle(blocks)
        if part.heading and register == "terse":
            register = "headed"
        sentences = [sentence for block in blocks for sentence in self.block(block, register)]
        if part.heading == "salutation":
            heading = self.rng.choice(self.sentences.salutation)
        else:
            heading = self.rng.choice(self.sentences.headings[part.heading]) if part.heading else ""
        return Paragraph(heading, sentences, part.listed)

    def block(self, block: str, register: str) -> list[Sentence]:
        """All sentences of a block, until each fact of its kind is in one."""
        if block == "tests":
            return [self.test(index, register) for index in range(len(self.case.tests))]
        if block in ONCE:
            return [self.sentence(block, register)]
        sentences = []
        while block in self.left:
            sentences.append(self.sentence(block, register))
        return sentences

    def test(self, index: int, register: str) -> Sentence:
        """An examination with what it showed."""
        test = self.case.tests[index]
        self.left["test"] = [test.test]
        kinds = (("shows", test.shows), ("pathology", test.pathology))
        for key, items in kinds:
            if items:
                self.left[key] = list(items)
        block = "test_both" if test.shows and test.pathology else f"test_{'shows' if test.shows else 'pathology'}"
        return self.sentence(block if test.shows or test.pathology else "test_only", register)

    def sentence(self, block: str, register: str) -> Sentence:
        """One sentence of a block; its facts are removed from those that are left."""
        sentence = self.fill(self.template(block, register), "prose" if register == "prose" else "terse")
        # After a salutation and its comma a letter goes on in small letters.
        return sentence if block == "letters" else capitalised(sentence)

    def template(self, block: str, register: str) -> Template:
        """A sentence of the block that can be filled, if possible one that was not used yet."""
        usable = self.usable(self.templates[block], register)
        fresh = [template for template in usable if id(template) not in self.used] or usable
        chosen = fresh[int(self.rng.random() * len(fresh))]
        self.used.add(id(chosen))
        return chosen

    def usable(self, registers: Mapping[str, Sequence[Template]], register: str) -> list[Template]:
        """The sentences of a block that can be filled with facts that are left."""
        # Under a heading its word is not repeated; for children the parents report.
        kind = "prose_child" if register == "prose" and self.person.kind == "child" else register
        templates = registers.get(kind) or registers["prose" if register == "prose" else "terse"]
        available = {*self.left, *(f"{key} led" for key in LED if key in self.left and self.led(key))}
        if self.case.speaks:
            available.add(SPEAKS)
        return [template for template in templates if template.needs <= available]

    def led(self, key: str) -> bool:
        """Whether the next predicate of that kind has a verb that can stand before the subject."""
        fact = self.left[key][0]
        return isinstance(fact, CaseFact) and bool(fact.de.lead) and len(self.left[key]) == 1

    def fill(self, template: Template, register: str) -> Sentence:
        """The sentence with its slots filled."""
        taken = {slot.key: self.take(slot.key, slot.limit) for slot in template.slots}
        words = {slot.key: [self.wording(fact, slot, register) for fact in taken[slot.key]] for slot in template.slots}
        sentence: Sentence = []
        for part in template.parts:
            if isinstance(part, str):
                sentence.append(TextSpan(part))
            elif isinstance(part, Verb):
                sentence.append(TextSpan(part.agreeing(words[part.key])))
            elif part.key in PATIENT:
                sentence += self.patient(part)
            else:
                self.fill_slot(sentence, part, taken[part.key], words[part.key])
        return sentence

    def take(self, key: str, limit: int) -> list[Fact]:
        """The next facts of that kind, which no other sentence takes."""
        facts = self.left.pop(key)
        if rest := facts[limit:]:
            self.left[key] = rest
        return facts[:limit]

    def wording(self, fact: Fact, slot: Slot, register: str) -> Wording:
        """A fact in the words of this realisation."""
        short = self.rng.random() < self.shortening[register]
        if isinstance(fact, Measurement):
            return measured(fact, slot.style, self.language, short=short, rng=self.rng)
        if isinstance(fact, Dose):
            return dosed(fact, self.language, short=short and register == "terse", rng=self.rng)
        wording = fact.de if self.german else fact.en
        if slot.key == "family_none":
            return self.none_in_family(wording)
        if short:
            wording = abbreviated(wording, self.language)
        if slot.key == "symptoms" and not self.onset_given:
            wording = self.since(wording, register)
        return wording

    def none_in_family(self, wording: Wording) -> Wording:
        """The stated absence of a disease in the family."""
        if not self.german:
            return Wording("", f"no family history of {wording.text}")
        article, text = wording.form("nom", "neg")
        return Wording("", f"{article}{text} in der Familie", wording.gender, True)

    def since(self, wording: Wording, register: str) -> Wording:
        """The chief complaint with the time for which it has lasted."""
        self.onset_given = True
        onset = self.case.onset
        complaint = self.case.items["symptoms"][0]
        # Both languages leave it out, or neither: they are of one case.
        if onset is None or any(TIMED.search(wording.text) for wording in (complaint.en, complaint.de)):
            return wording
        if EVENT.search(complaint.en.text):
            time = length(onset, self.language)
            tail = f"vor {time}" if self.german else f"{time} earlier"
        elif register == "terse" and self.rng.random() < 0.7:
            brief = short_length(onset, self.language)
            tail = f"seit {brief}" if self.german else f"x {brief}"
        else:
            time = length(onset, self.language, words=self.rng.random() < 0.6)
            if self.german and wording.gender and self.rng.random() < 0.25:
                return Wording("", f"seit {time} anhaltend~ {wording.text}", wording.gender, True)
            tail = f"{'seit' if self.german else 'for'} {time}"
        return Wording(wording.lead, f"{wording.text} {tail}", wording.gender, wording.mass)

    def patient(self, slot: Slot) -> Sentence:
        """The patient at first or later mention."""
        if slot.key == "subject":
            return [TextSpan(self.person.subject(slot.case))]
        if slot.key in ("rel", "reldat"):
            return [TextSpan(self.person.relative(slot.key))]
        article = "indef" if slot.article == "none" else slot.article
        mention = self.person.first(slot.case, article, short=slot.style == "short")
        return [TextSpan(text, category) for text, category in mention]

    def fill_slot(self, sentence: Sentence, slot: Slot, facts: Sequence[Fact], words: Sequence[Wording]) -> None:
        """Append the facts, joined as the slot requires."""
        for index, (fact, wording) in enumerate(zip(facts, words, strict=True)):
            if index:
                last = index == len(facts) - 1
                sentence.append(
                    TextSpan(self.sentences.joins[slot.join if last or slot.join not in ("and", "or") else "comma"])
                )
            lead, text = self.form(wording, slot)
            if slot.style == "inv":
                sentence += [TextSpan(lead), TextSpan(f"{self.person.subject('nom')} ")]
            elif lead:
                before = sentence[-1].text.rsplit(" ", 2)[-2:] if sentence and not index else []
                contraction = CONTRACTIONS.get((before[0], lead)) if len(before) == 2 and not before[1] else None
                if contraction:
                    sentence[-1] = TextSpan(sentence[-1].text[: -len(before[0]) - 1])
                sentence.append(TextSpan(contraction or lead))
            category, assertion = _kind(fact, slot.key)
            sentence.append(TextSpan(text, category, assertion))

    def form(self, wording: Wording, slot: Slot) -> tuple[str, str]:
        """What leads in, and what is marked, in the form that the slot requires."""
        if slot.style in ("pred", "inv"):
            return wording.lead, wording.text
        if self.german:
            return wording.form(slot.case, slot.article)
        if slot.article == "the" and wording.lead:
            return "the ", wording.text
        return (wording.lead if slot.article == "a" else ""), wording.text


def _kind(fact: Fact, key: str) -> tuple[str, Assertion]:
    if isinstance(fact, CaseFact):
        return fact.category, fact.assertion
    return ("pharmacological_therapy" if key == "drugs" else "laboratory_values"), Assertion.PRESENT
