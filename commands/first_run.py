"""Which profile to serve with, and the first run: somebody signs in in a window, and the sign-in is saved."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from api.server import listen
from api.welcome import sign_in_page
from browser.profiles.naming import free_file, suggested_name
from browser.profiles.person import Person, let_sign_in
from browser.profiles.state import Unfit
from browser.profiles.store import ProfileStore
from commands.command_line import Asked
from commands.profiles import store_of
from domain.errors import BadRequest, BrowserDown, ProfileUnusable, SignedOut
from settings import Settings, SettingsError, has_display

NO_DISPLAY = (
    "signing in needs a browser with a window, and there is no display here (--virtual-display shows nothing "
    "to anybody). Start without {flag}, and sign in on the admin page, {page}, from any machine; or sign in "
    "on a machine with a screen and bring the file over: 'launch_camoufox.py profiles export' there, "
    "'launch_camoufox.py profiles import' here"
)
STEPS = """
Nobody is signed in yet. A browser window opens at {url}.

  1. Sign in there with your Google account. What you type goes to the site alone.
  2. Accept what the page asks, until the chat is shown. This is noticed by itself.

You have {minutes:g} minutes. Ctrl-C or closing the window gives up; nothing is saved then.
"""


def only_profile(settings: Settings) -> Path | None:
    """The chosen profile, or the only one there is."""
    if settings.browser.auth_profile is not None:
        return settings.browser.auth_profile
    files = store_of(settings).files()
    return files[0] if len(files) == 1 else None


def with_profile(settings: Settings, asked: Asked) -> Settings:
    """The settings with the profile to serve with in `AUTH_PROFILE`, if there is one. Raises as below."""
    with listen(settings.server.host, settings.server.port):  # without it nobody need sign in
        pass
    file = profile_to_serve_with(settings, asked.options)
    if file is None:
        return settings
    asked.overrides["AUTH_PROFILE"] = str(file)
    return Settings.load(overrides=asked.overrides)


def profile_to_serve_with(settings: Settings, options: argparse.Namespace) -> Path | None:
    """The profile's file; in a window, and when told, somebody signs in first. `None`: there is none.

    Raises:
        SettingsError: there are several and none was chosen, or the new one cannot have its name.
        GatewayError: nobody signed in, or the profile is in use.
        OSError: it could not be saved.
    """
    store = store_of(settings)
    new: str | None = options.save_profile_as
    if new is not None:
        return _sign_in(settings, store, _named(store, new))
    file = settings.browser.auth_profile or _choice(store.files(), store)
    if settings.browser.mode != "headed" or settings.browser.ws_endpoint is not None:
        return file
    if file is None:
        return _sign_in(settings, store, None)
    try:
        store.load(file)
    except ProfileUnusable as error:
        print(f"The profile cannot be used: {error.detail}")
        return _sign_in(settings, store, file)
    return file


def _named(store: ProfileStore, name: str) -> Path:
    try:
        return store.file(name)
    except BadRequest as error:
        raise SettingsError(f"--save-profile-as {error.public_message}") from None


def _choice(files: Sequence[Path], store: ProfileStore) -> Path | None:
    if len(files) < 2:
        return files[0] if files else None
    names = [file.stem for file in files]
    if not _at_terminal():
        raise SettingsError(
            f"there are several profiles in {store.folder} ({', '.join(names)}); choose one with --profile"
        )
    for number, name in enumerate(names, start=1):
        print(f"  {number}  {name}")
    while True:
        said = input("Which profile? ").strip()
        if said in names:
            return store.file(said)
        if said.isdecimal() and 0 < int(said) <= len(files):
            return files[int(said) - 1]


def _sign_in(settings: Settings, store: ProfileStore, file: Path | None) -> Path:
    """Have somebody sign in, and save that; the file."""
    if not has_display(settings.browser.args):
        flag = "--debug" if settings.browser.mode == "headed" else "--save-profile-as"
        page = sign_in_page(settings.server.host, settings.server.port)
        raise BrowserDown(f"{NO_DISPLAY.format(flag=flag, page=page)}.")
    store.require_room()
    if file is not None:
        with store.only_user(file):  # before anybody signs in for nothing
            return _signed_in(settings, store, file)
    return _signed_in(settings, store, None)


def _signed_in(settings: Settings, store: ProfileStore, file: Path | None) -> Path:
    seconds = settings.sign_in.timeout
    print(STEPS.format(url=settings.browser.ai_studio_url, minutes=seconds / 60), flush=True)
    headed = settings.browser.model_copy(update={"mode": "headed"})
    # Being told to end is what Ctrl-C is: the browser is closed on the way out.
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    person = asyncio.run(let_sign_in(headed, seconds))
    print(f"Signed in{f' as {person.account}' if person.account else ''}.")
    file = file or _new_file(store, person, ask=not settings.sign_in.auto_save and _at_terminal())
    state = {**person.state, **({"accountName": person.account} if person.account else {})}
    try:
        store.save(file, state)
    except Unfit as error:
        raise SignedOut(f"The page works, but what the browser holds is no sign-in: {error}.") from None
    print(f"Saved as {file}. Whoever has this file is signed in as you.", flush=True)
    return file


def _at_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _new_file(store: ProfileStore, person: Person, *, ask: bool) -> Path:
    """A free name: what the person wants, else the account's address, else the day's date."""
    name = suggested_name(person.account)
    while ask:
        try:
            return store.free(input(f"Save this sign-in as [{name}]: ").strip() or name)
        except BadRequest as error:
            print(error.public_message)
        except EOFError:
            ask = False
    return free_file(store, name)
