"""The page's token counts: which request they are about, and what they say."""

import json
from typing import Any

import pytest

from browser.wire.count import decode_count, mentions
from domain.counts import Modality, TokenCount
from domain.errors import GatewayError, PermissionDenied, SignedOut, WireError

BARE = ["models/m", [[[[None, "Hello\n"]], "user"]]]
WRAPPED = [
    "models/m",
    None,
    ["models/m", [[[[None, "Hello\n"]], "user"]], None, None, None, [[[None, "brief"]], "user"]],
]


@pytest.mark.parametrize(
    ("body", "texts", "whole"),
    [
        (BARE, {"models/m", "Hello"}, True),
        (BARE, {"models/m", "Hello\r\n"}, True),
        (WRAPPED, {"models/m", "Hello", "brief"}, True),
        (BARE, {"models/m", "Hello", "brief"}, False),
        (BARE, {"models/m", "Hell"}, False),
        (BARE, {"models/other", "Hello"}, False),
    ],
)
def test_a_call_is_about_a_request_when_it_holds_all_of_it(
    body: list[Any], texts: set[str], whole: bool
) -> None:
    assert mentions(json.dumps(body), texts) is whole


@pytest.mark.parametrize("body", ["", "no json", "3"])
def test_what_is_no_request_is_about_nothing(body: str) -> None:
    assert not mentions(body, {"Hello"})


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("[17,[],[[[16],1]],null,null,[[1,17]]]", TokenCount(17, ((Modality.TEXT, 17),))),
        (
            '["300",null,null,null,null,[[2,258],[1,"42"]]]',
            TokenCount(300, ((Modality.IMAGE, 258), (Modality.TEXT, 42))),
        ),
        (")]}'\n[5]", TokenCount(5)),
        ("[0]", TokenCount(0)),
    ],
)
def test_a_count_has_its_kinds_where_they_are_told(body: str, count: TokenCount) -> None:
    assert decode_count(200, body.encode()) == count


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"[null,5]", b"<html>", b"\xff"])
def test_what_is_no_count_is_not_taken_for_one(body: bytes) -> None:
    with pytest.raises(WireError):
        decode_count(200, body)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [(403, b'[7,"The caller does not have permission"]', PermissionDenied), (401, b"", SignedOut)],
)
def test_a_refusal_to_count_says_why(status: int, body: bytes, error: type[GatewayError]) -> None:
    with pytest.raises(error):
        decode_count(status, body)
