"""The simulator's control, from the outside, as benchmarks and tests use it."""

from typing import Any, Self

import httpx


class SiteControl:
    """Talks to `/_control` of a running simulator."""

    def __init__(self, address: str) -> None:
        self._http = httpx.AsyncClient(base_url=f"{address}/_control", timeout=10)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def scenario(self, **changes: Any) -> None:
        """Change the scenario; unknown keys fail."""
        (await self._http.patch("/scenario", json=changes)).raise_for_status()

    async def reset(self) -> None:
        (await self._http.post("/reset")).raise_for_status()

    async def sign_out(self) -> None:
        (await self._http.post("/sign-out")).raise_for_status()

    async def requests(self) -> list[dict[str, Any]]:
        """The generations since `forget_requests`, oldest first."""
        reply = (await self._http.get("/requests")).raise_for_status().json()
        found: list[dict[str, Any]] = reply["requests"] if isinstance(reply, dict) else reply
        return found

    async def forget_requests(self) -> None:
        (await self._http.delete("/requests")).raise_for_status()
