"""The connection from a workspace to its Label Studio."""

from __future__ import annotations

import os
from pathlib import Path

from annotation.label_studio.api.client import Client
from annotation.label_studio.server import server
from annotation.label_studio.settings import LabelStudioSettings
from curation.egress.gate import Gate
from curation.errors import ReviewError

#: The token for a Label Studio that is not ours: legacy, or a personal access token.
TOKEN = "CLINCURATE_LABEL_STUDIO_TOKEN"


def connect(workspace: Path, settings: LabelStudioSettings, gate: Gate | None = None) -> Client:
    """A client for the Label Studio of the settings, or for the workspace's own, which must run.

    gate: what texts pass that are sent to one on another machine; without it the client only reads there.
    Raises ReviewError when it does not run, does not answer, or does not accept the token.
    """
    if settings.url is not None:
        token = os.environ.get(TOKEN)
        if not token:
            raise ReviewError(f"expected the token for {settings.url} in {TOKEN}, found none")
        return Client(settings.url, token, settings, gate)
    running = server.status(workspace)
    if running is None:
        raise ReviewError(
            f"expected the Label Studio of {workspace} to run, it does not; start it with `curate review start`"
        )
    return Client(running.url, running.service or running.token, settings, gate)
