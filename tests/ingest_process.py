"""A process that takes events until it is killed: `python ingest_process.py URL SEED CUSTOMERS`.

It writes a line for each request that was acknowledged, after it was: the ids of its events, comma-separated. Every
third request sends the one before it again, as a caller does who saw no answer.
"""

import asyncio
import random
import sys
from datetime import timedelta

import cast
from usage_cast import sent

from portal_app.commands.usage_events import read_events
from portal_app.commands.usage_writer import UsageWriter
from portal_app.database import Database

CALLERS = 8


async def send(writer, seed, caller, customers):
    chance = random.Random(f"{seed}-{caller}")
    last = []
    for number in range(100_000):
        if number % 3 != 2:
            last = [
                sent(
                    f"{seed}-{caller}-{number}-{index}",
                    at=cast.NOW - timedelta(minutes=chance.randrange(60 * 24 * 3)),
                    customer=chance.choice(customers),
                    n=chance.randrange(1000),
                )
                for index in range(chance.choice([1, 5, 40]))
            ]
        await writer.take(read_events(last, cast.NOW), cast.NOW)
        say(",".join(event["event_id"] for event in last))


def say(line):
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main():
    url, seed, customers = sys.argv[1:]
    writer = UsageWriter(Database(url))
    say("ready")
    await asyncio.gather(*(send(writer, seed, caller, customers.split(",")) for caller in range(CALLERS)))


asyncio.run(main())
