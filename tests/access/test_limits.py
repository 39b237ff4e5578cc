"""How often, and whose: moving windows, and the address behind trusted proxies."""

import asyncio
from ipaddress import ip_network

import pytest
from redis_server import running_redis

from portal_app.access.limits import (
    SWEEP_SECONDS,
    Limiter,
    Moments,
    client_address,
    counted_as,
    limiter,
    trusted_proxies,
)


def counted(limiter: Limiter, rule: str, *whose: str, times: int) -> list[int]:
    async def many() -> list[int]:
        return [await limiter.wait_for(rule, *whose) for _ in range(times)]

    return asyncio.run(many())


@pytest.mark.threat("T33", "T38")
def test_what_is_within_the_rule_is_let_through_and_the_rest_is_told_when_to_come_again():
    waits = counted(Limiter(), "3/minute", "a", times=5)
    assert waits[:3] == [0, 0, 0]
    assert all(30 <= wait <= 60 for wait in waits[3:])


def test_nobody_is_told_to_wait_longer_than_the_rule_asks():
    assert set(counted(Limiter(), "1/second", "a", times=5)) <= {0, 1}


def test_a_process_counts_in_one_place():
    assert isinstance(limiter(), Limiter)
    assert limiter() is limiter()


def test_everybody_is_counted_alone_and_for_each_purpose():
    async def some() -> list[int]:
        limiter = Limiter()
        return [
            await limiter.wait_for("1/minute", *whose) for whose in (("mint", "a"), ("mint", "b"), ("failure", "a"))
        ]

    assert asyncio.run(some()) == [0, 0, 0]


def test_a_window_moves_and_whoever_does_nothing_is_forgotten():
    moments, now = Moments(), 1000.0
    assert [moments.wait_for("2 per 10 seconds", ("a",), now + after) for after in (0, 4, 5, 10, 11)] == [0, 0, 5, 0, 3]
    for number in range(100):
        moments.wait_for("1/minute", (str(number),), now + 20)
    assert len(moments) == 101
    moments.wait_for("1/minute", ("b",), now + 21 + 2 * SWEEP_SECONDS)
    assert len(moments) == 1


def test_processes_with_a_redis_count_together():
    async def three_processes(address: str) -> list[int]:
        limiters = [Limiter(address) for _ in range(3)]
        waits = [await one.wait_for("2/minute", "a") for one in limiters]
        for one in limiters:
            await one._windows.storage.bridge.storage.aclose()
        return waits

    with running_redis() as address:
        waits = asyncio.run(three_processes(address))
    assert waits[:2] == [0, 0]
    assert 50 < waits[2] <= 60


def test_while_redis_is_away_nobody_is_held_up(caplog):
    assert counted(Limiter("redis://127.0.0.1:1/0"), "1/minute", "a", times=3) == [0, 0, 0]
    assert "a rate could not be counted" in caplog.text


PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def test_proxies_are_trusted_as_the_settings_say(settings):
    assert trusted_proxies(settings) == ()
    named = settings.model_copy(update={"trusted_proxies": ("10.0.0.0/8", "fd00::/8")})
    assert trusted_proxies(named) == PROXIES


@pytest.mark.threat("T38")
@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "address"),
    [
        ("203.0.113.9", "", PROXIES, "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", PROXIES, "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1", PROXIES, "198.51.100.1"),
        ("10.0.0.1", "192.0.2.66, 198.51.100.1", PROXIES, "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", PROXIES, "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, ,", PROXIES, "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1", (), "10.0.0.1"),
        ("10.0.0.1", "nonsense", PROXIES, "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, nonsense", PROXIES, "10.0.0.1"),
        ("fd00::1", "2001:db8::7", PROXIES, "2001:db8::7"),
        ("testclient", "198.51.100.1", PROXIES, "testclient"),
    ],
)
def test_an_address_is_what_trusted_proxies_say_and_nobody_else(peer, forwarded, trusted, address):
    assert client_address(peer, [forwarded] if forwarded else [], trusted) == address


def test_an_ipv4_address_on_a_socket_of_ipv6_is_still_that_address():
    trusted = (ip_network("172.16.0.0/12"),)
    forwarded = ["203.0.113.7, ::ffff:172.18.0.9"]
    assert client_address("::ffff:172.18.0.2", forwarded, trusted) == "203.0.113.7"
    assert client_address("::ffff:203.0.113.7", [], ()) == "203.0.113.7"


@pytest.mark.threat("T38")
@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2::7", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::7", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_all_the_addresses_that_one_subscriber_has_count_as_one(address, counted):
    assert counted_as(address) == counted


def test_a_rule_of_none_lets_nobody_in_and_says_when_its_time_is_over():
    moments = Moments()
    assert [moments.wait_for("0/minute", ("acme",), now) for now in (1000.0, 1061.0)] == [60.0, 60.0]
