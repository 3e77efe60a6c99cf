"""Pictures, by Pillow: the first frame, upright, in sRGB, small, and without any data about its origin."""

import io
from collections.abc import Iterator
from contextlib import suppress
from math import ceil
from pathlib import Path

from PIL import AvifImagePlugin, Image, ImageCms, ImageOps

from bot.documents.findings import PictureFound
from bot.documents.forms import Form
from bot.documents.limits import Limits
from bot.domain.errors import FileRefused

_QUALITIES = (88, 75, 60, 40)
_FEW_COLOURS = 64
"""As drawings have; grey photos have more, and PNG would take seconds for them."""
_MOST_SHRUNK = 4
"""So many times the limit a JPEG may have that is decoded smaller: phones make pictures of 200 megapixels."""
_HIGHEST_RATIO = 2_000
"""Of a picture's sides; what is longer shows nothing when it is made small."""


def read(path: Path, form: Form, limits: Limits) -> PictureFound:
    # The size stands in the header; it is looked at before anything is decoded, with a sentence of ours.
    Image.MAX_IMAGE_PIXELS = None
    # The process may have no threads besides its first.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    with path.open("rb") as file, Image.open(file, formats=(form.name.upper(),)) as image:
        # JPEG can be decoded at a half, a quarter or an eighth of its size: never below what is needed.
        whole = _pixels(image)
        share = limits.picture_side / max(*image.size, 1)
        image.draft(None, (ceil(image.width * share), ceil(image.height * share)))
        if _pixels(image) > limits.pixels or whole > limits.pixels * _MOST_SHRUNK:
            raise FileRefused("file-expands", "pixels")
        if max(image.size) > _HIGHEST_RATIO * min(image.size):
            raise FileRefused("file-expands", "a strip")
        image.load()
        small = _upright(image, limits.picture_side)
    content, media_type = next(_encoded(small, limits.picture_bytes))
    return PictureFound(content, media_type, *small.size)


def _pixels(image: Image.Image) -> int:
    width, height = image.size
    return width * height


def _upright(image: Image.Image, side: int) -> Image.Image:
    """As people see it, with nothing but its pixels."""
    turned = ImageOps.exif_transpose(image)
    profile = turned.info.get("icc_profile")
    has_alpha = turned.has_transparency_data
    small = turned if turned.mode in ("RGB", "RGBA", "L", "CMYK") else turned.convert("RGBA" if has_alpha else "RGB")
    small.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    if profile:
        small = _in_srgb(small, profile)
    small = small.convert("RGBA" if has_alpha else "RGB")
    bare = Image.new(small.mode, small.size)
    bare.paste(small)
    return bare


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Colours as its profile means them; as they are when the profile is broken or of another kind."""
    with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        converted = ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), outputMode=mode)
        if converted is not None:
            return converted
    return image


def _encoded(image: Image.Image, limit_bytes: int) -> Iterator[tuple[bytes, str]]:
    """The best encoding that is small enough first; the last one is given whatever its size."""
    if image.mode == "RGBA" or image.getcolors(_FEW_COLOURS) is not None:
        content = _saved(image, "PNG")
        if len(content) <= limit_bytes:
            yield content, "image/png"
    flat = image
    if image.mode == "RGBA":
        flat = Image.new("RGB", image.size, "white")
        flat.paste(image, mask=image.getchannel("A"))
    for quality in _QUALITIES:
        content = _saved(flat, "JPEG", quality=quality, optimize=True)
        if len(content) <= limit_bytes or quality == _QUALITIES[-1]:
            yield content, "image/jpeg"


def _saved(image: Image.Image, form: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()
