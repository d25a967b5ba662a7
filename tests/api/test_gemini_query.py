"""What the query of a native request may say besides the key."""

import pytest

from tests.api.gemini_harness import GENERATE, STREAM, google_http, says


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?key=12345678&$alt=json;enum-encoding=int&prettyPrint=true", None),
        ("?fields=candidates&frob=1", "fields, frob"),
        ("?alt=sse", "alt"),
    ],
)
async def test_what_a_query_asks_for_in_vain_is_named(query: str, names: str | None) -> None:
    async with google_http() as client:
        reply = await client.post(GENERATE + query, json=says())
        streamed = await client.post(f"{STREAM}?alt=sse", json=says(), headers={"X-Goog-FieldMask": "*"})
    assert (reply.status_code, reply.headers.get("x-gateway-ignored-params")) == (200, names)
    assert streamed.headers["x-gateway-ignored-params"] == "X-Goog-FieldMask"


@pytest.mark.parametrize("address", [GENERATE, STREAM])
async def test_answers_in_another_form_are_refused(address: str) -> None:
    async with google_http() as client:
        reply = await client.post(f"{address}?$alt=proto", json=says())
    assert (reply.status_code, reply.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert "'proto'" in reply.json()["error"]["message"]


async def test_names_of_callers_make_no_header_that_clients_refuse() -> None:
    async with google_http() as client:
        reply = await client.post(f"{GENERATE}?a%01b=1&c%0d%0aX-Evil:%20d=1&%7f=1&ü=1", json=says())
    assert reply.headers["x-gateway-ignored-params"] == r"a\x01b, c X-Evil: d, \x7f, \xfc"
    assert "x-evil" not in reply.headers
