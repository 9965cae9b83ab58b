"""What a workspace for tests of experiments holds."""

from __future__ import annotations

from verdicts import given

from curation.markup import parse_markup
from curation.record import Layer, Record
from curation.scheme import load_scheme
from curation.sets.freeze import freeze
from curation.settings import SplitSettings
from curation.store import Store

TEXTS = {
    "en": "Case {}: a [54-year-old]{{age}} woman had [fever]{{signs_symptoms}} and [cough]{{signs_symptoms}}.",
    "de": "Fall {}: eine [54-jährige]{{age}} Frau hatte [Fieber]{{signs_symptoms}} und [Husten]{{signs_symptoms}}.",
}
#: Words of the records that no file of a result may hold.
WORDING = (b"fever", b"Husten", b"r01", b"p01")
SETTINGS: dict[str, object] = {
    "training.base_model": "models/tiny",
    "training.full": True,
    "training.learning_rate": 0.01,
    "training.epochs": 2,
    "training.window": 32,
    "training.stride": 8,
    "training.threads": 1,
    "training.batch_size": 2,
    "training.checkpoint_steps": 1,
    "review.agreement.minimum_records": 2,
}


def filled(store: Store, records: int, *, name: str = "cases", first: int = 0, seed: int = 1) -> None:
    """Frozen records in two languages, two of each patient."""
    ids = []
    for number in range(first, first + records):
        language = ("en", "de")[number % 2]
        text, entities = parse_markup(TEXTS[language].format(" ".join(f"{number}{letter}" for letter in "abcdef")))
        id = f"r{number:02d}"
        store.add_records([Record(id=id, group=f"p{number // 2}", source=name, language=language, text=text)])
        store.add_layers([Layer(record_id=id, name=f"gold-{name}", author="gold", entities=entities)])
        ids.append(id)
    store.decide(given(ids, f"gold-{name}"))
    split = SplitSettings(seed=seed, train=0.5, validation=0.2, test=0.3, near_duplicates=1.0)
    freeze(store, load_scheme(), name=name, layers=[f"gold-{name}"], split=split)
