"""The proxy's own process, run by the Python of `.venv-proxy`: its pins do not agree with the gateway's.

Nothing of the gateway can be imported here. Standard input: one line of JSON with the options (see `Wishes`),
then silence; its end ends this process. Standard output: one JSON object a line, of these kinds:

    {"kind": "ready", "spki": base64 of the SHA-256 of the key that all certificates here have}
    {"kind": "request", "id", "method", "digest": hexadecimal SHA-256 of the body, as sent}
    {"kind": "head", "id", "status"}
    {"kind": "data", "id", "data": base64 of more of the body, un-compressed}
    {"kind": "end", "id", "failure": null or a reason}
    {"kind": "trouble", "text"}

Requests and answers pass unchanged; hosts that are not the site's are tunnelled unread.
"""

import asyncio
import base64
import hashlib
import json
import logging
import os
import re
import sys
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict
from urllib.parse import urlsplit

import brotli
import zstandard
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate
from mitmproxy.certs import CertStore
from mitmproxy.http import HTTPFlow, Response
from mitmproxy.options import Options
from mitmproxy.tools.dump import DumpMaster

SERVICE = ".MakerSuiteService/"
HEARD = {"GenerateContent", "ListModels"}
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
BASENAME = "mitmproxy"
PIECE_BYTES = 65_536
Tell = Callable[..., None]


class Wishes(TypedDict):
    port: int
    folder: str
    """Where the authority is kept."""
    hosts: list[str]
    """Patterns of `host:port` that are the site's."""
    upstream: str
    """`http://host:port` of a proxy behind this one, or empty."""
    upstream_auth: str
    """`user:password`, or empty."""
    insecure: bool
    """Accept any certificate of the site."""
    trusted: str
    """A PEM file of the authorities to believe, or empty for the usual ones."""
    confined: bool
    """The site is on this machine: let the browser reach nothing else."""


class Unpacker:
    """Undoes one content encoding, piece by piece."""

    def __init__(self, encoding: str) -> None:
        kinds: dict[str, Callable[[], Callable[[bytes], bytes]]] = {
            "": lambda: lambda piece: piece,
            "identity": lambda: lambda piece: piece,
            "gzip": lambda: zlib.decompressobj(wbits=31).decompress,
            "deflate": lambda: zlib.decompressobj().decompress,
            "br": lambda: brotli.Decompressor().process,
            "zstd": lambda: zstandard.ZstdDecompressor().decompressobj().decompress,
        }
        if encoding not in kinds:
            raise ValueError(f"content encoding {encoding!r} is not known")
        self._undo = kinds[encoding]()

    def feed(self, piece: bytes) -> bytes:
        """Raises `ValueError` for what is not in that encoding."""
        try:
            return self._undo(piece)
        except (zlib.error, brotli.error, zstandard.ZstdError) as error:
            raise ValueError(f"the body cannot be unpacked: {error}") from error


class Tee:
    """Reports one answer while it passes."""

    def __init__(self, flow_id: str, encoding: str, tell: Tell) -> None:
        self._id = flow_id
        self._tell = tell
        self._deaf = False
        try:
            self._unpacker = Unpacker(encoding)
        except ValueError as error:
            self._fail(str(error))

    def __call__(self, piece: bytes) -> bytes:
        if not self._deaf:
            try:
                self._report(piece)
            except ValueError as error:
                self._fail(str(error))
        return piece

    def _report(self, piece: bytes) -> None:
        if not piece:  # mitmproxy's way of telling the end
            self._tell(kind="end", id=self._id, failure=None)
            return
        clear = self._unpacker.feed(piece)
        for start in range(0, len(clear), PIECE_BYTES):
            part = base64.b64encode(clear[start : start + PIECE_BYTES]).decode()
            self._tell(kind="data", id=self._id, data=part)

    def _fail(self, failure: str) -> None:
        self._deaf = True
        self._tell(kind="end", id=self._id, failure=failure)


