"""Duplicates: the real ones of MTSamples, all of them, and near-duplicates planted into real and generated texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from measuring import measured, table

from curation.sets.duplicates import THRESHOLD, WORD, find_duplicates, normalised, shingles
from validation_parts.error_planting import Share

DATA = Path(__file__).parents[3] / "shared" / "data"
GENERATED = {True: 100, False: 1_000}
QUICK_NOTES = 400

Texts = Sequence[tuple[str, str]]


def run(*, quick: bool) -> dict[str, object]:
    """Recall and false alarms of exact and near-duplicates."""
    notes = mtsamples()
    if notes:
        real(notes[:QUICK_NOTES] if quick else notes)
    sources = {"generated": generated(quick)}
    if notes:
        firsts = list({normalised(text): (id, text) for id, text in reversed(notes) if text.strip()}.values())
        sources["MTSamples"] = firsts[:QUICK_NOTES] if quick else firsts
    found = {name: {source: planted(texts, way) for source, texts in sources.items()} for name, way in WAYS.items()}
    rows = [
        (name, source, recall.of, recall, false.of, false)
        for name, by_source in found.items()
        for source, (recall, false) in by_source.items()
    ]
    print(table(("planted", "in", "planted texts", "found", "sound texts", "false alarms"), rows))
    return {"recall": _added(found, 0), "false_alarm": _added(found, 1)}


def _added(found: dict[str, dict[str, tuple[Share, Share]]], index: int) -> dict[str, float]:
    return {
        name: round(sum((shares[index] for shares in by_source.values()), Share(0, 0)).value, 4)
        for name, by_source in found.items()
    }


def mtsamples() -> list[tuple[str, str]]:
    """The notes as they are in the file, by line; none where the data are absent."""
    file = DATA / "mtsamples" / "mtsamples.jsonl"
    if not file.is_file():
        return []
    with file.open(encoding="utf-8") as lines:
        return [(str(number), json.loads(line)["transcription"] or "") for number, line in enumerate(lines)]


def real(notes: Texts) -> None:
    """What is found in the notes themselves, beside what a plain comparison of strings finds."""
    with measured() as cost:
        found = find_duplicates(notes)
    filled = [text for _, text in notes if text.strip()]
    wordings = {" ".join(WORD.findall(normalised(text))) for text in filled}
    exact = sum(len(members) - 1 for members in found.groups.values())
    rows = [
        ("rows", len(notes)),
        ("empty", len(notes) - len(filled)),
        ("different strings", len(set(filled))),
        ("different texts (case and blanks aside)", len(found.groups)),
        ("different wordings (punctuation aside too)", len(wordings)),
        ("exact duplicates found", exact),
        ("pairs of near-duplicates between different texts", len(found.pairs)),
        ("records that can go, near-duplicates included", len(found.matches())),
        ("records a second", round(len(notes) / cost.seconds)),
    ]
    print(table(("MTSamples", ""), rows) + "\n")


def generated(quick: bool) -> list[tuple[str, str]]:
    """Generated reports, English and German."""
    from curation.generate import generate

    return [(record.id, record.text) for record, _ in generate(GENERATED[quick], seed=5)]


def planted(texts: Texts, way: Callable[[str, Random], str]) -> tuple[Share, Share]:
    """Found of one planted copy of each text, and sound texts reported although no other text is like them.

    Whether texts are alike is counted out on all their word runs for those that are reported.
    """
    copies = [(f"copy {id}", way(text, Random(f"{way.__name__}:{id}"))) for id, text in texts]
    # A change in a short text may be a large one: such a copy is no near-duplicate by definition.
    kept = [(id, copy) for (id, copy), (_, text) in zip(copies, texts, strict=True) if _jaccard(copy, text) >= SURELY]
    matches = find_duplicates([*texts, *kept]).clusters()
    cluster = {id: number for number, members in enumerate(matches) for id in members}
    hits = sum(id in cluster and cluster[id] == cluster.get(id.removeprefix("copy ")) for id, _ in kept)
    return Share(hits, len(kept)), reported(texts)


#: The estimate has a standard error of 0.035 at 0.8: what lies within three of it may fall on either side.
SURELY = THRESHOLD + 0.1


def reported(texts: Texts) -> Share:
    """Sound texts in a pair that is called near-duplicate though it has clearly less in common than the threshold."""
    known = dict(texts)
    found = find_duplicates(texts)
    wrong = {
        id
        for pair in found.pairs
        if _jaccard(known[pair.left], known[pair.right]) < THRESHOLD - 0.05
        for id in (pair.left, pair.right)
    }
    return Share(len(wrong), len(texts))


def _jaccard(left: str, right: str) -> float:
    """What the two really have in common, not estimated."""
    ours, theirs = set(shingles(normalised(left))), set(shingles(normalised(right)))
    return len(ours & theirs) / len(ours | theirs)


def exact_duplicate(text: str, chance: Random) -> str:
    """The same in other case and with other blanks."""
    return "  ".join(text.upper().split(" ")) if chance.random() < 0.5 else text.replace(" ", "\n")


def near_duplicate(text: str, chance: Random) -> str:
    """One word in a hundred is another, at least one."""
    words = text.split(" ")
    for at in chance.sample(range(len(words)), max(1, len(words) // 100)):
        words[at] = "otherwise"
    return " ".join(words)


WAYS: dict[str, Callable[[str, Random], str]] = {
    "exact duplicate": exact_duplicate,
    "near-duplicate": near_duplicate,
}
