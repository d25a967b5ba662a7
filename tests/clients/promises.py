"""What every client must get from the gateway, and what must have reached the site for it."""

import json
from typing import Any

from pydantic import BaseModel

from tests.site import SiteControl

MODEL = "gemini-2.5-flash"
PAINTER = "gemini-3.1-flash-image"
"""Makes pictures; asked by the name that its preview will have."""
CALL_ONE = '/call get_weather {"city": "Paris"}'
CALL_TWO = '/call get_weather {"city": "Paris"} && get_weather {"city": "Rome"}'
FILL = "/fill"


def weather_in(city: str) -> str:
    return f"21 degrees in {city}"


class Invoice(BaseModel):
    """The simulated model fills a schema with values that follow from the names alone."""

    customer: str
    lines: list[str]
    total: int


INVOICE = Invoice(customer="simulated customer", lines=["simulated lines"], total=1)
WEATHER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "Name of a city"}},
    "required": ["city"],
}


async def assert_round_trip(control: SiteControl, *cities: str) -> None:
    """The function was declared to the site, and its results went back with the second turn."""
    first, second = (entry["report"] for entry in await control.requests())
    for report in (first, second):
        (tool,) = report["tools"]
        assert tool["name"] == "functions"
        assert [function["name"] for function in tool["functions"]] == ["get_weather"]
    asked = "\n".join(text for content in second["contents"] for text in content["texts"])
    for city in cities:
        assert weather_in(city) in asked


async def assert_schema_arrived(control: SiteControl) -> None:
    (entry,) = await control.requests()
    assert entry["report"]["mimeType"] == "application/json"
    assert "customer" in json.dumps(entry["report"]["schema"])