class Listener:
    """Mitmproxy's hooks. Everything is streamed; only what is heard is looked at."""

    def __init__(self, tell: Tell, wishes: Wishes) -> None:
        self._tell = tell
        self._folder = Path(wishes["folder"])
        self._hosts = re.compile("|".join(wishes["hosts"]))
        self._confined = wishes["confined"]
        self._complaints = logging.StreamHandler()  # to standard error, which is read only until it is ready
        self._complaints.setLevel(logging.ERROR)
        logging.getLogger().addHandler(self._complaints)

    def running(self) -> None:
        logging.getLogger().removeHandler(self._complaints)
        certificate = load_pem_x509_certificate((self._folder / f"{BASENAME}-ca.pem").read_bytes())
        key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self._tell(kind="ready", spki=base64.b64encode(hashlib.sha256(key).digest()).decode())

    def http_connect(self, flow: HTTPFlow) -> None:
        self._confine(flow)

    def requestheaders(self, flow: HTTPFlow) -> None:
        self._confine(flow)
        if _heard(flow) is None:
            flow.request.stream = True

    def request(self, flow: HTTPFlow) -> None:
        if method := _heard(flow):
            digest = hashlib.sha256(flow.request.raw_content or b"").hexdigest()
            self._tell(kind="request", id=flow.id, method=method, digest=digest)

    def responseheaders(self, flow: HTTPFlow) -> None:
        if _heard(flow) is None:
            flow.response.stream = True
            return
        self._tell(kind="head", id=flow.id, status=flow.response.status_code)
        encoding = flow.response.headers.get("content-encoding", "").strip().lower()
        flow.response.stream = Tee(flow.id, encoding, self._tell)

    def error(self, flow: HTTPFlow) -> None:
        if _heard(flow):
            self._tell(kind="end", id=flow.id, failure=flow.error.msg if flow.error else "unknown reason")

    def tls_failed_server(self, data: Any) -> None:
        self._complain(data.conn, "is not trusted")

    def server_connect_error(self, data: Any) -> None:
        self._complain(data.server, "is not reached")

    def _confine(self, flow: HTTPFlow) -> None:
        if self._confined and flow.request.host not in LOOPBACK:
            flow.response = Response.make(403)

    def _complain(self, server: Any, what: str) -> None:
        """About the site; what else the browser asks for is its own business."""
        host = "{}:{}".format(*server.address)
        if self._hosts.search(host):
            self._tell(kind="trouble", text=f"{host} {what}: {server.error}")


def _heard(flow: HTTPFlow) -> str | None:
    """The RPC that a flow is, if it is one that is listened to."""
    _, found, method = urlsplit(flow.request.path).path.rpartition(SERVICE)
    return method if found and flow.request.method == "POST" and method in HEARD else None


def prepare_authority(folder: Path) -> None:
    """An authority of this installation alone, readable by its owner alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / f"{BASENAME}-ca.pem").exists():
        CertStore.create_store(folder, BASENAME, 2048, "aistudio-gateway", "aistudio-gateway stream proxy")
    for secret in (f"{BASENAME}-ca.pem", f"{BASENAME}-ca.p12"):
        (folder / secret).chmod(0o600)


def options_of(wishes: Wishes) -> Options:
    return Options(
        listen_host="127.0.0.1",
        listen_port=wishes["port"],
        mode=[f"upstream:{wishes['upstream']}" if wishes["upstream"] else "regular"],
        allow_hosts=wishes["hosts"],
        confdir=wishes["folder"],
        ssl_insecure=wishes["insecure"],
        ssl_verify_upstream_trusted_ca=wishes["trusted"] or None,
        http3=False,
    )


async def run(wishes: Wishes) -> None:
    loop = asyncio.get_running_loop()
    output, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(1, "wb", buffering=0))

    def tell(**event: object) -> None:
        output.write(json.dumps(event).encode() + b"\n")

    prepare_authority(Path(wishes["folder"]))
    master = DumpMaster(options_of(wishes), with_termlog=False, with_dumper=False)
    if wishes["upstream_auth"]:
        master.options.update(upstream_auth=wishes["upstream_auth"])
    master.addons.add(Listener(tell, wishes))

    def end_with_input() -> None:
        while os.read(0, 4096):
            pass
        loop.call_soon_threadsafe(master.shutdown)

    threading.Thread(target=end_with_input, daemon=True).start()
    await master.run()


def main() -> None:
    line = b""
    while not line.endswith(b"\n"):  # not through a buffer: the rest of the input is read by a thread
        piece = os.read(0, 1)
        if not piece:
            sys.exit(1)
        line += piece
    asyncio.run(run(json.loads(line)))


if __name__ == "__main__":
    main()
