"""Which addresses an MCP endpoint may have, and that nothing else is reached."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from httpx2 import URL, ConnectError, ReadError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api.mcp.address import AddressRules, Endpoint
from api.mcp.transport import LARGEST_ANSWER, client_for
from domain.errors import BadRequest, McpError
from tests.api.endpoint import HOST, web_server


async def test_secrets_of_an_address_are_not_shown() -> None:
    with pytest.raises(BadRequest) as caught:
        await AddressRules(()).check("http://user:secret@127.0.0.1/mcp?key=secret")
    assert "secret" not in caught.value.public_message
    assert "http://127.0.0.1/mcp" in caught.value.public_message


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("ftp://example.com/x", "http:// or https://"),
        ("file:///etc/passwd", "http:// or https://"),
        ("example.com", "http:// or https://"),
        ("http://", "http:// or https://"),
        ("http://[::1/x", "not an address"),
        ("http://127.0.0.1/mcp", "this machine or its network"),
        ("http://2130706433/mcp", "this machine or its network"),
        ("http://0x7f.1/mcp", "this machine or its network"),
        ("http://[::1]/mcp", "this machine or its network"),
        ("http://[::ffff:127.0.0.1]/mcp", "this machine or its network"),
        ("http://localhost:8080/mcp", "this machine or its network"),
        ("http://10.0.0.1/mcp", "this machine or its network"),
        ("http://169.254.169.254/latest", "this machine or its network"),
    ],
)
async def test_address_that_may_not_be_used_is_refused(address: str, said: str) -> None:
    with pytest.raises(BadRequest, match=said) as caught:
        await AddressRules(()).check(address)
    assert caught.value.param == "mcp_endpoint"


async def test_host_that_nobody_knows_is_the_endpoints_failure() -> None:
    with pytest.raises(McpError, match="could not be found"):
        await AddressRules(()).check("http://no-such-host.invalid/mcp")


@pytest.mark.parametrize(
    ("allowed", "address", "passes"),
    [
        (("127.0.0.1",), "http://127.0.0.1:81/x", True),
        (("127.0.0.1:81",), "http://127.0.0.1:81/x", True),
        (("127.0.0.1:81",), "http://127.0.0.1/x", False),
        (("LOCALHOST",), "http://localhost/x", True),
        (("localhost:80",), "http://LocalHost/x", True),
        (("[::1]:443",), "https://[::1]/x", True),
        (("[::1]",), "https://[::1]/x", True),
        (("example.com",), "http://93.184.216.34/x", False),
        ((), "http://93.184.216.34/x", True),
    ],
)
async def test_list_of_hosts_decides_where_there_is_one(
    allowed: tuple[str, ...], address: str, passes: bool
) -> None:
    rules = AddressRules(allowed)
    if passes:
        assert (await rules.check(address)).addresses
    else:
        with pytest.raises(BadRequest, match="MCP_ALLOWED_HOSTS"):
            await rules.check(address)


@asynccontextmanager
async def telling_host() -> AsyncIterator[int]:
    """A server that answers with the `Host` it was asked under; yields its port."""

    async def tell(request: Request) -> Response:
        if request.url.path == "/large":
            return Response(b"x" * (LARGEST_ANSWER + 1))
        return PlainTextResponse(request.headers["host"])

    async with web_server(Starlette(routes=[Route("/{path}", tell)])) as base:
        yield int(base.rsplit(":", 1)[1])


async def test_connection_goes_to_the_checked_address_under_the_name_that_was_asked_for() -> None:
    async with telling_host() as port:
        endpoint = Endpoint(URL(f"http://tools.example:{port}/x"), ("127.0.0.2", HOST))
        async with client_for(endpoint, 2) as client:
            assert (await client.get(endpoint.url)).text == f"tools.example:{port}"


async def test_nothing_but_the_endpoint_can_be_reached() -> None:
    async with telling_host() as port:
        endpoint = Endpoint(URL(f"http://tools.example:{port}/x"), (HOST,))
        async with client_for(endpoint, 2) as client:
            with pytest.raises(ConnectError, match="elsewhere"):
                await client.get(f"http://{HOST}:{port}/x")
            with pytest.raises(ReadError, match="larger"):
                await client.get(f"http://tools.example:{port}/large")
