"""Serving, and the doctor: what the launcher does once it has settings, in the order things are started."""

import asyncio
import signal
from collections.abc import Mapping
from contextlib import AsyncExitStack

from api.app import create_app
from api.server import HttpServer, listen
from api.welcome import attend, nobody_signed_in, welcome
from browser.display import display_for
from browser.doctor.examine import examine
from browser.driver import PageDriver
from browser.profiles.remote import RemoteSignIns
from browser.profiles.sign_in import SignIn
from commands.command_line import Asked
from commands.first_run import only_profile, with_profile
from commands.profiles import store_of
from domain.ports import Backstage, DriverStatus
from settings import Settings
from simulator.demo import Site, simulated_site


def run(settings: Settings, asked: Asked) -> int:
    """Serve, or look at the page, as the command line asks; the exit status."""
    options = asked.options
    if options.doctor:
        if not options.demo and (file := only_profile(settings)) is not None:
            asked.overrides["AUTH_PROFILE"] = str(file)
            settings = Settings.load(overrides=asked.overrides)
        return asyncio.run(doctor(settings, asked.overrides, demo=options.demo, generate=options.generate))
    if not options.demo:
        settings = with_profile(settings, asked)
    return asyncio.run(serve(settings, asked.overrides, demo=options.demo))


def say(text: str) -> None:
    print(text, flush=True)


async def demo_site(stack: AsyncExitStack) -> Site:
    say("Starting the simulated AI Studio …")
    return await stack.enter_async_context(simulated_site("--quiet"))


def settings_on(site: Site | None, settings: Settings, overrides: Mapping[str, object]) -> Settings:
    """The same settings, with the simulator in the site's place where there is one."""
    if site is None:
        return settings
    engine = settings.browser.engine if "BROWSER" in settings.sources else "chromium"
    return Settings.load(overrides={**overrides, **site.settings(engine, settings.browser.args)})


async def doctor(settings: Settings, overrides: Mapping[str, object], *, demo: bool, generate: bool) -> int:
    """Look at every control of the page; 0 if the gateway can do with what it found."""
    async with AsyncExitStack() as stack:
        settings = settings_on(await demo_site(stack) if demo else None, settings, overrides)
        browser = await stack.enter_async_context(display_for(settings.browser))
        report = await examine(browser, settings.deadlines, generate=generate)
    say(report.table())
    return report.exit_status


async def serve(settings: Settings, overrides: Mapping[str, object], *, demo: bool) -> int:
    """Run until stopped; whatever was started here has ended afterwards. Returns the exit status."""
    # Until the server listens to signals itself, being told to end is what Ctrl-C is.
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    async with AsyncExitStack() as stack:
        host = "127.0.0.1" if demo else settings.server.host
        port = stack.enter_context(listen(host, settings.server.port))
        site = await demo_site(stack) if demo else None
        settings = settings_on(site, settings, overrides)
        browser = await stack.enter_async_context(display_for(settings.browser))
        sign_in = stack.enter_context(
            SignIn(store_of(settings), lambda: only_profile(settings), settings.sign_in)
        )
        starting = asyncio.Lock()
        driver = PageDriver(browser, settings.deadlines, sign_in, starting)
        remote = await stack.enter_async_context(
            RemoteSignIns(settings.browser, settings.sign_in, store_of(settings), sign_in.file, starting)
        )
        backstage = Backstage(settings.browser.secrets, remote)
        app = create_app(*settings.api, settings.deadlines, driver, backstage)

        def stopping() -> None:
            say("\nStopping … (once more: at once)")
            remote.give_up()

        http = HttpServer(app, app.state.gateway, stopping, most_connections=settings.server.max_connections)
        running = asyncio.create_task(http.serve([port]), name="http server")
        if sign_in.file() is None:
            token = app.state.admin.new_token
            say(nobody_signed_in(settings.server, settings.access, port.getsockname()[1], token))
        say(f"Starting the browser ({browser.engine}, {browser.mode}) …")
        page = f"{site.page} (the simulator; open it by hand)" if site else browser.ai_studio_url
        bound: int = port.getsockname()[1]

        def first_words(status: DriverStatus) -> str:
            shown = browser.model_copy(update={"auth_profile": sign_in.file()})
            token = app.state.admin.new_token
            return welcome(settings.server, settings.access, shown, status, bound, page, token)

        return await attend(
            http,
            running,
            say,
            lambda: app.state.gateway.supervisor.reason,
            lambda: site.obituary if site else "",
            lambda: first_words(driver.status()),
        )
