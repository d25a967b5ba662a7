"""The stream proxy: its process, its certificates, and what it hears under the site's own names."""

import asyncio
import os
import signal
import socket
import ssl
import stat
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from browser.driver import PageDriver
from browser.stream_proxy.process import PYTHON, running_stream_proxy
from domain.errors import BrowserDown, UpstreamUnavailable, WireError
from domain.events import TextDelta
from settings import ROOT, BrowserSettings
from simulator.demo import Site
from tests.e2e.driving import (
    DEADLINES,
    PRODUCTION,
    answer,
    counted,
    driver_for,
    free_port,
    opened,
    request,
    until_ready,
)
from tests.upstream import upstream_proxy
from tests.waiting import eventually

pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="the stream proxy is not installed: make proxy")
CHILD = "stream_proxy/child.py"
KILLED = """
import asyncio, sys
from browser.driver import PageDriver
from browser.stream_proxy.process import running_stream_proxy
from settings import BrowserSettings
async def main():
    settings = BrowserSettings(stream_port=int(sys.argv[1]), stream_ca_dir=sys.argv[2])
    async with running_stream_proxy(settings, print) as proxy:
        print(proxy._process.pid, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""
UNPACK = """
import gzip, sys, zlib, brotli, zstandard
sys.path.insert(0, sys.argv[1])
from child import Unpacker
text = "twelve 你好 ".encode() * 500
packed = {"gzip": gzip.compress(text), "deflate": zlib.compress(text), "br": brotli.compress(text),
          "zstd": zstandard.compress(text), "": text}
for name, body in packed.items():
    unpacker = Unpacker(name)
    assert b"".join(unpacker.feed(body[at:at + 7]) for at in range(0, len(body), 7)) == text, name
try:
    Unpacker("gzip").feed(b"this is not packed")
except ValueError:
    print("fine")
