"""A Redis server of the tests' own, from Debian's packages, on a free port, with a password and nothing on disk."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis
from server import free_port

PASSWORD = "tests-only"


@contextmanager
def running_redis() -> Iterator[str]:
    """Yield the address of an empty Redis server, stopped at the end."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.exit("Redis is missing: install Debian's package `redis-server`.", 3)
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", "/tmp"]  # noqa: S108
    process = subprocess.Popen([program, *options, "--requirepass", PASSWORD], stdout=subprocess.DEVNULL)
    address = f"redis://:{PASSWORD}@localhost:{port}/0"
    try:
        _wait_until_it_answers(address)
        yield address
    finally:
        process.terminate()
        process.wait()


def _wait_until_it_answers(address: str) -> None:
    deadline = time.monotonic() + 20
    with redis.Redis.from_url(address) as client:
        while True:
            try:
                client.ping()
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return
