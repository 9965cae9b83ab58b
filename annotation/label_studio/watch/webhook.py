"""Our webhook at a project, as long as we listen."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from annotation.label_studio.api.client import Client, Json
from annotation.label_studio.watch.webhook_receiver import HEADER
from curation.errors import ReviewError

#: What there may be news after.
ACTIONS = (
    "ANNOTATION_CREATED",
    "ANNOTATIONS_CREATED",
    "ANNOTATION_UPDATED",
    "ANNOTATIONS_DELETED",
    "TASKS_DELETED",
)

#: Seconds in which somebody who listens on this machine answers.
KNOCK = 1.0


@contextmanager
def hooked(client: Client, project: int, address: str, secret: str) -> Iterator[None]:
    """While inside, Label Studio sends hints to the address; hooks of ours to which nobody listens are removed.

    The hints carry no annotation. The hook is made anew each time and never changed: Label Studio forgets the
    actions of a hook that is changed without naming them.
    """
    for hook in client.webhooks(project):
        if HEADER in (hook.get("headers") or {}) and (hook["url"] == address or _is_dead(hook)):
            client.delete_webhook(hook["id"])
    made = client.add_webhook(project, address, {HEADER: secret}, ACTIONS)
    try:
        yield
    finally:
        # A hook that stays is removed by the next who listens.
        with suppress(ReviewError):
            client.delete_webhook(made)


def _is_dead(hook: Json) -> bool:
    url = urlsplit(str(hook["url"]))
    if url.hostname != "127.0.0.1" or url.port is None:
        return False
    try:
        socket.create_connection((url.hostname, url.port), timeout=KNOCK).close()
    except OSError:
        return True
    return False
