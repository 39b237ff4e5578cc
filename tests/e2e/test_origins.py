"""One build, any address: the page's socket follows the address the page came from."""

import asyncio
import contextlib
import ssl
import threading

import cast
import pytest
import trustme
from playwright.sync_api import expect
from server import free_port, running_portal

from portal_app import clock
from portal_app.commands.mint_session import mint_session
from portal_app.settings import get_settings


async def pass_through(port, target, context, ready):
    """Take TLS off what comes in on `port`, and pass it on to `target`: what an operator's proxy does."""

    async def pump(reader, writer):
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def connected(reader, writer):
        there, back = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(pump(reader, back), pump(there, writer))

    server = await asyncio.start_server(connected, "127.0.0.1", port, ssl=context)
    ready.set()
    async with server:
        await server.serve_forever()


@pytest.fixture
def tls_proxy():
    """Start proxies: a function (port, target port) that returns when one listens."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def start(port, target):
        ready = threading.Event()
        tasks.append(asyncio.run_coroutine_threadsafe(pass_through(port, target, context, ready), loop))
        assert ready.wait(10)

    tasks = []
    yield start
    for task in tasks:
        task.cancel()
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0.1), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def fill(session):
    cast.add_wallet(session, cast.add_customer(session, "acme"))


def sockets_of(page, link):
    sockets = []
    page.on("websocket", lambda socket: sockets.append(socket.url.partition("/_event")[0]))
    page.goto(link)
    expect(page.locator(".kpi").first).to_contain_text("0 credits")
    return set(sockets)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_over_http_on_any_port_and_name(page, tmp_path, name):
    with running_portal(tmp_path, fill=fill) as portal:
        link = portal.link().replace("localhost", name)
        assert sockets_of(page, link) == {portal.origin.replace("localhost", name).replace("http", "ws")}


def test_over_https_behind_a_proxy_of_another_port(browser, tls_proxy, tmp_path):
    public = free_port()
    origin = f"https://localhost:{public}"
    with running_portal(tmp_path, fill=fill, environment={"PORTAL_PUBLIC_URL": origin}) as portal:
        tls_proxy(public, int(portal.origin.rpartition(":")[2]))
        with portal.database.writing() as session:
            settings = get_settings().model_copy(update={"public_url": origin})
            url = mint_session(session, settings, "acme", "tests", clock.utc_now()).url
        assert url.startswith(f"{origin}/?token=")
        context = browser.new_context(ignore_https_errors=True)
        assert sockets_of(context.new_page(), url) == {f"wss://localhost:{public}"}
        context.close()
