"""Several servers of one model: which is asked next."""

from __future__ import annotations

from curation.errors import LanguageModelError
from curation.models.endpoint.addresses import Address, Addresses

GONE = LanguageModelError("timeout", "no answer")


def addresses(count: int) -> Addresses:
    return Addresses([Address(f"http://127.0.0.1:{number}", {}, None) for number in range(count)])


def fail(servers: Addresses, address: Address, times: int = 5) -> None:
    """A server that does not answer, as often as opens its circuit breaker."""
    for _ in range(times):
        address.in_flight += 1
        servers.failed(address, 0.0, GONE, tries=False)


def test_the_only_request_goes_to_a_server_that_answers_also_when_a_dead_one_is_due():
    servers = addresses(2)
    dead, alive = servers.every
    fail(servers, dead)
    for now in (0.5, 1.5, 100.0):
        address, tries = servers.take(now)
        assert (address, tries) == (alive, False)
        servers.went(alive)


def test_a_dead_server_is_tried_beside_others_and_has_its_share_when_it_is_back():
    servers = addresses(2)
    dead, _ = servers.every
    fail(servers, dead)
    taken = [servers.take(100.0) for _ in range(4)]
    assert [(address is dead, tries) for address, tries in taken].count((True, True)) == 1
    servers.went(dead)
    assert sum(servers.take(100.0)[0] is dead for _ in range(4)) >= 3


def test_one_failure_alone_makes_the_next_request_go_elsewhere():
    servers = addresses(2)
    fail(servers, servers.every[0], times=1)
    assert servers.take(1.0)[0] is servers.every[1]


def test_the_only_server_is_asked_again_when_it_is_due():
    servers = addresses(1)
    (dead,) = servers.every
    fail(servers, dead)
    assert servers.take(100.0) == (dead, True)
