"""What becomes of a file before it is put on the page: kept, converted without loss, or refused.

AI Studio takes pictures, sound, video and PDF in certain formats, and text. Text of any kind goes as plain
text, with its own ending kept inside the name. A bitmap, and a GIF that is one picture, become a PNG.
"""

import asyncio
import struct
from pathlib import Path
from typing import BinaryIO, Final

from PIL import Image

from api.attachments.media import ENDINGS, PLAIN, UNKNOWN, is_text, media_type
from domain.errors import BadRequest, TooLarge, Unsupported

MOST_PIXELS: Final = 40_000_000
"""Of a picture that is converted; that many need about 160 MB of memory."""

ACCEPTED: Final = (
    "images (PNG, JPEG, WebP, HEIC, HEIF, BMP, GIF without animation), audio (WAV, MP3, AIFF, AAC, OGG, "
    "FLAC, M4A, WebM), video (MP4, MPEG, MOV, AVI, FLV, WebM, WMV, 3GPP, OGG), PDF, and text in UTF-8"
)
"""For error texts and documents: everything that can be sent."""

_TO_PNG: Final = {"image/bmp": "BMP", "image/gif": "GIF"}
_DAMAGE: Final = (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, struct.error)
"""What the image library raises about content that is not as its format says."""
_PICTURE: Final = "image/svg+xml"
_REMEDIES: Final = {
    _PICTURE: "Send it as a PNG or, to have its source read, with the mime_type text/plain.",
    "application/zip": "Send the files in it one by one.",
}


def type_to_send(kind: str, claimed: str | None, param: str) -> str:
    """The media type that a file of the type `kind` is sent as; one of `ENDINGS`.

    Raises:
        Unsupported: AI Studio does not take it, and it cannot be converted without loss.
    """
    kind = media_type(kind)
    if kind in ENDINGS:
        return kind
    if kind in _TO_PNG:
        return "image/png"
    if is_text(kind) or (kind == _PICTURE and claimed == PLAIN):
        return PLAIN
    what = "a file of an unknown type" if kind == UNKNOWN else f"a file of the type {kind!r}"
    remedy = _REMEDIES.get(kind, "")
    raise Unsupported(
        f"{param} is {what}, which AI Studio does not take. It takes {ACCEPTED}. {remedy}".rstrip(),
        param=param,
    )


def needs_converting(kind: str) -> bool:
    """Whether the content has to change, and not only the name."""
    return media_type(kind) in _TO_PNG


async def to_png(source: Path, kind: str, target: Path, param: str) -> None:
    """Write the picture at `source` as a PNG at `target`, which must not exist.

    Raises:
        BadRequest: it is damaged.
        TooLarge: it has more than `MOST_PIXELS`.
        Unsupported: it is an animation.
    """
    # Made at once and not in the thread, so that no file appears after its folder has been removed.
    with source.open("rb") as picture, target.open("xb") as png:
        await asyncio.to_thread(_convert, picture, _TO_PNG[media_type(kind)], png, param)


def _convert(source: BinaryIO, form: str, target: BinaryIO, param: str) -> None:
    try:
        with Image.open(source, formats=[form]) as image:
            _check(image, form, param)
            image.save(target, "PNG")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels(param) from None
    except _DAMAGE as error:
        raise BadRequest(f"{param} is a damaged {form} picture.", param=param) from error


def _check(image: Image.Image, form: str, param: str) -> None:
    if image.width * image.height > MOST_PIXELS:
        raise _too_many_pixels(param)
    if (frames := getattr(image, "n_frames", 1)) > 1:
        raise Unsupported(
            f"{param} is an animated {form} of {frames} pictures, which AI Studio does not take. Send it as "
            "a video, or one of its pictures.",
            param=param,
        )


def _too_many_pixels(param: str) -> TooLarge:
    return TooLarge(
        f"{param} is a picture of more than {MOST_PIXELS} pixels, which is not converted. Send it as a PNG.",
        param=param,
    )
