"""The way of a streamed body to the socket: compression, slicing, and a clean or a torn end."""

import asyncio
import zlib
from collections.abc import Mapping

from starlette.types import Send

from simulator.scenario import Framing

GZIP_WINDOW = 31
"""zlib's window bits for a gzip wrapper."""


class StreamOut:
    """Writes one chunked response. Every write is flushed through compression and framing at once."""

    def __init__(self, send: Send, framing: Framing, *, gzip: bool) -> None:
        self.send = send
        self._slice = 1 if framing.split == "byte" else framing.split
        self._packer = zlib.compressobj(wbits=GZIP_WINDOW) if gzip else None

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        sent = dict(headers)
        if self._packer is not None:
            sent["content-encoding"] = "gzip"
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent.items()]
        await self.send({"type": "http.response.start", "status": status, "headers": raw})

    async def write(self, data: bytes) -> None:
        """Send `data`, in slices where the framing asks for them, each as a chunk of its own."""
        size = self._slice or len(data)
        for start in range(0, len(data), size):
            await self._flushed(data[start : start + size])
            if self._slice:
                await asyncio.sleep(0)  # one turn of the loop, so that slices do not leave as one packet

    async def end(self) -> None:
        rest = b"" if self._packer is None else self._packer.flush()
        await self.send({"type": "http.response.body", "body": rest, "more_body": False})

    async def _flushed(self, data: bytes) -> None:
        if self._packer is not None:
            data = self._packer.compress(data) + self._packer.flush(zlib.Z_SYNC_FLUSH)
        await self.send({"type": "http.response.body", "body": data, "more_body": True})
