"""nginx with the proxy's configuration, and whether it is the one that listens."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

from annotation.label_studio.processes import is_free
from annotation.label_studio.proxy.config import CHECK_PATH, ProxyConfig, proxy_config, write_proxy_config
from annotation.label_studio.settings import ProxySettings
from curation.errors import ReviewError

#: Seconds until nginx must listen, and until a request to it is given up.
START_TIMEOUT, REQUEST_TIMEOUT = 10.0, 3.0

#: How Debian calls what is needed.
PACKAGES = "nginx-light libnginx-mod-http-js"

#: What is possible without a proxy.
NO_PROXY = "none: a page on another port of this machine can act for whoever is logged in (CSRF)"


@contextmanager
def running_proxy(
    workspace: Path, settings: ProxySettings, upstream: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """nginx before the Label Studio at `upstream`, listening, and the annotators' address; it ends with the block.

    Raises ReviewError when there is no nginx with JavaScript, or it does not start.
    """
    config = proxy_config(settings, upstream)
    folder = write_proxy_config(workspace, config)
    command = nginx_command(folder)
    if shutil.which(command[0]) is None:
        raise ReviewError(f"expected nginx on this machine, found none; on Debian: apt-get install {PACKAGES}")
    if not is_free(settings.port):
        raise ReviewError(
            f"expected port {settings.port} to be free, it is not; name another as review.proxy.port, or end the nginx "
            f"whose number is in {folder / 'nginx.pid'}"
        )
    with subprocess.Popen([*command, "-g", "daemon off;"], stderr=subprocess.PIPE, text=True) as process:
        try:
            _wait(process, settings, config)
            yield process, config.url
        finally:
            process.terminate()


def nginx_command(folder: Path) -> list[str]:
    """How nginx is started with the files of the folder."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    return [found or "nginx", "-p", str(folder.resolve()), "-e", "error.log", "-c", "nginx.conf"]


def proxy_in_use(settings: ProxySettings, upstream: str) -> bool:
    """Whether a proxy with this very configuration listens where the settings say."""
    return _answer(settings) == proxy_config(settings, upstream).fingerprint


def _wait(process: subprocess.Popen[str], settings: ProxySettings, config: ProxyConfig) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        if _answer(settings) == config.fingerprint:
            return
        time.sleep(0.05)
    process.terminate()
    said = process.communicate()[1].strip().splitlines()[:1]
    raise ReviewError(
        f"expected nginx to listen on {settings.host}:{settings.port}, it does not: {' '.join(said)}; "
        f"it needs its module for JavaScript (Debian: apt-get install {PACKAGES}), or root for a port below 1024"
    )


def _answer(settings: ProxySettings) -> str:
    """What the proxy's check answers, nothing where there is no proxy."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    host = f"[{host}]" if ":" in host else host
    scheme = "https" if settings.certificate else "http"
    # Asked by its address, under the name that it knows; the certificate is for that name.
    unchecked = ssl.create_default_context()
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=unchecked))
    request = Request(f"{scheme}://{host}:{settings.port}{CHECK_PATH}", headers={"Host": settings.names[0]})
    try:
        with opener.open(request, timeout=REQUEST_TIMEOUT) as answer:
            return str(answer.read(64).decode("ascii", "replace"))
    except (URLError, OSError, ValueError):
        return ""
