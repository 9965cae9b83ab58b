"""Whether a Label Studio answers, and whether it accepts our token."""

from __future__ import annotations

from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from annotation.label_studio.processes import HOST
from annotation.label_studio.server.credentials import Account


def is_healthy(port: int) -> bool:
    """Whether any Label Studio answers on the port."""
    return b"UP" in (_get(f"http://{HOST}:{port}/health") or b"")


def accepts_token(port: int, steward: Account) -> bool:
    """Whether the Label Studio on the port has this account with its token."""
    body = _get(f"http://{HOST}:{port}/api/current-user/whoami", steward.token.get_secret_value())
    return body is not None and steward.login.encode() in body


def _get(url: str, token: str | None = None) -> bytes | None:
    headers = {"Authorization": f"Token {token}"} if token else {}
    try:
        with build_opener(ProxyHandler({})).open(Request(url, headers=headers), timeout=5) as answer:
            body: bytes = answer.read()
            return body
    except HTTPError as error:
        error.close()
        return None
    except (URLError, OSError, ValueError):
        return None
