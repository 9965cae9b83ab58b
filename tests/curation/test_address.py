from __future__ import annotations

import pytest

from curation.address import is_this_machine, remote_host


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1.2.3", "localhost", "LOCALHOST.", "::1", "[::1]", "::ffff:127.0.0.1", "/var/run/postgresql"],
)
def test_loopback_and_unix_sockets_are_this_machine(host):
    assert is_this_machine(host)


@pytest.mark.parametrize(
    "host",
    [
        "0.0.0.0",
        "::",
        "10.0.0.7",
        "localhost.example",
        "127.0.0.1.example",
        "2130706433",
        "review",
        "",
        "::ffff:10.0.0.7",
    ],
)
def test_all_else_is_another_machine(host):
    assert not is_this_machine(host)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://127.0.0.1:8000/v1", None),
        ("http://localhost/v1", None),
        ("http://[::1]:11434/v1", None),
        ("https://api.example.org/v1", "api.example.org"),
        ("http://10.0.0.7:8000/v1", "10.0.0.7"),
        (None, None),
    ],
)
def test_the_host_of_a_url_is_named_when_it_is_another_machine(url, host):
    assert remote_host(url) == host
