"""What an adapter has learnt from is known by the name that it signs with."""

from __future__ import annotations

import pytest
from pydantic import JsonValue
from verdicts import given

from curation.record import Layer, Record
from curation.scheme import load_scheme
from curation.sets.freeze import freeze
from curation.settings import SplitSettings
from curation.store import Store
from curation.tagging.folder import AdapterManifest
from pipeline.evidence.trained import adapter_author
from pipeline.seen_records import training_sets


@pytest.mark.parametrize(
    "details",
    [{}, {"transitions": [[[0.5]]]}, {"members": ["ab", "cd"]}, {"thresholds": {"biases": {"age": 0.5}}}],
    ids=["one", "crf", "members", "thresholds"],
)
def test_an_adapter_is_known_by_all_that_its_answers_depend_on(
    sqlite_store: Store, details: dict[str, JsonValue]
) -> None:
    sqlite_store.add_records([Record(id="r", group="r", source="t", language="en", text="A text.")])
    sqlite_store.add_layers([Layer(record_id="r", name="gold", author="gold")])
    sqlite_store.decide(given(["r"], "gold"))
    split = SplitSettings(train=1, validation=0, test=0)
    curated = freeze(sqlite_store, load_scheme(), name="cases", layers=["gold"], split=split)
    manifest = AdapterManifest.model_validate(
        {
            **{"name": "mine", "kind": "lora", "scheme": "s", "scheme_digest": "-", "labels": ["O", "B-age"]},
            **{"languages": ["en"], "window": 24, "stride": 8, "base_model": "base", "base_digest": "-"},
            **{"weights_digest": "0123456789abcdef", "details": details},
        }
    )
    outcome = {"manifest": manifest.model_dump(mode="json")}
    run = sqlite_store.start_run("train")
    written: dict[str, JsonValue] = {"inputs": {"set": curated.digest}, "outcome": outcome}
    sqlite_store.end_run(run, state="done", manifest=written)
    plain = "adapter:mine@01234567"
    assert (manifest.author == plain) == (not details)
    # Layers that an earlier version wrote are known too: it signed by the first weights alone.
    assert training_sets(sqlite_store) == {author: {curated.digest: frozenset()} for author in (manifest.author, plain)}
    assert adapter_author(sqlite_store.runs()[-1]) == manifest.author
