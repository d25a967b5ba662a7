"""Small real media files, always the same: a PNG picture and a PCM tone."""

import base64
import math
import random
import struct
import zlib

PNG_EDGE = 64
SPEECH_MIME = "audio/l16; rate=24000; channels=1"
SPEECH_RATE = 24_000


def png(size: int = 0) -> bytes:
    """A 64 by 64 RGB gradient, with a chunk of noise that makes the file at least `size` bytes long."""
    rows = b"".join(
        b"\0" + bytes(v for x in range(PNG_EDGE) for v in (x * 4, y * 4, 128)) for y in range(PNG_EDGE)
    )
    header = struct.pack(">IIBBBBB", PNG_EDGE, PNG_EDGE, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    if size:
        chunks.insert(1, (b"noIs", random.Random(size).randbytes(size)))  # noqa: S311 no secret
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def tone(seconds: float = 0.25, hertz: float = 440.0) -> bytes:
    """A sine as signed 16-bit little-endian samples, 24 kHz, one channel."""
    count = int(SPEECH_RATE * seconds)
    samples = (int(8000 * math.sin(2 * math.pi * hertz * i / SPEECH_RATE)) for i in range(count))
    return struct.pack(f"<{count}h", *samples)


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
