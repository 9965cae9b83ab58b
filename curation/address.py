"""Network addresses: whether a host is this machine."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit


def is_this_machine(host: str) -> bool:
    """Whether a host is reached without leaving this machine: loopback, or the folder of a unix socket.

    A name other than localhost is not looked up and counts as another machine; so does 0.0.0.0, which every
    network interface answers to.
    """
    name = host.strip("[]").lower().removesuffix(".")
    if name == "localhost" or name.startswith("/"):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def remote_host(url: str | None) -> str | None:
    """The host of a URL if it is not this machine; None for no URL too."""
    host = urlsplit(url or "").hostname
    return None if host is None or is_this_machine(host) else host
