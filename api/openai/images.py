"""OpenAI's image generation: its request, and its answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError

from api.openai.objects import Json, data_url, is_picture
from api.openai.refusals import refusal, type_name
from api.openai.schema import Strict
from api.pictures import PictureWish
from api.treatment import check_ignored
from domain.completion import Completion
from domain.errors import BadRequest, EmptyAnswer
from domain.events import FinishReason, Media
from domain.requests import GenerateRequest, PictureFormat, Plan, Turn
from domain.thinking import ThinkingAsked

FORMS: Final[Mapping[str, PictureFormat]] = MappingProxyType(
    {
        "auto": PictureFormat(),
        "256x256": PictureFormat("1:1"),
        "512x512": PictureFormat("1:1"),
        "1024x1024": PictureFormat("1:1"),
        "1536x1024": PictureFormat("3:2"),
        "1024x1536": PictureFormat("2:3"),
        "1792x1024": PictureFormat("16:9"),
        "1024x1792": PictureFormat("9:16"),
        "2048x2048": PictureFormat("1:1", "2K"),
        "2816x1536": PictureFormat("16:9", "2K"),
        "1536x2816": PictureFormat("9:16", "2K"),
        "4096x4096": PictureFormat("1:1", "4K"),
        "4096x2304": PictureFormat("16:9", "4K"),
        "2304x4096": PictureFormat("9:16", "4K"),
    }
)
"""What a `size` asks of the page, whose pictures have about that many pixels."""
IGNORED: Final = (
    "quality",
    "style",
    "background",
    "moderation",
    "output_format",
    "output_compression",
    "partial_images",
    "user",
)
MOST: Final = 10


class ImageRequest(Strict):
    """`POST /v1/images/generations`."""

    prompt: Annotated[str, Field(min_length=1)]
    model: Annotated[str, Field(min_length=1)] | None = None
    """Left out: the first of the page's models that makes pictures and needs no paid key."""
    n: Annotated[int, Field(ge=1, le=MOST)] = 1
    size: str = "auto"
    response_format: Literal["url", "b64_json"] = "url"
    stream: Literal[False] = False

    # Accepted without effect
    quality: str | None = None
    style: str | None = None
    background: str | None = None
    moderation: str | None = None
    output_format: str | None = None
    output_compression: int | None = None
    partial_images: int | None = None
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A decoded request, as `api.routes.serving` takes it."""

    plan: Plan
    pictures: PictureWish
    packed: bool
    """Whether base64 is wanted instead of a data URL."""
    ignored: tuple[str, ...]
    thinking: ThinkingAsked | None = None
    length_param: str | None = None
    notes: tuple[str, ...] = ()


def decode(document: Any, default_model: str, *, strict: bool) -> Asked:
    """Raises BadRequest: a field that is unknown, wrong, or ignored where that is refused."""
    if not isinstance(document, dict):
        raise BadRequest(f"The request body must be a JSON object, not {type_name(document)}.")
    try:
        asked = ImageRequest.model_validate(document)
    except ValidationError as error:
        raise refusal(error.errors(include_url=False, include_context=False)) from None
    if asked.size not in FORMS:
        raise BadRequest(f"size: {asked.size!r:.40} is none of {', '.join(FORMS)}.", param="size")
    ignored = tuple(name for name in IGNORED if getattr(asked, name) is not None)
    check_ignored(ignored, strict=strict)
    form = FORMS[asked.size]
    request = GenerateRequest(
        (asked.model or default_model).removeprefix("models/"), (Turn.of("user", asked.prompt),)
    )
    wish = PictureWish(
        form,
        only_pictures=True,
        size_param="size",
        modalities=frozenset({"IMAGE"}),
        modalities_param="model",
    )
    packed = asked.response_format == "b64_json"
    return Asked(Plan(request, asked.n, only_pictures=True), wish, packed, ignored)


def answer(created: int, answers: Sequence[Completion], *, packed: bool) -> Json:
    """All pictures of all runs, with their own types.

    Raises:
        EmptyAnswer: a run made none; in the model's own words, if it had any.
    """
    made = [_pictures(done) for done in answers]
    return {"created": created, "data": [_entry(one, packed=packed) for each in made for one in each]}


def _pictures(done: Completion) -> list[Media]:
    pictures = [one for one in done.media if is_picture(one) and not one.draft]
    if pictures:
        return pictures
    end = done.finished
    reason = FinishReason.NO_IMAGE if end is None else end.reason
    said = "" if end is None or end.message is None else f" It says: {end.message}"
    raise EmptyAnswer(f"The model made no picture ({reason.value}).{said}")


def _entry(picture: Media, *, packed: bool) -> Json:
    return {"b64_json": picture.data} if packed else {"url": data_url(picture)}
