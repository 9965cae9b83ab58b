"""Which scheme an adapter needs, in words, for the errors of one that does not fit the workspace's."""

from __future__ import annotations

from pathlib import Path

from curation.tagging.folder import COMMON_SCHEME, AdapterManifest


def trained_scheme(manifest: AdapterManifest, folder: Path) -> str:
    """What to do to have the scheme that an adapter was trained on."""
    common = folder / COMMON_SCHEME
    if common.is_file():
        return f'name the one that it was trained on in curate.toml: [curation] scheme = "{common}"'
    return f"use the scheme {manifest.scheme} that it was trained on"
