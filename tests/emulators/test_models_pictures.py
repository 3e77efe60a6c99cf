"""Pictures on the three wires: what the providers take, and what they refuse."""

from base64 import b64encode
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import pytest
from anthropic import AsyncAnthropic
from anthropic import BadRequestError as AnthropicBadRequest
from openai import AsyncOpenAI, BadRequestError
from PIL import Image

from specialists.emulator import ModelEmulator
from tests.emulators.model_clients import GPT, SONNET, anthropic_of, openai_of
from tests.fakes.clock import ManualClock

Asks = Any


def pixels(form: str = "PNG") -> bytes:
    made = BytesIO()
    Image.new("RGB", (4, 4), "teal").save(made, form)
    return made.getvalue()


PNG = pixels()


def url(content: bytes = PNG, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{b64encode(content).decode()}"


@pytest.fixture
async def models(clock: ManualClock) -> AsyncIterator[ModelEmulator]:
    async with ModelEmulator(clock=clock) as emulator:
        yield emulator


@pytest.fixture
async def openai(models: ModelEmulator) -> AsyncIterator[AsyncOpenAI]:
    async with openai_of(models) as connected:
        yield connected


@pytest.fixture
async def anthropic(models: ModelEmulator) -> AsyncIterator[AsyncAnthropic]:
    async with anthropic_of(models) as connected:
        yield connected


async def by_chat(client: AsyncOpenAI, address: str = "", **more: Any) -> None:
    part: Any = {"type": "image_url", "image_url": {"url": address or url()} | more}
    content: Any = [{"type": "text", "text": "What is this?"}, part]
    await client.chat.completions.create(model=GPT, messages=[{"role": "user", "content": content}])


async def by_responses(client: AsyncOpenAI, address: str = "", **more: Any) -> None:
    part: Any = {"type": "input_image", "image_url": address or url(), "detail": "auto"} | more
    content: Any = [{"type": "input_text", "text": "What is this?"}, part]
    await client.responses.create(model=GPT, input=[{"role": "user", "content": content}])


async def by_messages(client: AsyncAnthropic, content: bytes = PNG, media_type: str = "image/png", **more: Any) -> None:
    source: Any = {"type": "base64", "media_type": media_type, "data": b64encode(content).decode()} | more
    blocks: Any = [{"type": "text", "text": "What is this?"}, {"type": "image", "source": source}]
    await client.messages.create(model=SONNET, max_tokens=99, messages=[{"role": "user", "content": blocks}])


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
async def test_what_is_shown_is_seen(
    models: ModelEmulator, openai: AsyncOpenAI, anthropic: AsyncAnthropic, form: str
) -> None:
    content, media_type = pixels(form), f"image/{form.lower()}"
    await by_chat(openai, url(content, media_type), detail="low")
    await by_responses(openai, url(content, media_type))
    await by_messages(anthropic, content, media_type)
    assert [asked.pictures for asked in models.asked] == [((media_type, content),)] * 3
    assert models.violations == []


OPENAI_FLAWS = {
    "no address": ("fox.png", "invalid format"),
    "another kind of picture": (url(pixels("BMP"), "image/bmp"), "unsupported MIME type 'image/bmp'"),
    "no kind at all": ("data:;base64,AAAA", "unsupported MIME type"),
    "not base64": ("data:image/png,rawbytes", "unsupported MIME type"),
    "bad base64": ("data:image/png;base64,@@@", "Invalid base64"),
    "no picture": (url(b"hello there"), "unsupported image"),
}


@pytest.mark.parametrize("flaw", OPENAI_FLAWS)
@pytest.mark.parametrize("ask", [by_chat, by_responses])
async def test_openai_refuses_what_it_cannot_show(
    models: ModelEmulator, openai: AsyncOpenAI, ask: Asks, flaw: str
) -> None:
    address, words = OPENAI_FLAWS[flaw]
    with pytest.raises(BadRequestError, match=words):
        await ask(openai, address)
    assert models.asked == []
    assert len(models.violations) == 1


@pytest.mark.parametrize("ask", [by_chat, by_responses])
async def test_openai_knows_some_details(openai: AsyncOpenAI, ask: Asks) -> None:
    with pytest.raises(BadRequestError, match="Supported values"):
        await ask(openai, detail="blurry")


ANTHROPIC_FLAWS: dict[str, tuple[dict[str, Any], str]] = {
    "another kind of picture": ({"content": pixels("BMP"), "media_type": "image/bmp"}, "media_type: Input should be"),
    "a wrong kind": ({"content": pixels("JPEG")}, "appears to be a image/jpeg"),
    "bad base64": ({"data": "@@@"}, "Invalid base64"),
    "no picture": ({"content": b"hello there"}, "Could not process image"),
    "too large": ({"content": PNG + bytes(5 * 1024 * 1024)}, "exceeds 5 MB"),
    "no known source": ({"type": "telepathy"}, "Input tag"),
}


@pytest.mark.parametrize("flaw", ANTHROPIC_FLAWS)
async def test_anthropic_refuses_what_it_cannot_show(
    models: ModelEmulator, anthropic: AsyncAnthropic, flaw: str
) -> None:
    fields, words = ANTHROPIC_FLAWS[flaw]
    with pytest.raises(AnthropicBadRequest, match=words):
        await by_messages(anthropic, **fields)
    assert models.asked == []


async def test_a_blind_model_says_so_in_its_providers_words_and_reads_text(
    models: ModelEmulator, openai: AsyncOpenAI, anthropic: AsyncAnthropic
) -> None:
    models.blind = frozenset({GPT, SONNET})
    for ask in (by_chat, by_responses):
        with pytest.raises(BadRequestError, match="only supported by certain models"):
            await ask(openai)
    with pytest.raises(AnthropicBadRequest, match="does not support image input"):
        await by_messages(anthropic)
    answer = await openai.responses.create(model=GPT, input="Hello")
    assert answer.output_text
    assert models.violations == [], "no client can know"
