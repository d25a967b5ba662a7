"""Has the page count a request that stands on it."""

from contextlib import aclosing

from browser.capture.overhearing import Call, Overhearing
from browser.flows.chat import ChatFlow
from browser.pages.chat import Chat
from browser.wire.count import decode_count, mentions
from domain.counts import TokenCount

METHOD = "CountTokens"
"""The call that the page makes by itself, some time after its prompt has changed."""
_SHOWN_MS = 1500


async def page_count(heard: Overhearing, flow: ChatFlow, chat: Chat) -> TokenCount:
    """The page's own count of what a flow has put on it. Run is not pressed.

    The page asks after every change, and an answer may be to what stood there before: only a call that has
    all of it counts. Where the browser does not tell what a call has, one that left since the prompt was
    written counts if the page shows its number: it shows none that is out of date. What was `heard` begins
    before the prompt was written.

    Raises:
        GatewayError: the site refused to count, or the answer is not understood.
        Error: Playwright's own, when the tab goes meanwhile.
    """
    async with aclosing(heard.calls()) as calls:
        async for call in calls:
            if not _is_about(call, flow):
                continue
            count = decode_count(*await call.answer())
            if call.body is not None or await chat.shows_count(count.total, _SHOWN_MS):
                return count
    raise AssertionError("there is always another call to wait for")


def _is_about(call: Call, flow: ChatFlow) -> bool:
    if call.body is None:
        return call.left >= flow.written_at
    return mentions(call.body, flow.written)
