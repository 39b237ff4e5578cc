"""How often something may be done, and whose doing it was: moving windows, in memory or shared through Redis."""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import Iterable, MutableMapping
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from limits import RateLimitItem, parse
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter

from portal_app.settings import Settings, get_settings

logger = logging.getLogger(__name__)

FORWARDED = "x-forwarded-for"
Address = IPv4Address | IPv6Address
Networks = tuple[IPv4Network | IPv6Network, ...]
REDIS_SECONDS = 1.0
SWEEP_SECONDS = 60.0


class Moments:
    """When each did what a rule is about, in this process.

    The storage in memory that comes with `limits` asks a thread about everybody whenever one does something: with a
    thousand pages open, that is most of what the process does.
    """

    def __init__(self) -> None:
        """Know of nobody."""
        self._kept: dict[tuple[str, ...], deque[float]] = {}
        self._sweep_at = 0.0

    def __len__(self) -> int:
        """How many are known."""
        return len(self._kept)

    def wait_for(self, rule: str, whose: tuple[str, ...], now: float) -> float:
        """Count one more at a moment, in seconds; return 0 if that is within `rule`, or for how long it is not."""
        self._sweep(now)
        limit = rule_of(rule)
        moments = self._kept.setdefault((rule, *whose), deque())
        while moments and moments[0] <= now - limit.get_expiry():
            moments.popleft()
        if len(moments) >= limit.amount:
            return (moments[0] if moments else now) + limit.get_expiry() - now
        moments.append(now)
        return 0.0

    def _sweep(self, now: float) -> None:
        """Forget those who have done nothing for as long as their rule looks back."""
        if now < self._sweep_at:
            return
        self._sweep_at = now + SWEEP_SECONDS
        for key, moments in list(self._kept.items()):
            if not moments or moments[-1] <= now - rule_of(key[0]).get_expiry():
                del self._kept[key]


class Limiter:
    """Counts in windows that move. A Redis counts for all processes; while it is away, nobody is held up."""

    def __init__(self, redis_url: str = "") -> None:
        """Count in memory unless a Redis is given."""
        self._moments = Moments()
        self._windows: MovingWindowRateLimiter | None = None
        if redis_url:
            storage = RedisStorage(f"async+{redis_url}", implementation="redispy", socket_timeout=REDIS_SECONDS)
            self._windows = MovingWindowRateLimiter(storage)

    async def wait_for(self, rule: str, *whose: str) -> int:
        """Count one more; return 0 if that is within `rule`, or in how many seconds the next one is."""
        if self._windows is None:
            return math.ceil(self._moments.wait_for(rule, whose, time.monotonic()))
        limit = rule_of(rule)
        try:
            if await self._windows.hit(limit, *whose):
                return 0
            stats = await self._windows.get_window_stats(limit, *whose)
        except Exception:  # a limit is no reason to answer nobody
            logger.exception("a rate could not be counted")
            return 0
        return max(1, math.ceil(stats.reset_time - time.time()))


@cache
def rule_of(text: str) -> RateLimitItem:
    """Read a rule such as `60/minute` or `60 per 3 seconds`.

    Raises:
        ValueError: it is none.
    """
    return parse(text)


@cache
def limiter() -> Limiter:
    """Return the one of this process that is shared with the others, if there is a Redis."""
    return Limiter(get_settings().redis_url)


def trusted_proxies(settings: Settings) -> Networks:
    """Return the networks whose word about a client's address counts."""
    return tuple(ip_network(text) for text in settings.trusted_proxies)


def address_in(scope: MutableMapping[str, Any], trusted: Networks) -> str:
    """Return whose an ASGI request, or the one that opened a socket, is."""
    peer = (scope.get("client") or ("", 0))[0]
    lines = [value.decode("latin-1") for name, value in scope.get("headers") or () if name == FORWARDED.encode()]
    return client_address(peer, lines, trusted)


def client_address(peer: str, forwarded: Iterable[str], trusted: Networks) -> str:
    """Return whose request it is: the peer, or before trusted proxies the last one in `X-Forwarded-For` that is none.

    Anybody can put anything at the front of that list; only what trusted proxies added at its end counts. `forwarded`
    are all of its lines, in their order: a proxy may add one of its own below a line that was sent.
    """
    present = _without_mapping(peer)
    for claimed in reversed([word.strip() for word in ",".join(forwarded).split(",") if word.strip()]):
        if not _is_in(present, trusted) or _parsed(claimed) is None:
            break
        present = _without_mapping(claimed)
    return present


def counted_as(address: str) -> str:
    """Return what an address counts as: one of IPv6 as its network of 64 bits, all of which are one subscriber's."""
    parsed = _parsed(address)
    return str(IPv6Network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else address


def _without_mapping(text: str) -> str:
    """Return the IPv4 address in one such as `::ffff:10.0.0.1`, as a socket of IPv6 writes it; others as they are."""
    address = _parsed(text)
    return str(address.ipv4_mapped) if isinstance(address, IPv6Address) and address.ipv4_mapped else text


def _is_in(text: str, networks: Networks) -> bool:
    address = _parsed(text)
    return address is not None and any(address in network for network in networks)


def _parsed(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