"""


def settings(folder: Path, **changes: Any) -> BrowserSettings:
    return BrowserSettings(**{"stream_port": free_port(), "stream_ca_dir": folder / "ca", **changes})


@asynccontextmanager
async def front_of_http2(target_port: int, folder: Path) -> AsyncIterator[tuple[int, Path]]:
    """A server that speaks HTTP/2 in front of one that does not; its port, and the authority to trust."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(str(PYTHON.with_name("mitmdump")), "--quiet", "--listen-host", "127.0.0.1"),
        *("--listen-port", str(port), "--mode", f"reverse:https://127.0.0.1:{target_port}", "--ssl-insecure"),
        *("--set", f"confdir={folder}", "--set", "connection_strategy=lazy"),
        *("--set", "keep_host_header=true"),
    )
    try:
        async with asyncio.timeout(20):
            while not _listens(port):
                await asyncio.wait([asyncio.ensure_future(process.wait())], timeout=0.05)
        yield port, folder / "mitmproxy-ca-cert.pem"
    finally:
        process.kill()
        await process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def issuer(proxy_port: int, host: str) -> str:
    """Who signed the certificate that a host shows behind a proxy."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy_port)
    writer.write(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    await writer.start_tls(context, server_hostname=host)
    shown: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return shown.decode("latin-1")


async def test_site_is_heard_through_tls_http2_and_a_second_proxy(named_site: Site, tmp_path: Path) -> None:
    async with (
        front_of_http2(named_site.https_port, tmp_path) as (port, authority),
        upstream_proxy(port, "me:p@ss") as proxy,
        opened(
            named_site,
            ai_studio_url=PRODUCTION,
            capture="proxy",
            stream_port=free_port(),
            stream_trusted_ca_file=authority,
            proxy=f"http://me:p%40ss@127.0.0.1:{proxy.port}",
        ) as driver,
    ):
        assert driver.status().capture == "proxy"
        assert await answer(driver, "/echo 你好 through it") == "你好 through it"
        page = driver.pool.sessions[0].tab.page
        protocol = await page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol")
    assert protocol == "h2"
    assert {"aistudio.google.com:443", "alkalimakersuite-pa.clients6.google.com:443"} <= set(proxy.asked)


async def test_certificate_of_the_site_is_checked(named_site: Site, caplog: pytest.LogCaptureFixture) -> None:
    async with upstream_proxy(named_site.https_port) as proxy:
        driver = driver_for(
            named_site,
            ai_studio_url=PRODUCTION,
            capture="proxy",
            stream_port=free_port(),
            proxy=f"http://127.0.0.1:{proxy.port}",
            tabs=1,
            deadlines=replace(DEADLINES, ready=5),
        )
        with pytest.raises(UpstreamUnavailable, match="502"):
            await driver.open()
        await driver.close()
    assert "aistudio.google.com:443 is not trusted" in caplog.text


async def test_hosts_of_others_pass_unread(named_site: Site, tmp_path: Path) -> None:
    async with upstream_proxy(named_site.https_port) as behind:
        wishes = settings(
            tmp_path,
            proxy=f"http://127.0.0.1:{behind.port}",
            ai_studio_url=PRODUCTION,
            ignore_https_errors=True,
        )
        async with running_stream_proxy(wishes, print):
            assert "AI Studio simulator" in await issuer(wishes.stream_port, "www.google.com")
            assert "aistudio-gateway" in await issuer(wishes.stream_port, "aistudio.google.com")
            assert "aistudio-gateway" in await issuer(wishes.stream_port, "x.clients6.google.com")


async def test_site_on_this_machine_confines_the_browser_to_it(site: Site, tmp_path: Path) -> None:
    wishes = settings(tmp_path, ai_studio_url=site.address)
    async with (
        running_stream_proxy(wishes, print),
        httpx.AsyncClient(proxy=f"http://127.0.0.1:{wishes.stream_port}") as client,
    ):
        assert (await client.get(f"{site.address}/_control/stats")).status_code == 200
        assert (await client.get("http://example.com/")).status_code == 403
        with pytest.raises(httpx.ProxyError, match="403"):
            await client.get("https://example.com/")


async def test_private_key_is_its_owners_alone(tmp_path: Path) -> None:
    wishes = settings(tmp_path)
    async with running_stream_proxy(wishes, print):
        folder = tmp_path / "ca"
        secrets = [folder / "mitmproxy-ca.pem", folder / "mitmproxy-ca.p12"]
        assert b"PRIVATE" in secrets[0].read_bytes()
        assert {stat.S_IMODE(file.stat().st_mode) for file in secrets} == {0o600}
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_missing_proxy_is_named_with_the_command_that_gets_it(tmp_path: Path) -> None:
    with pytest.raises(BrowserDown, match="run: make proxy"):
        async with running_stream_proxy(settings(tmp_path), print, python=tmp_path / "python"):
            pass


async def test_port_in_use_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        wishes = settings(tmp_path, stream_port=taken.getsockname()[1])
        with pytest.raises(BrowserDown, match="address already in use") as caught:
            async with running_stream_proxy(wishes, print):
                pass
    assert "\n" not in str(caught.value)


def kill_proxy() -> None:
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # one that has just ended has no command line any more
            if any(CHILD in word for word in process.cmdline()):
                process.kill()


async def answer_until(driver: PageDriver, act: Callable[[], None]) -> None:
    """Begin a long answer, and do something as soon as there is text."""
    async with driver.prepare(request("/chunks n=2000 every=0.02")) as generation:
        async for event in generation.events():
            if isinstance(event, TextDelta):
                act()


async def test_proxy_that_was_killed_is_started_again(site: Site) -> None:
    async with opened(site, capture="proxy", stream_port=free_port()) as driver:
        with pytest.raises(WireError):
            await answer_until(driver, kill_proxy)
        await eventually(lambda: counted(driver, "stream_proxy_restarts"))
        await until_ready(driver, 1)
        assert await answer(driver, "/echo again") == "again"


async def test_proxy_ends_with_a_gateway_that_is_killed(tmp_path: Path) -> None:
    gateway = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", KILLED, str(free_port()), str(tmp_path / "ca")),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert gateway.stdout is not None
    child = psutil.Process(int(await gateway.stdout.readline()))
    os.kill(gateway.pid, signal.SIGKILL)
    await gateway.communicate()
    _, alive = psutil.wait_procs([child], timeout=5)
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []


async def test_every_encoding_is_unpacked_wherever_it_is_cut() -> None:
    folder = ROOT / "browser" / "stream_proxy"
    process = await asyncio.create_subprocess_exec(
        *(str(PYTHON), "-c", UNPACK, str(folder)), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert said == b"fine\n"
