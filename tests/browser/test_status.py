"""The site's refusals by their words."""

import pytest

from browser.wire.refusals import error_from_words
from browser.wire.status import error_from_status
from domain.errors import (
    ContextTooLong,
    GatewayError,
    PaidKeyNeeded,
    PermissionDenied,
    QuotaExhausted,
    RateLimited,
    UpstreamInvalid,
    UpstreamUnavailable,
)


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


RETRY = ["type.googleapis.com/google.rpc.RetryInfo", [["36", 200_000_000]]]
PER_DAY = ["type.googleapis.com/google.rpc.QuotaFailure", [[["", "", None, None, "RequestsPerDay-FreeTier"]]]]
SAID = "You exceeded your current quota, please check your plan and billing details."


@pytest.mark.parametrize(
    ("details", "kind", "seconds"),
    [
        ([], QuotaExhausted, None),
        ([RETRY], RateLimited, 36.2),
        ([RETRY, PER_DAY], QuotaExhausted, 36.2),
        ([PER_DAY], QuotaExhausted, None),
        ([["type.googleapis.com/google.rpc.RetryInfo", None], ["odd"], None], QuotaExhausted, None),
    ],
)
def test_a_quota_is_told_from_a_rate_by_its_details(
    details: list[object], kind: type[GatewayError], seconds: float | None
) -> None:
    error = error_from_status([8, SAID, details])
    assert (type(error), error.retry_after) == (kind, seconds)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Failed to generate content, quota exceeded. Please try again later.", QuotaExhausted),
        ("You've reached your rate limit. Please try again later.", RateLimited),
        ("Failed to generate content: permission denied. Please try again.", PermissionDenied),
        ("Model isn't available right now. Please wait a minute and try again.", UpstreamUnavailable),
        ("No API key selected", PaidKeyNeeded),
        ("Failed to count tokens: permission denied. Please try again.", None),
        ("Failed to save prompt. Internal error encountered.", None),
        ("Your chat was saved.", None),
        ("quota exceeded " * 40, None),
    ],
)
def test_words_of_the_page_mean_what_its_status_would(said: str, kind: type[GatewayError] | None) -> None:
    assert (type(error_from_words(said)) if kind else error_from_words(said)) == kind
