"""Pictures: upright, small, and without any data about their origin."""

import io
from typing import Any

import pytest
from PIL import Image, ImageCms

from bot.documents.findings import PictureFound
from bot.documents.limits import Limits
from tests.documents.conftest import Look, Refuse
from tests.fakes import papers

_ORIENTATION, _CAMERA = 0x0112, 0x0110


def seen(found: object) -> Image.Image:
    assert isinstance(found, PictureFound)
    image = Image.open(io.BytesIO(found.content))
    assert Image.MIME[image.format or ""] == found.media_type
    assert image.size == (found.width, found.height)
    return image


def noise(size: tuple[int, int], form: str, **options: object) -> bytes:
    """A picture like a photo: with too many colours for anything but JPEG."""
    buffer = io.BytesIO()
    grain = Image.effect_noise((size[0] // 4, size[1] // 4), 90).convert("RGB")
    grain.resize(size).save(buffer, form, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"])
def test_every_form_is_seen(look: Look, form: str) -> None:
    image = seen(look("photo", papers.picture(form))).convert("RGB")
    red, green, blue = image.getpixel((5, 5))  # type: ignore[misc]
    assert image.size == (64, 48)
    assert (red < 60, green < 60, blue > 190) == (True, True, True)


@pytest.mark.parametrize("name", ["photo.pdf", "photo.docx", "photo.png", "sticker.webp"])
def test_the_content_counts_not_the_name(look: Look, name: str) -> None:
    assert seen(look(name, papers.picture("JPEG"))).size == (64, 48)


def test_a_large_photo_becomes_small(look: Look) -> None:
    found = look("photo.jpg", noise((2400, 1800), "JPEG", quality=90))
    assert seen(found).size == (1568, 1176)
    assert isinstance(found, PictureFound)
    assert found.media_type == "image/jpeg"
    assert len(found.content) <= Limits().picture_bytes


def test_a_photo_is_turned_upright_and_stripped(look: Look) -> None:
    exif = Image.Exif()
    exif[_ORIENTATION] = 6
    exif[_CAMERA] = "SECRET-CAMERA"
    exif.get_ifd(0x8825)[1] = "SECRET-PLACE"
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">SECRET-XMP</x:xmpmeta>'
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo = papers.picture("JPEG", size=(64, 32), exif=exif, xmp=xmp, comment=b"SECRET", icc_profile=profile)
    assert photo.count(b"SECRET") >= 3
    found = look("photo.jpg", photo)
    image = seen(found)
    assert isinstance(found, PictureFound)
    assert image.size == (32, 64)
    # What was the upper left is the upper right after a turn to the right.
    assert image.convert("RGB").getpixel((25, 5))[2] > 190  # type: ignore[index]
    assert b"SECRET" not in found.content
    assert not image.getexif()
    assert not {"icc_profile", "exif", "xmp", "comment"} & set(image.info)


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF", "GIF"])
def test_comments_of_other_forms_are_stripped_too(look: Look, form: str) -> None:
    options: dict[str, Any] = {"exif": _camera()} if form != "GIF" else {"comment": b"SECRET"}
    picture = papers.picture(form, **options)
    assert b"SECRET" in picture
    found = look("picture", picture)
    assert isinstance(found, PictureFound)
    assert b"SECRET" not in found.content


def _camera() -> Image.Exif:
    exif = Image.Exif()
    exif[_CAMERA] = "SECRET"
    return exif


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1", "CMYK", "I;16", "YCbCr"])
def test_every_mode(look: Look, mode: str) -> None:
    form = {"CMYK": "TIFF", "YCbCr": "JPEG"}.get(mode, "PNG")
    buffer = io.BytesIO()
    Image.new(mode, (20, 10)).save(buffer, form)
    assert seen(look("x", buffer.getvalue())).mode in ("RGB", "RGBA")


def test_what_is_transparent_stays_so(look: Look) -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (20, 10), (0, 0, 0, 0)).save(buffer, "PNG")
    image = seen(look("logo.png", buffer.getvalue()))
    assert (image.format, image.getpixel((3, 3))) == ("PNG", (0, 0, 0, 0))


def test_a_transparent_photo_that_is_too_large_gets_a_white_ground(look: Look) -> None:
    buffer = io.BytesIO()
    photo = Image.effect_noise((400, 400), 90).convert("RGBA")
    photo.putalpha(Image.linear_gradient("L").resize((400, 400)))
    photo.save(buffer, "PNG")
    image = seen(look("photo.png", buffer.getvalue(), limits=Limits(picture_bytes=80_000)))
    assert (image.format, image.mode) == ("JPEG", "RGB")
    assert image.getpixel((200, 0))[0] > 240  # type: ignore[index]


def test_the_first_frame_of_a_moving_picture(look: Look) -> None:
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (10, 10), colour) for colour in ("red", "blue")]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    assert seen(look("cat.gif", buffer.getvalue())).convert("RGB").getpixel((3, 3)) == (255, 0, 0)


def test_more_pixels_than_the_limit(refuse: Refuse) -> None:
    assert refuse("big.png", papers.picture(size=(101, 100)), limits=Limits(pixels=10_000)) == "file-expands"


def test_a_photo_over_the_limit_is_decoded_smaller(look: Look, refuse: Refuse) -> None:
    photo = papers.picture("JPEG", size=(4000, 3000))
    assert seen(look("photo.jpg", photo, limits=Limits(pixels=4_000_000))).size == (1568, 1176)
    assert refuse("photo.jpg", photo, limits=Limits(pixels=2_900_000)) == "file-expands"
    small = Limits(pixels=2_900_000, picture_side=100)
    assert refuse("photo.jpg", papers.picture("JPEG", size=(4000, 3001)), limits=small) == "file-expands"


def test_a_cut_photo_is_damaged(refuse: Refuse) -> None:
    photo = noise((300, 300), "JPEG")
    assert refuse("photo.jpg", photo[: len(photo) // 2]) == "file-damaged"
