"""An adapter of the workspace by its name, wherever an annotator or a layer is named."""

from __future__ import annotations

from pathlib import Path

from curation.author import AuthorKind, author_name, kind_of, layer_name, own_name
from curation.errors import UsageError, unknown_name
from curation.store import Store
from curation.tagging.folder import MANIFEST
from pipeline.workspace import Workspace


def with_folder(workspace: Workspace, spoken: str) -> str:
    """An annotator's name with the adapter's folder for `adapter` and `adapter:NAME_OR_PATH`; any other as it is.

    A name or path is looked up in the workspace first, then as it was typed. Without one it is the adapter of the
    config, else the only one of the workspace. Raises UsageError when it has several, or none, and for a name of none.
    """
    name = own_name(spoken)
    if kind_of(spoken) is not AuthorKind.ADAPTER:
        return spoken
    adapters = {manifest.parent.name: manifest.parent for manifest in workspace.folder.glob(f"adapters/*/{MANIFEST}")}
    if name in adapters:
        return layer_name(AuthorKind.ADAPTER, str(adapters[name]))
    typed = Path(name) if name else workspace.config.annotation.adapter.path
    if typed is not None:
        inside = workspace.folder / typed
        if not typed.is_absolute() and (inside / MANIFEST).is_file():
            return layer_name(AuthorKind.ADAPTER, str(inside))
        if name and not (typed / MANIFEST).is_file():
            raise unknown_name("an adapter of this workspace, or the folder of one", name, sorted(adapters))
        return spoken
    if len(adapters) != 1:
        raise UsageError(
            f"expected --with adapter:NAME with an adapter of this workspace, got {spoken}; "
            f"adapters: {', '.join(sorted(adapters)) or 'none, make one with curate train'}"
        )
    return layer_name(AuthorKind.ADAPTER, str(*adapters.values()))


def with_layer(store: Store, spoken: str) -> str:
    """The layer that `adapter:NAME` means: `adapter`, where that adapter alone wrote it; any other name as it is."""
    layer = layer_name(AuthorKind.ADAPTER)
    if kind_of(spoken) is not AuthorKind.ADAPTER or not own_name(spoken) or spoken in store.layer_names():
        return spoken
    name = author_name(AuthorKind.ADAPTER, Path(own_name(spoken)).name, revision="")
    authors = {item.layers[layer].author for item in store.items([layer]) if layer in item.layers}
    return layer if authors and all(author.startswith(name) for author in authors) else spoken
