"""Relations between the entities of a layer are learnt from all pairs, and added by the adapter."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotation.adapter import AdapterAnnotator
from annotation.settings import AdapterSettings
from curation.adapters.relation_pairs import PairMarker
from curation.errors import NothingToGoByError, UsageError
from curation.markup import parse_markup
from curation.record import Layer, Record, Relation, check_layer
from curation.scheme import Scheme
from curation.stage import Item
from curation.tagging.words import Splitter
from training.examples import Pair
from training.relations import check, shown, train_relations
from training.settings import TrainingSettings
from training.trained import Trained, TrainingJob

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def drugs(scheme: Scheme) -> Scheme:
    """Two categories and a relation from the first to the second."""
    from curation.scheme import RelationType

    kept = tuple(c for c in scheme.categories if c.name in ("pharmacological_therapy", "laboratory_values"))
    kind = RelationType(name="dose", heads=("laboratory_values",), tails=("pharmacological_therapy",))
    return Scheme(name="drugs", languages=("en",), categories=kept, relations=(kind,))


def pair(number: int, marked: str, *links: tuple[int, int]) -> Pair:
    text, entities = parse_markup(marked)
    record = Record(id=f"r{number}", group=f"r{number}", source="t", language="en", text=text)
    relations = tuple(
        Relation(id=f"R{place}", type="dose", head=entities[head].id, tail=entities[tail].id)
        for place, (head, tail) in enumerate(links)
    )
    return record, Layer(record_id=record.id, name="gold", author="gold", entities=entities, relations=relations)


DRUG, DOSE = "{pharmacological_therapy}", "{laboratory_values}"
#: The dose in front of a drug is the drug's, whichever drugs and doses there are.
PAIRS = [
    pair(number, f"Given [{a} mg]{DOSE} [{x}]{DRUG}, then [{b} mg]{DOSE} [{y}]{DRUG}.", (0, 1), (2, 3))
    for number, (a, x, b, y) in enumerate(
        [(1, "aspirin", 2, "heparin"), (5, "heparin", 7, "digoxin"), (20, "digoxin", 9, "aspirin"), (3, "x", 4, "y")]
    )
]


@pytest.fixture(scope="module")
def trained(place: Path, quick_settings: TrainingSettings, drugs: Scheme) -> Trained:
    settings = quick_settings.model_copy(update={"epochs": 40})
    return train_relations(TrainingJob(PAIRS, PAIRS, drugs, settings, place / "adapters" / "links"))


def test_the_adapter_adds_relations_to_a_given_layer(trained: Trained, drugs: Scheme) -> None:
    assert max(trained.history) == 1.0
    annotator = AdapterAnnotator(trained.folder, drugs, AdapterSettings(reads="gold"), layer="linked")
    assert annotator.reads == ("gold",)
    bare = [(record, layer.model_copy(update={"relations": ()})) for record, layer in PAIRS]
    results = annotator([Item(record, {"gold": layer}) for record, layer in bare])
    for (record, gold), result in zip(PAIRS, results, strict=True):
        (layer,) = result.layers
        check_layer(record, layer)
        assert layer.entities == gold.entities
        assert {(r.type, r.head, r.tail) for r in layer.relations} == {(r.type, r.head, r.tail) for r in gold.relations}
        assert (layer.name, layer.author) == ("linked", trained.manifest.author)
    (failed,) = annotator([Item(PAIRS[0][0])])
    assert failed.error == "expected the layer gold that relations are found in, the record has none"
    empty = bare[0][1].model_copy(update={"entities": ()})
    assert annotator([Item(bare[0][0], {"gold": empty})])[0].layers[0].relations == ()


def test_the_layer_to_link_has_to_be_named_and_the_scheme_to_fit(
    trained: Trained, drugs: Scheme, scheme: Scheme
) -> None:
    with pytest.raises(UsageError, match=r"annotation\.adapter\.reads, another one than adapter, got none"):
        AdapterAnnotator(trained.folder, drugs)
    with pytest.raises(UsageError, match="got same"):
        AdapterAnnotator(trained.folder, drugs, AdapterSettings(reads="same"), layer="same")
    with pytest.raises(UsageError, match="expected relations of the scheme clinical-summary, got dose"):
        AdapterAnnotator(trained.folder, scheme, AdapterSettings(reads="gold"))


def test_the_card_tells_what_it_links(trained: Trained) -> None:
    card = (trained.folder / "README.md").read_text(encoding="utf-8")
    assert "1 relation types of the scheme" in card
    assert "| all (micro) | 1.000 | 8 |" in card
    assert "aspirin" not in card


def test_the_view_counts_all_pairs_and_what_it_loses(quick_settings: TrainingSettings, drugs: Scheme) -> None:
    found = check(PAIRS, drugs, quick_settings)
    assert (found.rows, found.negatives, found.annotations, found.lost, found.oracle) == (16, 8, 8, {}, 1.0)
    far = pair(9, f"Given [1 mg]{DOSE} {'and so on ' * 40}[aspirin]{DRUG}.", (0, 1))
    assert check([far], drugs, quick_settings).lost == {"further apart than a window": 1}
    backwards = pair(9, f"Given [1 mg]{DOSE} [aspirin]{DRUG}.", (1, 0))
    lost = check([backwards], drugs, quick_settings).lost
    assert list(lost.values()) == [1]
    (first, *_) = shown(PAIRS[:1], drugs, quick_settings)
    assert ("relation", "dose", True) in first.words


def test_records_without_relations_teach_nothing(place: Path, quick_settings: TrainingSettings, drugs: Scheme) -> None:
    record, layer = PAIRS[0]
    bare = [(record, layer.model_copy(update={"relations": ()}))]
    with pytest.raises(NothingToGoByError, match="1 without any that can be learnt"):
        train_relations(TrainingJob(bare, (), drugs, quick_settings, place / "adapters" / "none"))


def test_marks_stand_around_both_ends_wherever_they_lie(tiny_encoder: Path) -> None:
    from tokenizers import Tokenizer

    file = tiny_encoder / "tokenizer.json"
    split, tokenizer = Splitter(file), Tokenizer.from_file(str(file))
    text, (dose, drug) = parse_markup(f"So [aspirin]{DRUG} in [5 mg]{DOSE} now")
    (pieces,) = split([text])
    for head, tail, expected in (
        (dose, drug, "so @ pharmacological therapy @ aspirin @ in # laboratory values # 5 mg # now"),
        (drug, dose, "so # pharmacological therapy # aspirin # in @ laboratory values @ 5 mg @ now"),
    ):
        marked = PairMarker(split, room=60)(pieces, head, tail)
        assert marked is not None
        assert tokenizer.decode(marked.ids.tolist()) == expected
        assert tokenizer.id_to_token(int(marked.ids[marked.head_at])) == "@"
        assert tokenizer.id_to_token(int(marked.ids[marked.tail_at])) == "#"
    assert PairMarker(split, room=10)(pieces, dose, drug) is None
    within = dose.model_copy(update={"id": "T9", "category": "laboratory_values"})
    nested = PairMarker(split, room=60)(pieces, dose, within)
    assert nested is not None
    assert tokenizer.decode(nested.ids.tolist()).count("aspirin") == 1
