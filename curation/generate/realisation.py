"""A case told in one language: sentences of stretches, each marked with a category or not."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from curation.generate.amounts import dosed, length, measured, short_length
from curation.generate.case import Case, Dose, Item, Reading
from curation.generate.discourse_plans import PLANS, Part
from curation.generate.person import Person
from curation.generate.phrase import Wording
from curation.generate.spans import Paragraph, Sentence, Stretch, capitalised
from curation.generate.template import PATIENT, SPEAKS, Place, Template, Verb, load_sentences
from curation.generate.wordforms import CONTRACTIONS, abbreviated
from curation.record import Assertion

Fact = Item | Reading | Dose

ONCE = ("openings", "problems", "persons", "complaints", "letters")
#: Complaints that happen rather than last.
EVENT = re.compile(r"convulsion|seizure|collapse|syncope|loss of consciousness|\bfall\b|injury|sting|ingestion")
#: Complaints that say by themselves for what, since when or before what.
TIMED = re.compile(r" (?:for|since|before|seit|vor)(?: |$)")
#: Predicates that may stand before their subject in German.
LED = ("outcome", "follow_up", "life_style", "social")


class Telling:
    """What is left to tell of a case, and how this telling words it."""

    def __init__(self, case: Case, language: str, chance: random.Random) -> None:
        self.case, self.language, self.chance = case, language, chance
        self.german = language == "de"
        self.sentences = load_sentences(language)
        self.templates = self.sentences.templates[case.sex]
        self.person = Person(case, language, chance)
        self.used: set[int] = set()
        self.left: dict[str, list[Fact]] = {key: list(items) for key, items in case.items.items()}
        for key, facts in (("labs", case.labs), ("normal", case.normal), ("vitals", case.vitals)):
            if facts:
                self.left[key] = list(facts)
        self.left["drugs"] = list(case.drugs)
        self.shortening = {"prose": chance.choice((0.0, 0.1, 0.5)), "terse": chance.choice((0.5, 0.9))}
        self.onset_told = case.onset is None

    def paragraphs(self) -> list[Paragraph]:
        """The whole case by its plan, part by part."""
        # A letter's first words belong to its salutation.
        return [told for part in PLANS[self.case.plan] if (told := self.part(part)).sentences]

    def part(self, part: Part) -> Paragraph:
        """The sentences of one part, and its heading."""
        register = part.register if part.register != "either" else self.chance.choice(("prose", "terse"))
        blocks = list(part.blocks)
        if part.shuffled:
            self.chance.shuffle(blocks)
        if part.heading and register == "terse":
            register = "headed"
        sentences = [sentence for block in blocks for sentence in self.block(block, register)]
        if part.heading == "salutation":
            heading = self.chance.choice(self.sentences.salutation)
        else:
            heading = self.chance.choice(self.sentences.headings[part.heading]) if part.heading else ""
        return Paragraph(heading, sentences, part.listed)

    def block(self, block: str, register: str) -> list[Sentence]:
        """All sentences of a block: until nothing of its kind is left to tell."""
        if block == "tests":
            return [self.test(index, register) for index in range(len(self.case.tests))]
        if block in ONCE:
            return [self.sentence(block, register)]
        told = []
        while block in self.left:
            told.append(self.sentence(block, register))
        return told

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
        """One sentence of a block, which takes what it tells from what is left."""
        registers = self.templates[block]
        # Under a heading its word is not said again; of children the parents tell.
        kind = "prose_child" if register == "prose" and self.person.kind == "child" else register
        register = "prose" if register == "prose" else "terse"
        told = self.fill(self.template(registers.get(kind) or registers[register]), register)
        # After a salutation and its comma a letter goes on in small letters.
        return told if block == "letters" else capitalised(told)

    def template(self, templates: Sequence[Template]) -> Template:
        """A sentence that can be filled, if possible one that was not used yet."""
        known = {*self.left, *(f"{key} led" for key in LED if key in self.left and self.led(key))}
        if self.case.speaks:
            known.add(SPEAKS)
        open_ones = [one for one in templates if one.needs <= known]
        fresh = [one for one in open_ones if id(one) not in self.used] or open_ones
        chosen = fresh[int(self.chance.random() * len(fresh))]
        self.used.add(id(chosen))
        return chosen

    def led(self, key: str) -> bool:
        """Whether the next predicate of that kind has a verb that can stand before the subject."""
        fact = self.left[key][0]
        return isinstance(fact, Item) and bool(fact.de.lead) and len(self.left[key]) == 1

    def fill(self, template: Template, register: str) -> Sentence:
        """The sentence with its places filled."""
        taken = {place.key: self.take(place.key, place.limit) for place in template.places}
        words = {
            place.key: [self.wording(fact, place, register) for fact in taken[place.key]] for place in template.places
        }
        sentence: Sentence = []
        for part in template.parts:
            if isinstance(part, str):
                sentence.append(Stretch(part))
            elif isinstance(part, Verb):
                sentence.append(Stretch(part.agreeing(words[part.key])))
            elif part.key in PATIENT:
                sentence += self.patient(part)
            else:
                self.place(sentence, part, taken[part.key], words[part.key])
        return sentence

    def take(self, key: str, limit: int) -> list[Fact]:
        """The next facts of that kind, which are then told."""
        facts = self.left.pop(key)
        if rest := facts[limit:]:
            self.left[key] = rest
        return facts[:limit]

    def wording(self, fact: Fact, place: Place, register: str) -> Wording:
        """A fact in the words of this telling."""
        short = self.chance.random() < self.shortening[register]
        if isinstance(fact, Reading):
            return measured(fact, place.style, self.language, short=short, chance=self.chance)
        if isinstance(fact, Dose):
            return dosed(fact, self.language, short=short and register == "terse", chance=self.chance)
        wording = fact.de if self.german else fact.en
        if place.key == "family_none":
            return self.none_in_family(wording)
        if short:
            wording = abbreviated(wording, self.language)
        if place.key == "symptoms" and not self.onset_told:
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
        self.onset_told = True
        onset = self.case.onset
        complaint = self.case.items["symptoms"][0]
        # Both tellings leave it out, or none: they are of one case.
        if onset is None or any(TIMED.search(one.text) for one in (complaint.en, complaint.de)):
            return wording
        if EVENT.search(complaint.en.text):
            told = length(onset, self.language)
            tail = f"vor {told}" if self.german else f"{told} earlier"
        elif register == "terse" and self.chance.random() < 0.7:
            brief = short_length(onset, self.language)
            tail = f"seit {brief}" if self.german else f"x {brief}"
        else:
            told = length(onset, self.language, words=self.chance.random() < 0.6)
            if self.german and wording.gender and self.chance.random() < 0.25:
                return Wording("", f"seit {told} anhaltend~ {wording.text}", wording.gender, True)
            tail = f"{'seit' if self.german else 'for'} {told}"
        return Wording(wording.lead, f"{wording.text} {tail}", wording.gender, wording.mass)

    def patient(self, place: Place) -> Sentence:
        """The patient at first or later mention."""
        if place.key == "subject":
            return [Stretch(self.person.subject(place.case))]
        if place.key in ("rel", "reldat"):
            return [Stretch(self.person.relative(place.key))]
        article = "indef" if place.article == "none" else place.article
        told = self.person.first(place.case, article, short=place.style == "short")
        return [Stretch(text, category) for text, category in told]

    def place(self, sentence: Sentence, place: Place, facts: Sequence[Fact], words: Sequence[Wording]) -> None:
        """Append the facts, joined as the place says."""
        for index, (fact, wording) in enumerate(zip(facts, words, strict=True)):
            if index:
                last = index == len(facts) - 1
                sentence.append(
                    Stretch(self.sentences.joins[place.join if last or place.join not in ("and", "or") else "comma"])
                )
            lead, text = self.form(wording, place)
            if place.style == "inv":
                sentence += [Stretch(lead), Stretch(f"{self.person.subject('nom')} ")]
            elif lead:
                before = sentence[-1].text.rsplit(" ", 2)[-2:] if sentence and not index else []
                contraction = CONTRACTIONS.get((before[0], lead)) if len(before) == 2 and not before[1] else None
                if contraction:
                    sentence[-1] = Stretch(sentence[-1].text[: -len(before[0]) - 1])
                sentence.append(Stretch(contraction or lead))
            category, assertion = _kind(fact, place.key)
            sentence.append(Stretch(text, category, assertion))

    def form(self, wording: Wording, place: Place) -> tuple[str, str]:
        """What leads in, and what is marked, in the form that the place asks for."""
        if place.style in ("pred", "inv"):
            return wording.lead, wording.text
        if self.german:
            return wording.form(place.case, place.article)
        if place.article == "the" and wording.lead:
            return "the ", wording.text
        return (wording.lead if place.article == "a" else ""), wording.text


def _kind(fact: Fact, key: str) -> tuple[str, Assertion]:
    if isinstance(fact, Item):
        return fact.category, fact.assertion
    return ("pharmacological_therapy" if key == "drugs" else "laboratory_values"), Assertion.PRESENT
