"""`/admin/api/sign-in`: signing in to the site from another machine, by pictures of a browser and acts in it.

What is typed is a password more often than not: it is handed on, and stands in no answer, error or log.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from fastapi import Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api.routes.admin.guard import guarded_router
from domain import sign_in as port
from domain.errors import BadRequest, NotOffered

router = guarded_router()

MOST_ACTIONS: Final = 64
LONGEST_TEXT: Final = 1000
_PATIENCE_SECONDS: Final = 20.0
"""Of a picture that does not change; proxies cut what takes half a minute."""
_PICTURE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "the picture", "content": {"image/jpeg": {}}},
    204: {"description": "no other picture yet, or nothing to see"},
}
_Coordinate = Annotated[float, Field(ge=0, le=20_000, allow_inf_nan=False)]
_Distance = Annotated[float, Field(ge=-20_000, le=20_000, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class Start(_Strict):
    name: str | None = Field(default=None, min_length=1, max_length=64)
    """The profile's; without one it is the account's."""
    replace: bool = False


class ClickAt(_Strict):
    do: Literal["click"]
    x: _Coordinate
    y: _Coordinate
    count: int = Field(default=1, ge=1, le=3)

    def action(self) -> port.Action:
        return port.Click(self.x, self.y, self.count)


class DragFrom(_Strict):
    do: Literal["drag"]
    x: _Coordinate
    y: _Coordinate
    to_x: _Coordinate
    to_y: _Coordinate

    def action(self) -> port.Action:
        return port.Drag(self.x, self.y, self.to_x, self.to_y)


class ScrollAt(_Strict):
    do: Literal["scroll"]
    x: _Coordinate
    y: _Coordinate
    dx: _Distance = 0.0
    dy: _Distance = 0.0

    def action(self) -> port.Action:
        return port.Scroll(self.x, self.y, self.dx, self.dy)


class TypeText(_Strict):
    do: Literal["type"]
    text: str = Field(min_length=1, max_length=LONGEST_TEXT, repr=False)

    def action(self) -> port.Action:
        return port.Type(self.text)


class PressKey(_Strict):
    do: Literal["press"]
    key: str = Field(max_length=20)
    shift: bool = False

    def action(self) -> port.Action:
        if self.key not in port.KEYS:
            # Not repeated: somebody may have sent a character of a password this way.
            raise BadRequest(
                f"'key' must be one of {', '.join(sorted(port.KEYS))}; use 'type' for text.", param="key"
            )
        return port.Press(self.key, self.shift)


class Plain(_Strict):
    do: Literal["select_all", "back", "reload"]

    def action(self) -> port.Action:
        return _PLAIN[self.do]


_PLAIN: Final[Mapping[str, port.Action]] = MappingProxyType(
    {"select_all": port.SelectAll(), "back": port.Back(), "reload": port.Reload()}
)


_Act = ClickAt | DragFrom | ScrollAt | TypeText | PressKey | Plain


class Acts(_Strict):
    actions: list[Annotated[_Act, Field(discriminator="do")]] = Field(min_length=1, max_length=MOST_ACTIONS)


def _port(request: Request) -> port.RemoteSignIn:
    found: port.RemoteSignIn | None = request.app.state.backstage.sign_in
    if found is None:
        raise NotOffered("This gateway has no browser to sign in with.")
    return found


@router.post("/sign-in", status_code=202)
async def start(request: Request, asked: Start) -> dict[str, Any]:
    """Answers at once; the browser comes up meanwhile."""
    by = request.client.host if request.client is not None else "an unknown address"
    return described(_port(request).start(asked.name, replace=asked.replace, by=by))


@router.get("/sign-in")
async def status(request: Request) -> dict[str, Any]:
    return described(_port(request).status())


@router.get("/sign-in/picture", response_class=Response, responses=_PICTURE)
async def picture(
    request: Request,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    wait: Annotated[float, Query(ge=0, le=_PATIENCE_SECONDS)] = _PATIENCE_SECONDS,
) -> Response:
    """The picture as soon as it is another one than `after`, or 204 after `wait` seconds."""
    found = await _port(request).picture(after, wait)
    if found is None:
        return Response(status_code=204)
    headers = {
        "X-Picture-Version": str(found.version),
        "X-Picture-Width": str(found.width),
        "X-Picture-Height": str(found.height),
    }
    return Response(found.data, media_type=found.media_type, headers=headers)


@router.post("/sign-in/actions")
async def act(request: Request, asked: Acts) -> dict[str, Any]:
    """Does them in order; answers when they are done."""
    actions = [one.action() for one in asked.actions]
    return described(await _port(request).act(actions))


@router.delete("/sign-in")
async def stop(request: Request) -> dict[str, Any]:
    """Answers when the browser is gone."""
    return described(await _port(request).stop())


def described(status: port.SignInStatus) -> dict[str, Any]:
    started = status.started
    return {
        "stage": status.stage.value,
        "under_way": status.stage in port.UNDER_WAY,
        "started": None
        if started is None
        else datetime.fromtimestamp(started, UTC).isoformat(timespec="seconds"),
        "started_by": status.started_by or None,
        "seconds_left": None if status.seconds_left is None else round(status.seconds_left, 1),
        "site": status.site or None,
        "profile": status.profile or None,
        "account": status.account or None,
        "in_use": status.in_use,
        "reason": status.reason or None,
    }
