"""A LoRA adapter of a workspace merged into its base, compared on records that it has learnt from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from pydantic import JsonValue

from curation.author import AuthorKind, layer_name, own_name
from curation.errors import UsageError
from curation.sources.sample import read_sample
from curation.store import Store
from curation.tagging.folder import read_manifest
from pipeline.adapters import with_folder
from pipeline.runs import LEFT_OUT, recorded
from pipeline.seen_records import training_sets
from pipeline.steps.freeze import split_pairs
from pipeline.workspace import Workspace
from training.merging import MergedAdapter, merge_adapter

#: Texts that the outputs are compared on.
COMPARED = 16


def merge(workspace: Workspace, store: Store, *, adapter: str, to: Path, curated: Sequence[str] = ()) -> MergedAdapter:
    """The merged model of an adapter (its name or folder), in a folder of its own.

    Its outputs are compared on training records of its own sets, or of those named; where neither is known, on the
    shipped cases. Raises UsageError as `merge_adapter`, and for an adapter that is not there.
    """
    spoken = with_folder(workspace, layer_name(AuthorKind.ADAPTER, adapter))
    folder = Path(own_name(spoken))
    manifest = read_manifest(folder)
    learnt_from = training_sets(store).get(manifest.author, {})
    digests = [store.curated_set(name).digest for name in curated] or [*learnt_from]
    texts = [*_texts(store, digests)]
    if not texts:
        workspace.notify(
            f"merge {manifest.name}: its training records are not in this store; compared on shipped cases"
        )
        texts = [record.text for record, _ in islice(read_sample(manifest.languages or ("en",)), COMPARED)]
    if not texts:
        raise UsageError(f"expected texts to compare {manifest.name} on, found none; name a set by --set")
    # Noted as a training of the same sets, so that the merged model is not measured on what it has learnt.
    inputs: dict[str, JsonValue] = {"sets": [*learnt_from], "name": to.name, "merged": manifest.author}
    with recorded(workspace, store, "train", **inputs) as outcome:
        merged = merge_adapter(folder, texts, to)
        outcome |= {LEFT_OUT: {digest: [*sorted(ids)] for digest, ids in learnt_from.items()}}
        outcome |= {"folder": str(merged.folder), "manifest": merged.manifest.model_dump(mode="json")}
    return merged


def _texts(store: Store, digests: Sequence[str]) -> Iterator[str]:
    for digest in digests:
        pairs = split_pairs(store, store.curated_set(digest), "train")
        yield from (record.text for record, _ in islice(pairs, max(1, COMPARED // len(digests))))
