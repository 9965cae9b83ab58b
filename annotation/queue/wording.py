"""The result of the control sample in sentences, for stewards."""

from __future__ import annotations

from annotation.queue.stopping import Rate, Stopping

SENTENCES = {
    "en": {
        "nothing": "There is no control sample yet: make a queue with `curate review queue`, review it, and pull.",
        "unseen": "Queue {queue} has a control sample of {control} records, and none of them is reviewed yet.",
        "records": "Of the {rest:,} records that were not picked for review, an estimated {estimate} still need a "
        "change ({sure} interval: {low} to {high}); {needed_change} of {control_reviewed} control records did.",
        "entities": "Of their entities, an estimated {estimate} are wrong or missing ({low} to {high}).",
        "reached": "That is surely below the target of {target}: you can stop.",
        "control": "For the target of {target}, about {needed:,} more control reviews are needed, if the rate stays.",
        "queue": "That is above the target of {target}: about {needed:,} more reviews in queue order are needed; "
        "then a new control sample.",
        "hopeless": "The target of {target} cannot be shown with what is left: all of it must be reviewed.",
        "waiting": "{waiting:,} queued records are not reviewed yet; nothing is said about those.",
    },
    "de": {
        "nothing": "Es gibt noch keine Kontrollstichprobe: mit `curate review queue` eine Reihenfolge anlegen, "
        "durchsehen lassen und abholen.",
        "unseen": "Reihenfolge {queue} hat eine Kontrollstichprobe von {control} Berichten; keiner ist durchgesehen.",
        "records": "Von den {rest:,} nicht zur Durchsicht ausgewählten Berichten müssten schätzungsweise {estimate} "
        "noch geändert werden ({sure}-Intervall: {low} bis {high}); in der Kontrolle waren es {needed_change} von "
        "{control_reviewed}.",
        "entities": "Von ihren Einträgen sind schätzungsweise {estimate} falsch oder fehlen ({low} bis {high}).",
        "reached": "Das liegt sicher unter dem Ziel von {target}: Sie können aufhören.",
        "control": "Für das Ziel von {target} fehlen etwa {needed:,} weitere Kontroll-Durchsichten, wenn der Anteil "
        "bleibt.",
        "queue": "Das liegt über dem Ziel von {target}: etwa {needed:,} weitere Durchsichten in der Reihenfolge, "
        "danach eine neue Kontrollstichprobe.",
        "hopeless": "Das Ziel von {target} lässt sich mit dem Rest nicht zeigen: alles muss durchgesehen werden.",
        "waiting": "{waiting:,} Berichte der Reihenfolge sind noch nicht durchgesehen; über sie ist nichts gesagt.",
    },
}


def sentence(found: Stopping, *, language: str = "en") -> str:
    """The result in a language, or in English where there is no wording in it."""
    words = SENTENCES.get(language, SENTENCES["en"])
    facts = found.model_dump() | {"target": _percent(found.target), "sure": _percent(found.confidence)}
    return " ".join(words[key].format(**facts | more) for key, more in _parts(found))


def _parts(found: Stopping) -> list[tuple[str, dict[str, object]]]:
    waiting: list[tuple[str, dict[str, object]]] = [("waiting", {})] if found.waiting else []
    if found.queue is None:
        return [("nothing", {}), *waiting]
    if found.records is None:
        return [("unseen", {}), *waiting]
    sentences: list[tuple[str, dict[str, object]]] = [("records", _numbers(found.records))]
    if found.entities is not None:
        sentences.append(("entities", _numbers(found.entities)))
    return [*sentences, (_advice(found), {}), *waiting]


def _advice(found: Stopping) -> str:
    if found.reached:
        return "reached"
    if found.needed is None or found.needed >= found.rest:
        return "hopeless"
    return found.needed_of or "hopeless"


def _numbers(rate: Rate) -> dict[str, object]:
    return {name: _percent(value) for name, value in rate.model_dump().items()}


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %".replace(".0 %", " %")
