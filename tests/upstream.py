"""A proxy between a browser and the simulator: every name leads to this machine."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class UpstreamProxy:
    """Knows CONNECT and nothing else. `asked` are the hosts that tunnels were asked for."""

    def __init__(self, target_port: int, password: str) -> None:
        self._target_port = target_port
        self._expected = f"Basic {base64.b64encode(password.encode()).decode()}" if password else ""
        self.asked: list[str] = []
        self.refused = 0
        self.port = 0
        self.tunnels: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer), name="upstream tunnel")
        self.tunnels.add(task)
        task.add_done_callback(self.tunnels.discard)

    async def close(self) -> None:
        """End every tunnel; a browser that was killed leaves some that nobody else would end."""
        for task in self.tunnels:
            task.cancel()
        await asyncio.gather(*self.tunnels, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._tunnel(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        if self._expected and headers.get("proxy-authorization") != self._expected:
            self.refused += 1
            writer.write(
                b"HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n"
            )
            await writer.drain()
            return
        verb, target, _ = lines[0].split()
        if verb != "CONNECT":  # a browser's own business
            writer.write(b"HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        self.asked.append(target)
        there, back = await asyncio.open_connection("127.0.0.1", self._target_port)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            await asyncio.gather(_pump(reader, back), _pump(there, writer))
        finally:
            back.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def upstream_proxy(target_port: int, password: str = "") -> AsyncIterator[UpstreamProxy]:
    """A running proxy that leads everything to a port of this machine; `password` is `user:password`."""
    proxy = UpstreamProxy(target_port, password)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
