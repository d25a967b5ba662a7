"""The browser context that tabs live in: whose sign-in it has, and what the page finds remembered."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext

from browser.engine import Engine
from settings import BrowserSettings


async def open_context(engine: Engine, settings: BrowserSettings, state: Mapping[str, Any]) -> BrowserContext:
    """A fresh context that starts with a storage state."""
    context = await engine.new_context(state)
    base = urlsplit(settings.ai_studio_url)
    script = files("browser").joinpath("preferences.js").read_text("utf-8")
    await context.add_init_script(script=script.replace("__ORIGIN__", f"{base.scheme}://{base.netloc}"))
    return context
