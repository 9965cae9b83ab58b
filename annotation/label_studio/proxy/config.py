"""The proxy's configuration, made for a workspace's Label Studio."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from annotation.label_studio.settings import ProxySettings
from curation.atomic_file import write_private
from curation.private_files import private_folder

HERE = "annotation.label_studio.proxy"

#: The path that answers with the configuration's fingerprint.
CHECK_PATH = "/.clincurate-proxy"

#: Where nginx's module for JavaScript is on the systems that have it as a package.
MODULES = ("/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/share/nginx/modules", "/etc/nginx/modules")
JAVASCRIPT = "ngx_http_js_module.so"


@dataclass(frozen=True, slots=True)
class ProxyConfig:
    """The text of both files, the fingerprint that the proxy answers with, and the annotators' address."""

    nginx: str
    access: str
    fingerprint: str
    url: str


def proxy_config(settings: ProxySettings, upstream: str) -> ProxyConfig:
    """The configuration for the Label Studio at `upstream`."""
    access = files(HERE).joinpath("access.js").read_text(encoding="utf-8")
    template = Environment(loader=PackageLoader(HERE, "."), undefined=StrictUndefined, autoescape=False).get_template(
        "nginx.conf.jinja"
    )
    server, host = urlsplit(upstream), f"[{settings.host}]" if ":" in settings.host else settings.host
    values = {
        **settings.model_dump(),
        "listen": f"{host}:{settings.port}",
        "module": javascript_module(),
        "check_path": CHECK_PATH,
        "upstream": upstream.rstrip("/"),
        "upstream_host": server.netloc,
        "upstream_tls": server.scheme == "https",
    }
    fingerprint = hashlib.sha256((template.render(values, fingerprint="") + access).encode()).hexdigest()[:16]
    scheme = "https" if settings.certificate else "http"
    url = f"{scheme}://{settings.names[0]}:{settings.port}"
    return ProxyConfig(template.render(values, fingerprint=fingerprint), access, fingerprint, url)


def proxy_folder(workspace: Path) -> Path:
    """The proxy's folder in a workspace, made if there is none, which only its owner can read."""
    private_folder(workspace / "label-studio")
    return private_folder(workspace / "label-studio" / "proxy")


def write_proxy_config(workspace: Path, config: ProxyConfig) -> Path:
    """The folder with `nginx.conf` and `access.js`, for `nginx -p FOLDER -c nginx.conf`."""
    folder = proxy_folder(workspace)
    write_private(folder / "access.js", config.access)
    write_private(folder / "nginx.conf", config.nginx)
    return folder


def javascript_module() -> str | None:
    """The file of nginx's module for JavaScript; None where it is none of the usual ones or is built in."""
    return next((str(path) for path in (Path(folder) / JAVASCRIPT for folder in MODULES) if path.is_file()), None)
