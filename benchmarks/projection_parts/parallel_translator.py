"""A translator that knows the German of generated English records, and damages markers as often as a test says."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from curation.generate.records import generate
from curation.models.contract import Request
from curation.record import Layer, Record

TAG = re.compile(r"<(/?)([a-z]+)(\d+)>")
Places = dict[tuple[int, int], tuple[int, int]]

#: How a translator treats markers badly.
DAMAGES = ("dropped", "opened", "doubled", "exchanged", "translated")


@dataclass
class ParallelTranslator:
    """Answers questions of the prompts `translate` and `mention` about records of the generator's parallel mode.

    rates: how often a marker is damaged in each way, and with `mention`, how often a wording is told wrongly; with
    `left_out`, how often a sentence has no answer. mends: whether what is asked once more comes back whole.
    """

    rates: Mapping[str, float] = field(default_factory=dict)
    records: list[tuple[Record, Layer]] = field(default_factory=list)
    sentences: dict[str, tuple[str, Places]] = field(default_factory=dict)
    damaged: Counter[str] = field(default_factory=Counter)
    mends: bool = True

    def told(self, cases: int, seed: int) -> None:
        """Know so many cases more."""
        both = iter(generate(cases, seed=seed, parallel=True))
        for (english, gold), (german, other) in zip(both, both, strict=True):
            self.records.append((english, gold))
            truth = {entity.id: entity.spans[0] for entity in other.entities}
            sentences: Any = english.meta["sentences"], german.meta["sentences"]
            for (start, end), (begin, stop) in zip(*sentences, strict=True):
                inside = {
                    (span[0] - start, span[1] - start): (truth[entity.id][0] - begin, truth[entity.id][1] - begin)
                    for entity in gold.entities
                    if start <= (span := entity.spans[0])[0] and span[1] <= end
                }
                known = self.sentences.setdefault(english.text[start:end], (german.text[begin:stop], {}))
                if known[0] == german.text[begin:stop]:  # the first one of several stays
                    known[1].update(inside)

    def german(self, sentence: str) -> tuple[str, Places]:
        """A sentence in German with the places of its entities; one that is not known stays English."""
        return self.sentences.get(sentence, (sentence, {}))

    def place(self, sentence: str, span: tuple[int, int]) -> tuple[int, int]:
        """Where a span of a sentence stands in the German one."""
        return self.german(sentence)[1].get(span, span)

    def respond(self, request: Request) -> str:
        """The answer to a question."""
        asked = json.loads(request.messages[1].content.partition("\n")[2].rpartition("\n")[0])
        if "sentences" in asked:
            again = asked.get("lacking", {})
            answers = {key: self.translated(text, is_again=key in again) for key, text in asked["sentences"].items()}
            answers = {key: answer for key, answer in answers.items() if answer is not None}
        else:
            answers = {key: self.mention(**entry) for key, entry in asked.items()}
        return json.dumps(answers, ensure_ascii=False)

    def translated(self, marked: str, *, is_again: bool) -> str | None:
        """A sentence with markers, some of them damaged."""
        sentence, spans = unmark(marked)
        rng = random.Random(f"{marked}:{is_again}")
        if not is_again and rng.random() < self.rates.get("left_out", 0):
            self.damaged["left_out"] += 1
            return None
        text, _ = self.german(sentence)
        is_whole = is_again and self.mends
        translated = []
        tags = {number: [self.place(sentence, span)] for number, span in spans.items()}
        for number in list(tags):
            done = next((way for way in DAMAGES if rng.random() < self.rates.get(way, 0) and not is_whole), None)
            if done == "exchanged" and len(tags) > 1:
                other = rng.choice([each for each in tags if each != number])
                tags[number], tags[other] = tags[other], tags[number]
            elif done == "dropped":
                tags[number] = []
            elif done == "doubled":
                tags[number].append((0, min(3, len(text))))
            self.damaged.update([done] if done else [])
            if done == "opened":
                tags[number] = [(tags[number][0][0], -1)] if tags[number] else []
            if done == "translated":
                translated.append(number)
        name = next(iter(TAG.finditer(marked)))[2] if spans else "e"
        answer = with_tags(text, name, tags)
        for number in translated:
            answer = answer.replace(f"<{name}{number}>", f"<Marke {number}>")
            answer = answer.replace(f"</{name}{number}>", f"</Marke {number}>")
        return answer

    def mention(self, sentence: str, translation: str, wording: str) -> str:
        """The German words of a wording; sometimes any others."""
        rng = random.Random(f"{sentence}:{wording}")
        if rng.random() < self.rates.get("mention", 0):
            self.damaged["mention"] += 1
            return rng.choice(translation.split())
        start = sentence.find(wording)
        place = self.place(sentence, (start, start + len(wording)))
        return self.german(sentence)[0][slice(*place)]


def unmark(marked: str) -> tuple[str, dict[int, tuple[int, int]]]:
    """A text without its tags, and where each number begins and ends."""
    plain = ""
    begun: dict[int, int] = {}
    spans: dict[int, tuple[int, int]] = {}
    after = 0
    for match in TAG.finditer(marked):
        plain += marked[after : match.start()]
        after = match.end()
        if match[1]:
            spans[int(match[3])] = (begun[int(match[3])], len(plain))
        else:
            begun[int(match[3])] = len(plain)
    return plain + marked[after:], spans


def with_tags(text: str, name: str, tags: Mapping[int, list[tuple[int, int]]]) -> str:
    """A text with tags of these names at places; an end of -1 is no tag."""
    marks = [(start, 1, -end, f"<{name}{number}>") for number, places in tags.items() for start, end in places]
    marks += [
        (end, 0, -start, f"</{name}{number}>") for number, places in tags.items() for start, end in places if end >= 0
    ]
    parts, after = [], 0
    for place, _, _, tag in sorted(marks):
        parts += [text[after:place], tag]
        after = place
    return "".join([*parts, text[after:]])
