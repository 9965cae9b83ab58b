"""Records with one planted error each, and what must be said of it."""

from __future__ import annotations

from collections.abc import Iterable

from curation.decision import Verdict
from curation.markup import parse_markup
from curation.record import Alignment, Entity, Fragment, Layer, Record, Relation
from curation.scheme import Scheme
from curation.store import Store
from validation.settings import ValidationSettings
from validation.stage import Measure

Pair = tuple[Record, Layer | None]

SOUND = (
    "A [54-year-old]{age} [woman]{gender} came with [fever]{signs_symptoms} and [a dry cough]{signs_symptoms}. "
    "A [chest radiograph]{diagnostic_techniques_procedures} showed [lobar pneumonia]{diagnosis}. "
    "She took [amoxicillin 1 g three times a day]{pharmacological_therapy} and "
    "[went home on day 6]{patient_outcome_assessment}."
)


def story(id: str, marked: str, *, language: str = "en", name: str = "rules") -> Pair:
    """A record and its layer, from marked text."""
    text, entities = parse_markup(marked)
    record = Record(id=id, group=id, source="test", language=language, text=text)
    return record, Layer(record_id=id, name=name, author=f"{name}@1", entities=entities)


def fill(store: Store, pairs: Iterable[Pair], scheme: Scheme, settings: ValidationSettings) -> None:
    """Records and layers stored, and all records measured."""
    pairs = list(pairs)
    store.add_records(record for record, _ in pairs)
    store.add_layers(layer for _, layer in pairs if layer is not None)
    stage = Measure.over(store, scheme, settings)
    results = stage(list(store.items(stage.reads)))
    store.put_measures(stage.name, {result.record_id: result.measures for result in results})


GERMAN = (
    "Eine [61-jährige]{age} [Frau]{gender} stellte sich mit [Atemnot]{signs_symptoms} vor. Das "
    "[Echokardiogramm]{diagnostic_techniques_procedures} zeigte eine [schwere Aortenstenose]{diagnosis}."
)


def planted() -> dict[str, tuple[Pair, str, Verdict]]:
    """A record for each kind of error, the expectation that must name it, and where the record must go."""
    other = "A [{}]{{age}} boy fell off a {} onto his {}, and [his {} hurt]{{signs_symptoms}} for {} weeks."
    base = story("base", other.format("9-year-old", "horse", "arm", "elbow", "two"))
    _, layer = base
    assert layer is not None
    invented = Entity(id="T8", category="diagnosis", text="lupus nephritis", alignment=Alignment.NONE)
    faint = Entity(
        id="T9",
        category="diagnosis",
        text="nephritic lupus",
        fragments=(Fragment(start=0, end=9),),
        alignment=Alignment.FUZZY,
        alignment_score=0.5,
    )
    twice = layer.entities[0].model_copy(update={"id": "T7"})
    # The store itself refuses other text behind an exact alignment; a folded one it takes on trust.
    shifted = layer.entities[1].model_copy(
        update={"fragments": (Fragment(start=1, end=16),), "alignment": Alignment.FOLDED}
    )
    foreign = layer.entities[1].model_copy(update={"category": "zodiac"})

    def variant(id: str, place: str, **fields: object) -> Pair:
        """The same layer over a text that differs after the last entity."""
        tail = " ".join(f"{place} {word}" for word in ("garden", "school", "hospital", "street", "river"))
        record = base[0].model_copy(update={"id": id, "group": id, "text": f"{base[0].text} It was near the {tail}."})
        return record, layer.model_copy(update={"record_id": id, **fields})

    def text(id: str, text: str, language: str = "en") -> Pair:
        return Record(id=id, group=id, source="test", language=language, text=text), None

    hard, soft = Verdict.QUARANTINED, Verdict.NEEDS_REVIEW
    return {
        "nothing in it": (text("p01", ""), "text_present", hard),
        "white space": (text("p02", " \n\t "), "text_present", hard),
        "a fragment": (text("p03", "Patient stable."), "text_length", hard),
        "far too long": (text("p04", "The child slept well. " * 50_000), "text_length", hard),
        "a language out of the scheme": (
            text("p05", "Une femme de quarante ans a consulté pour une fièvre et une toux sèche.", "fr"),
            "language_known",
            hard,
        ),
        "another language than named": (
            text("p06", "Der Patient klagte seit drei Tagen über starke Schmerzen im linken Bein."),
            "language_agrees",
            hard,
        ),
        "two languages": (
            text(
                "p07",
                "The man was brought to the emergency room after he had fallen down the stairs at home. " * 8
                + "Der Patient klagte danach tagelang über Schwindel und konnte nicht mehr schlafen. " * 4,
            ),
            "language_unmixed",
            soft,
        ),
        "control characters": (
            text("p08", "The wound healed\x0c within a month and \x1bthe girl was well."),
            "no_control_characters",
            soft,
        ),
        "right-to-left marks": (
            text("p09", "The \u202emedicine\u202c was stopped when the\u200b rash had spread."),
            "no_hidden_characters",
            soft,
        ),
        "a category of no scheme": (
            variant("p10", "old", entities=(layer.entities[0], foreign)),
            "categories_known",
            hard,
        ),
        "a relation of no scheme": (
            variant("p11", "red", relations=(Relation(id="R1", type="rhymes_with", head="T1", tail="T2"),)),
            "relations_known",
            hard,
        ),
        "shifted offsets": (
            variant("p12", "big", entities=(layer.entities[0], shifted)),
            "offsets_exact",
            hard,
        ),
        "said twice": (
            variant("p14", "new", entities=(*layer.entities, twice)),
            "entities_distinct",
            soft,
        ),
        "nothing said": (variant("p15", "low", entities=()), "entities_found", soft),
        "an invention": (
            variant("p16", "dry", entities=(*layer.entities, invented)),
            "entities_grounded",
            hard,
        ),
        "hardly similar": (
            variant("p17", "hot", entities=(*layer.entities, faint)),
            "entities_grounded",
            hard,
        ),
        "too old": (
            story("p18", other.format("450-year-old", "wall", "head", "skull", "six")),
            "age_not_too_high",
            hard,
        ),
        "two ages": (
            story(
                "p19",
                "This [32-year-old]{age} potter, [aged 71]{age}, cut [her thumb]{signs_symptoms} on glass.",
            ),
            "ages_agree",
            soft,
        ),
        "a copy": (_again(story("p20", SOUND), " \n"), "no_duplicate", hard),
        "nearly a copy": (_again(story("p21", SOUND), " Thanks again."), "no_near_duplicate", hard),
    }


def _again(pair: Pair, more: str) -> Pair:
    record, layer = pair
    # The keeper is the longest: so these stand beside a longer one of the same.
    return record.model_copy(update={"text": record.text + more}), layer


PLANTED = planted()
# What the copies are copies of: longer in characters than both, so it is kept.
KEPT = story("s1", SOUND + " Thanks again so.")
