"""How the emulated providers read pictures in a request: media types, base64, what the bytes really are, sizes."""

import re
from base64 import b64decode
from binascii import Error as Base64Error

from specialists.emulated_anthropic_rules import invalid as anthropic_invalid
from specialists.emulated_anthropic_rules import refusal as anthropic_refusal
from specialists.emulated_openai_rules import invalid, missing, not_emulated, wrong_type, wrong_value
from specialists.emulated_steps import Json, Shot

MEDIA_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp")
"""What OpenAI and Anthropic take."""

_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(;[^,]*)?,", re.ASCII)
_OPENAI_BYTES = 50 * 1024 * 1024
_OPENAI_PICTURES = 1_500
_ANTHROPIC_BYTES = 5 * 1024 * 1024
_ANTHROPIC_PICTURES = 100
_DETAILS = ("auto", "low", "high", "original")


def media_type_of(content: bytes) -> str:
    """What the first bytes show; empty when it is no picture that models take."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return ""


def chat_pictures(messages: list[Json]) -> tuple[Shot, ...]:
    """Of Chat Completions, in order. Refusal for one that OpenAI would not take."""
    shots = [
        _openai_picture(part["image_url"].get("url"), part["image_url"].get("detail"), f"messages[{at}].content[{n}]")
        for at, message in enumerate(messages)
        for n, part in enumerate(message["content"] if isinstance(message.get("content"), list) else ())
        if part["type"] == "image_url"
    ]
    return _openai_checked(shots, "messages")


def response_pictures(items: list[Json]) -> tuple[Shot, ...]:
    """Of Responses, in order. Refusal for one that OpenAI would not take."""
    shots = []
    for at, item in enumerate(items):
        content = item.get("content")
        for n, part in enumerate(content if isinstance(content, list) else ()):
            if part.get("type") == "input_image":
                if part.get("file_id") is not None:
                    raise not_emulated(f"input[{at}].content[{n}].file_id")
                shots.append(_openai_picture(part.get("image_url"), part.get("detail"), f"input[{at}].content[{n}]"))
    return _openai_checked(shots, "input")


def anthropic_pictures(messages: list[tuple[str, list[Json]]]) -> tuple[Shot, ...]:
    """Of Messages, in order. Refusal for one that Anthropic would not take."""
    shots = [
        _anthropic_picture(block["source"], f"messages.{at}.content.{n}.image.source")
        for at, (_, blocks) in enumerate(messages)
        for n, block in enumerate(blocks)
        if block["type"] == "image"
    ]
    if len(shots) > _ANTHROPIC_PICTURES:
        raise anthropic_invalid(f"messages: too many images: {len(shots)} > {_ANTHROPIC_PICTURES} maximum")
    return tuple(shots)


def _openai_picture(url: object, detail: object, param: str) -> Shot:
    if url is None:
        raise missing(f"{param}.image_url")
    if not isinstance(url, str):
        raise wrong_type(f"{param}.image_url", "a string", url)
    if detail is not None and detail not in _DETAILS:
        raise wrong_value(f"{param}.detail", detail, _DETAILS)
    if url.startswith(("http://", "https://")):
        raise not_emulated(f"{param}.image_url")
    match = _DATA_URL.match(url)
    if match is None:
        message = f"Invalid '{param}.image_url'. Expected a valid URL, but got a value with an invalid format."
        raise invalid(message, param=f"{param}.image_url", code="invalid_value")
    told = match[1] or ""
    if told not in MEDIA_TYPES or match[2] != ";base64":
        message = (
            f"Invalid '{param}.image_url'. Expected a base64-encoded data URL with an image MIME type (e.g."
            f" 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU='), but got unsupported MIME type '{told}'."
        )
        raise invalid(message, param=f"{param}.image_url", code="invalid_value")
    content = _decoded(url[match.end() :])
    if content is None:
        raise invalid("Invalid base64 image_url.", param=f"{param}.image_url", code="invalid_base64")
    if not media_type_of(content):
        message = "You uploaded an unsupported image. Please make sure your image has of one the following formats: "
        raise invalid(f"{message}['png', 'jpeg', 'gif', 'webp'].", code="invalid_image_format")
    return told, content


def _openai_checked(shots: list[Shot], param: str) -> tuple[Shot, ...]:
    size = sum(len(content) for _, content in shots)
    if size > _OPENAI_BYTES:
        message = f"Invalid '{param}': total image size is {size} bytes, which exceeds the limit of {_OPENAI_BYTES}."
        raise invalid(message, param=param, code="image_content_too_large")
    if len(shots) > _OPENAI_PICTURES:
        raise invalid(f"Too many images in request. Max is {_OPENAI_PICTURES}.", param=param, code="too_many_images")
    return tuple(shots)


def _anthropic_picture(source: object, param: str) -> Shot:
    kind = source.get("type") if isinstance(source, dict) else None
    if not isinstance(source, dict) or kind not in ("base64", "url", "file"):
        raise anthropic_invalid(f"{param}: Input tag must be one of 'base64', 'file', 'url'")
    if kind != "base64":
        raise anthropic_refusal(501, message=f"The emulator does not emulate {param}.{kind}")
    told, data = source.get("media_type"), source.get("data")
    if told not in MEDIA_TYPES:
        raise anthropic_invalid(
            f"{param}.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'"
        )
    content = _decoded(data) if isinstance(data, str) else None
    if content is None:
        raise anthropic_invalid(f"{param}.base64.data: Invalid base64 data")
    if len(content) > _ANTHROPIC_BYTES:
        raise anthropic_invalid(
            f"{param}.base64: image exceeds 5 MB maximum: {len(content)} bytes > {_ANTHROPIC_BYTES} bytes"
        )
    found = media_type_of(content)
    if not found:
        raise anthropic_invalid(f"{param}.base64.data: Could not process image")
    if found != told:
        raise anthropic_invalid(
            f"{param}.base64.data: The image was specified using the {told} media type, but the image appears to be a"
            f" {found} image"
        )
    return str(told), content


def _decoded(data: str) -> bytes | None:
    try:
        return b64decode(data, validate=True)
    except (Base64Error, ValueError):
        return None
