"""What the terminal is told: how to call the gateway once it can serve, and how the browser is doing."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from api.access.keys import Key, read_named, read_plain
from api.access.names import is_loopback
from api.server import HttpServer
from domain.ports import DriverStatus
from settings import AccessSettings, BrowserSettings, ServerSettings

STATUS_SECONDS = 0.1
_NAMES = 5
"""So many keys are named."""

_TEXT = """
Ready. Stop with Ctrl-C.

  Address   {base}
  API key   {keys}
  Sign-in   {profile}
  Browser   {engine}, {mode}; answers heard by {capture}
  Page      {page}
  Admin     {admin}

Try it:

curl -N {base}/chat/completions -H 'Content-Type: application/json'{header} \\
  -d '{{"model": "{model}", "stream": true, "messages": [{{"role": "user", "content": "Hello!"}}]}}'

Or in Python, with 'pip install openai':

from openai import OpenAI
client = OpenAI(base_url="{base}", api_key="{key}")
answer = client.chat.completions.create(model="{model}", messages=[{{"role": "user", "content": "Hello!"}}])
print(answer.choices[0].message.content)
"""


def base_address(host: str, port: int) -> str:
    """The address of the API for a client on this machine, when the gateway listens on `host`."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/v1"


def welcome(
    server: ServerSettings,
    access: AccessSettings,
    browser: BrowserSettings,
    status: DriverStatus,
    port: int,
    page: str,
    new_token: str = "",
) -> str:
    """Address, sign-in, a `curl` line and an `openai` snippet; shows no key. `port` is the one taken.

    `new_token` is the admin token, when it has just been made: it is shown this once.
    """
    named = read_named(access.named_keys_file)
    has_keys = bool(named or read_plain(access.key_file))
    reach = "this machine" if is_loopback(server.host) else "anybody who reaches this address"
    return _TEXT.format(
        base=base_address(server.host, port),
        keys=_keys(access, named) if has_keys else f"none needed, from {reach}",
        profile=_profile(browser, status),
        engine=status.engine,
        mode=browser.mode,
        capture=status.capture,
        page=page,
        admin=_admin(access, base_address(server.host, port), new_token),
        header=" -H 'Authorization: Bearer YOUR-KEY'" if has_keys else "",
        key="YOUR-KEY" if has_keys else "none",
        model=server.default_model,
    )


def _keys(access: AccessSettings, named: Sequence[Key]) -> str:
    plain = [f"any line of {access.key_file}"] if read_plain(access.key_file) else []
    names = ", ".join(key.name for key in named[:_NAMES]) + (", …" if len(named) > _NAMES else "")
    what = f"one of {len(named)} ({names})" if len(named) > 1 else f"the one named {names}"
    return " or ".join([*plain, *([what] if named else [])])


def _profile(browser: BrowserSettings, status: DriverStatus) -> str:
    if browser.auth_profile is None:
        return "none saved"
    ends = status.sign_in_expires
    until = f" (until {datetime.fromtimestamp(ends, UTC).date()})" if ends else ""
    return f"{browser.auth_profile}{until}"


def _admin(access: AccessSettings, base: str, new_token: str) -> str:
    page = f"{base.removesuffix('/v1')}/admin/"
    if new_token:
        kept = f"(shown this once; kept in {access.admin_token_file})"
        return f"{page} with the token {new_token}\n            {kept}"
    return f"{page} with the token in {access.admin_token_file}"


def sign_in_page(host: str, port: int) -> str:
    """Where somebody signs in to the site without a display."""
    return f"{base_address(host, port).removesuffix('/v1')}/admin/#sign-in"


def nobody_signed_in(server: ServerSettings, access: AccessSettings, port: int, new_token: str = "") -> str:
    """What to do when there is no profile; shows the admin token when it has just been made."""
    token = f"{new_token} (kept in {access.admin_token_file})" if new_token else access.admin_token_file
    tunnel = (
        f"\n  From another machine: ssh -L {port}:127.0.0.1:{port} THIS-MACHINE, and the same address there."
    )
    return (
        f"Nobody is signed in yet. Sign in at {sign_in_page(server.host, port)}\n"
        f"  Admin token: {'' if new_token else 'in '}{token}{tunnel if is_loopback(server.host) else ''}"
    )


async def attend(
    http: HttpServer,
    running: asyncio.Task[None],
    say: Callable[[str], None],
    reason: Callable[[], str],
    obituary: Callable[[], str],
    first_words: Callable[[], str],
) -> int:
    """Tell the user how the browser is doing until the server has ended; being cancelled ends it.

    `reason` is empty while requests can be served, `obituary` until what the server cannot do without has
    ended. Returns the exit status.
    """
    told, ready, status = reason(), first_words, 0
    try:
        while not running.done():
            if (last := obituary()) and not http.should_exit:
                say(last)
                http.should_exit, status = True, 1
            if (now := reason()) != told and not http.should_exit:
                say(f"Not ready: {now}" if now else ready())
                told, ready = now, ready if now else lambda: "Ready again."
            await asyncio.wait({running}, timeout=STATUS_SECONDS)
    finally:
        http.should_exit = True
        await running
    return status
