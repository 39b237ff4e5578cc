"""Pages of other sites that embed the portal, and a Chromium with no flags of a driver, driven over CDP."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PAGE = """<!doctype html>
<meta charset="utf-8" />
<title>A product</title>
<body style="margin: 0">
<script type="module">
  import {{ mountPortal }} from "{portal}/embed.js";
  window.words = [];
  const types = ["ready", "resized", "navigated", "session-expiring", "session-expired", "error"];
  const on = Object.fromEntries(types.map((type) => [type, (event) => window.words.push([type, event.detail])]));
  window.portal = mountPortal(document.body, {{ ...{options}, on }});
</script>
{more}
"""


class Host:
    """A site of one page, under any name of this machine. `mint` answers its token endpoint; it counts the asking."""

    def __init__(self, portal_origin: str, mint: Callable[[], dict[str, str]]) -> None:
        """Show the portal at `portal_origin`."""
        self.portal_origin, self.mint = portal_origin, mint
        self.options: dict[str, object] = {"tokenEndpoint": "/session"}
        self.more = ""
        self.asked = 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))

    def origin(self, name: str = "127.0.0.1") -> str:
        """Return its origin under a name."""
        return f"http://{name}:{self.server.server_port}"

    def page(self) -> str:
        """Return the page that embeds."""
        return PAGE.format(portal=self.portal_origin, options=json.dumps(self.options), more=self.more)


@contextmanager
def serving(host: Host) -> Iterator[Host]:
    """Serve a host's page while it is needed."""
    thread = threading.Thread(target=host.server.serve_forever, args=(0.05,))
    thread.start()
    yield host
    host.server.shutdown()
    thread.join()
    host.server.server_close()


def _handler(host: Host) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("text/html", host.page() if self.path == "/" else "")

        def do_POST(self) -> None:
            host.asked += 1
            self._answer("application/json", json.dumps(host.mint()))

        def _answer(self, kind: str, text: str) -> None:
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def unmodified_chromium(program: str, profile: Path, *, blocks_storage: bool = False) -> Iterator[str]:
    """Start Chromium as people have it, and yield the address of its CDP.

    As it comes, it keeps the storage of frames apart by the site around them, and frames of one page share theirs;
    with `blocks_storage` its owner wants no site to keep anything. The driver's own flags would switch off both.
    """
    (profile / "Default").mkdir(parents=True)
    preferences = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    if blocks_storage:
        (profile / "Default/Preferences").write_text(json.dumps(preferences))
    flags = ["--headless=new", "--no-sandbox", "--no-first-run", "--remote-debugging-port=0", "--window-size=1000,800"]
    process = subprocess.Popen(
        [program, *flags, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{_port(profile / 'DevToolsActivePort', process)}"
    finally:
        process.terminate()
        process.wait(20)


def _port(file: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if file.exists() and (lines := file.read_text().split()):
            return lines[0]
        time.sleep(0.05)
    raise AssertionError("Chromium did not start")
