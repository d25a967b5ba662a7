"""Command line of the gateway: flags, environment and `.env` become settings; then it runs until stopped."""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack

try:
    from api.app import create_app
    from api.server import HttpServer, listen
    from api.version import NAME, VERSION
    from api.welcome import welcome
    from browser.display import display_for
    from browser.driver import PageDriver
    from domain.errors import BrowserDown
    from settings import LogSettings, Settings, SettingsError
    from simulator.demo import Site, SiteFailed, simulated_site
except ModuleNotFoundError as error:
    sys.exit(
        f"error: the package {error.name!r} is not installed for {sys.executable}; "
        "run 'make setup', then .venv/bin/python launch_camoufox.py"
    )

STATUS_SECONDS = 0.1
MODES = (
    ("--headless", "headless", "browser without a window (default)"),
    ("--debug", "headed", "browser with a window"),
    ("--virtual-display", "virtual", "browser with a window on a display that nobody sees"),
)


def say(text: str) -> None:
    print(text, flush=True)


def command_line() -> argparse.ArgumentParser:
    """Flags that are settings have the setting's name as `dest`."""
    parser = argparse.ArgumentParser(description="Google AI Studio's page as an OpenAI-compatible API.")
    mode = parser.add_mutually_exclusive_group()
    for flag, value, words in MODES:
        mode.add_argument(flag, dest="BROWSER_MODE", action="store_const", const=value, help=words)
    parser.add_argument(
        "--server-port", dest="PORT", metavar="PORT", help="port to listen on; 0: any free one"
    )
    parser.add_argument("--demo", action="store_true", help="use the embedded simulator; no account needed")
    parser.add_argument("--print-config", action="store_true", help="print the effective settings and end")
    parser.add_argument("--version", action="version", version=f"{NAME} {VERSION}")
    return parser


def print_config(settings: Settings) -> None:
    for name, value in settings.effective().items():
        say(f"{name}={value}  # {settings.sources.get(name, 'default')}")


def log_to_stderr(logs: LogSettings) -> None:
    form = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
    logging.basicConfig(format=form, level="DEBUG" if logs.trace else logs.level)
    if not logs.trace:
        logging.getLogger("uvicorn").setLevel("WARNING")
    for package in ("api", "browser") if logs.debug else ():
        logging.getLogger(package).setLevel("DEBUG")


async def serve(settings: Settings, overrides: Mapping[str, object], *, demo: bool) -> int:
    """Run until stopped; whatever was started here has ended afterwards. Returns the exit status."""
    # Until the server listens to signals itself, being told to end is what Ctrl-C is.
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    async with AsyncExitStack() as stack:
        host = "127.0.0.1" if demo else settings.server.host
        port = stack.enter_context(listen(host, settings.server.port))
        site: Site | None = None
        if demo:
            say("Starting the simulated AI Studio …")
            site = await stack.enter_async_context(simulated_site("--quiet"))
            engine = settings.browser.engine if "BROWSER" in settings.sources else "chromium"
            settings = Settings.load(overrides={**overrides, **site.settings(engine, settings.browser.args)})
        browser = await stack.enter_async_context(display_for(settings.browser))
        driver = PageDriver(browser, settings.deadlines)
        app = create_app(settings.server, settings.chat, settings.deadlines, driver)
        http = HttpServer(app, on_stop=lambda: say("\nStopping … (once more: at once)"))
        running = asyncio.create_task(http.serve([port]), name="http server")
        say(f"Starting the browser ({browser.engine}, {browser.mode}) …")
        page = f"{site.page} (the simulator; open it by hand)" if site else browser.ai_studio_url
        bound: int = port.getsockname()[1]
        return await attend(
            http,
            running,
            lambda: app.state.gateway.supervisor.reason,
            site,
            lambda: welcome(settings.server, browser, driver.status(), bound, page),
        )


async def attend(
    http: HttpServer,
    running: asyncio.Task[None],
    reason: Callable[[], str],
    site: Site | None,
    first_words: Callable[[], str],
) -> int:
    """Tell the user how the browser is doing until the server has ended; being cancelled ends it."""
    told, ready, status = reason(), first_words, 0
    try:
        while not running.done():
            if site is not None and site.ended and not http.should_exit:
                say(f"The simulator has ended with status {site.process.returncode}, and so does the demo.")
                http.should_exit, status = True, 1
            if (now := reason()) != told and not http.should_exit:
                say(f"Not ready: {now}" if now else ready())
                told, ready = now, ready if now else lambda: "Ready again."
            await asyncio.wait({running}, timeout=STATUS_SECONDS)
    finally:
        http.should_exit = True
        await running
    return status


def main(argv: Sequence[str] | None = None) -> int:
    """0: stopped as asked. 1: could not run. 2: a setting is wrong. 130: stopped while starting."""
    options = vars(command_line().parse_args(argv))
    demo, only_print = options.pop("demo"), options.pop("print_config")
    try:
        settings = Settings.load(overrides=options)
        if only_print:
            print_config(settings)
            return 0
        log_to_stderr(settings.logs)
        return asyncio.run(serve(settings, options, demo=demo))
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (BrowserDown, SiteFailed, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
