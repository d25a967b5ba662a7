"""Looks after the sign-in in use while nobody waits: saves it back, and notices when it has ended."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from browser.pool import Pool
from browser.profiles.sign_in import SignIn
from browser.session import Session, SessionState
from domain.errors import GatewayError, SignedOut

_log = logging.getLogger(__name__)


async def keep_saved(sign_in: SignIn, pool: Pool) -> None:
    """Save the sign-in back whenever it is due and no tab has a request, until cancelled."""
    while sign_in.rules is not None:
        with suppress(TimeoutError):
            async with asyncio.timeout(60 * sign_in.rules.save_minutes):
                await pool.until(_enough_served(pool, sign_in.rules.save_every))
        await pool.until(lambda: not pool.busy and not pool.lame)
        await sign_in.save()


def _enough_served(pool: Pool, answers: int) -> Callable[[], bool]:
    then = pool.served
    return lambda: 0 < answers <= pool.served - then


async def keep_watched(sign_in: SignIn, pool: Pool) -> None:
    """Look every now and then whether the browser is still signed in, until cancelled.

    A tab that looks signed out is given up: it is opened anew, which shows whether it was.
    """
    while sign_in.rules is not None:
        await asyncio.sleep(60 * sign_in.rules.check_minutes)
        for session in [s for s in pool.sessions if s.state is SessionState.READY]:
            if why := await signed_out(sign_in, session):
                _log.info("a tab is opened anew to see whether the sign-in has ended: %s", why)
                session.break_(why)


async def signed_out(sign_in: SignIn, session: Session) -> str:
    """Why an idle tab looks signed out; empty when it does not. The site notices nothing of the look."""
    if lost := await sign_in.lost_cookies():
        return f"the browser has lost {', '.join(sorted(lost))}"
    try:
        page = session.tab.chat_page
        page.refuse_strange_page()
        shown = await page.chat.state()
    except SignedOut as error:
        return error.public_message
    except GatewayError:  # lost or taken meanwhile: not ours to judge
        return ""
    return "the page asks to sign in" if shown.signed_out else ""
