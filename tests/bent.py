"""What bends a running portal: its register of sessions fails, or reading takes its time."""

from pathlib import Path

_PRELUDE = """
import time
from pathlib import Path
from portal_app.errors import Unavailable
from portal_app.queries import access, invoices, usage_on_screen, wallets

knobs = Path({folder!r})


def slow(query):
    def answer(*arguments, **options):
        found = query(*arguments, **options)
        while (knobs / "slow").exists():
            time.sleep(0.01)
        return found

    return answer


def broken(query):
    def answer(*arguments, **options):
        if (knobs / "unavailable").exists():
            raise Unavailable
        if (knobs / "broken").exists():
            raise RuntimeError((knobs / "broken").read_text())
        return query(*arguments, **options)

    return answer


def uncounted(query):
    def answer(*arguments, **options):
        if (knobs / "uncounted").exists():
            raise Unavailable
        return query(*arguments, **options)

    return answer


invoices.count_invoices = uncounted(invoices.count_invoices)
wallets.list_wallets = slow(wallets.list_wallets)
usage_on_screen.usage_on_screen = slow(usage_on_screen.usage_on_screen)
access.check_session_of_anyone = broken(access.check_session_of_anyone)
"""


class Knobs:
    """What bends the server, until turned back.

    `slow`: reading wallets or usage does not end. `unavailable`: the register of sessions does not answer.
    `broken`: it raises an error with the text given. `uncounted`: invoices cannot be counted.
    """

    def __init__(self, folder: Path) -> None:
        """Keep the knobs in `folder`, which is the server's, too."""
        self._folder = folder

    @property
    def prelude(self) -> str:
        """What the server has to run before anything else."""
        return _PRELUDE.format(folder=str(self._folder))

    def turn(self, name: str, text: str = "") -> None:
        """Bend the server."""
        (self._folder / name).write_text(text)

    def back(self) -> None:
        """Let go."""
        for name in ("slow", "unavailable", "broken", "uncounted"):
            (self._folder / name).unlink(missing_ok=True)
