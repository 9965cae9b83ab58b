"""The reverse proxy before a workspace's Label Studio."""

from __future__ import annotations

import shlex

from annotation.label_studio.processes import exit_at_signals
from annotation.label_studio.proxy.config import proxy_config, write_proxy_config
from annotation.label_studio.proxy.run import nginx_command, running_proxy
from annotation.label_studio.server import server
from curation.errors import ReviewError
from pipeline.workspace import Workspace


def run_proxy(workspace: Workspace) -> None:
    """nginx before the workspace's Label Studio, until it is asked to end; ReviewError when nginx ends."""
    settings, upstream = workspace.config.review.proxy, _upstream(workspace)
    with exit_at_signals(), running_proxy(workspace.folder, settings, upstream) as (nginx, url):
        workspace.notify(f"for annotators: {url}; Ctrl-C ends it")
        nginx.wait()
        raise ReviewError("expected nginx to run on, it ended; see label-studio/proxy/error.log")


def write_proxy(workspace: Workspace) -> str:
    """The files in `label-studio/proxy`, written, and the command that starts nginx with them."""
    folder = write_proxy_config(workspace.folder, proxy_config(workspace.config.review.proxy, _upstream(workspace)))
    return shlex.join(nginx_command(folder))


def _upstream(workspace: Workspace) -> str:
    """The address of the workspace's Label Studio."""
    if url := workspace.config.review.url:
        return url
    running = server.status(workspace.folder)
    if running is None:
        raise ReviewError("expected this workspace's Label Studio to run, it does not: curate review start")
    return running.url
