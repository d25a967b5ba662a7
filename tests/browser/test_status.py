"""The site's refusals by their words."""

import pytest

from browser.wire.status import error_from_status
from domain.errors import ContextTooLong, GatewayError, UpstreamInvalid


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (
            "The input token count (1048580) exceeds the maximum number of tokens allowed (1048576).",
            ContextTooLong,
        ),
        ("The input token count is odd.", UpstreamInvalid),
        ("Request contains an invalid argument.", UpstreamInvalid),
    ],
)
def test_prompt_above_the_models_limit_is_told_from_an_invalid_one(
    said: str, kind: type[GatewayError]
) -> None:
    error = error_from_status([3, said])
    assert type(error) is kind
    assert said in error.public_message
