"""How a request's tokens are counted: by the page, or by estimate where it does not tell."""

import asyncio
import logging
from dataclasses import dataclass, replace

from fastapi import Request

from api.attachments.intake import RequestFiles
from api.disconnect import while_connected
from api.gateway import Gateway
from api.routes.serving import SURELY_TOO_LONG
from domain.counts import TokenCount
from domain.errors import (
    Cancelled,
    ContextTooLong,
    DeadlinePassed,
    SessionError,
    UpstreamError,
    WireError,
)
from domain.models import ModelCard
from domain.requests import GenerateRequest
from domain.tokens import estimated

_log = logging.getLogger(__name__)
_NO_COUNT = (SessionError, UpstreamError, WireError, DeadlinePassed, ContextTooLong)
"""Failures of the page, not of the request."""


@dataclass(frozen=True, slots=True)
class Counted:
    count: TokenCount
    why_estimated: str = ""
    """Why the page did not count; empty when it did."""

    @property
    def estimated(self) -> bool:
        return bool(self.why_estimated)


async def count(request: Request, gateway: Gateway, asked: GenerateRequest, files: RequestFiles) -> Counted:
    """How many tokens a request has, whose `files` are received if the page is to count them.

    Raises:
        UnknownModel: there is no such model.
        BadRequest: a file that cannot be had, or something that the page does not offer.
        Cancelled: the caller has gone.
    """
    try:
        card = (await gateway.catalogue.find(asked.model)).card
        _require_page(gateway, asked, card)
        whole = await files.received(replace(asked, model=card.id))
        return Counted(await _by_page(request, gateway, whole))
    except _NO_COUNT as error:
        _log.info("tokens are estimated: %s", error.public_message)
        return Counted(TokenCount(estimated(asked)), error.public_message)


def _require_page(gateway: Gateway, asked: GenerateRequest, card: ModelCard) -> None:
    """Raises what is in the way of asking a page at all, so that nobody waits for nothing."""
    gateway.supervisor.require_open()
    if reason := gateway.driver.status().reason:
        raise SessionError(reason)
    if card.input_limit is not None and estimated(asked) > SURELY_TOO_LONG * card.input_limit:
        raise ContextTooLong(f"The page is not given a text that is far too long for {card.id!r}.")


async def _by_page(request: Request, gateway: Gateway, asked: GenerateRequest) -> TokenCount:
    counting = asyncio.create_task(gateway.driver.count(asked), name="count-tokens")
    try:
        async with while_connected(request.receive, counting.cancel):
            await asyncio.wait([counting])
    finally:
        counting.cancel()
        await asyncio.wait([counting])
    if counting.cancelled():
        raise Cancelled("The connection was closed.")
    return counting.result()
