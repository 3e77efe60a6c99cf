"""The providers' own clients, pointed at the emulated providers, with their retries off."""

from anthropic import AsyncAnthropic
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionChunk
from openai.types.responses import ResponseStreamEvent

from specialists.emulator import ModelEmulator

KEY = "sk-emulated"
WIRES = ("chat", "responses", "anthropic")
GPT = "gpt-4.1"
SONNET = "claude-sonnet-5-5"


def openai_of(models: ModelEmulator, key: str = KEY) -> AsyncOpenAI:
    """`async with` closes it."""
    return AsyncOpenAI(base_url=models.openai_url, api_key=key, max_retries=0)


def anthropic_of(models: ModelEmulator, key: str = KEY) -> AsyncAnthropic:
    """`async with` closes it."""
    return AsyncAnthropic(base_url=models.anthropic_url, api_key=key, max_retries=0)


async def chat_chunks(client: AsyncOpenAI, text: str = "hi") -> list[ChatCompletionChunk]:
    """The whole stream of one Chat Completions answer."""
    stream = await client.chat.completions.create(
        model="gpt-4.1",
        messages=[{"role": "user", "content": text}],
        stream=True,
        stream_options={"include_usage": True},
    )
    return [chunk async for chunk in stream]


async def response_events(
    client: AsyncOpenAI, text: str = "hi", model: str = "gpt-5.6-terra"
) -> list[ResponseStreamEvent]:
    """The whole stream of one Responses answer, with summaries of its reasoning."""
    stream = await client.responses.create(
        model="gpt-5.6-terra",
        input=text,
        stream=True,
        store=False,
        include=["reasoning.encrypted_content"],
        reasoning={"effort": "low", "summary": "auto"},
    )
    return [event async for event in stream]


class Clients:
    """One short question on each wire, and what was heard of the answer."""

    def __init__(self, openai_client: AsyncOpenAI, anthropic_client: AsyncAnthropic) -> None:
        self.openai = openai_client
        self.anthropic = anthropic_client

    async def asks(self, wire: str) -> None:
        """Without a stream."""
        match wire:
            case "chat":
                await self.openai.chat.completions.create(model=GPT, messages=[{"role": "user", "content": "hi"}])
            case "responses":
                await self.openai.responses.create(model=GPT, input="hi")
            case _:
                await self.anthropic.messages.create(
                    model=SONNET, max_tokens=99, messages=[{"role": "user", "content": "hi"}]
                )

    async def hears(self, wire: str, heard: list[str]) -> None:
        """Stream; every piece of text is added to `heard`."""
        match wire:
            case "chat":
                chat = await self.openai.chat.completions.create(
                    model=GPT, messages=[{"role": "user", "content": "hi"}], stream=True
                )
                async with chat:
                    async for chunk in chat:
                        heard.extend(choice.delta.content for choice in chunk.choices if choice.delta.content)
            case "responses":
                responses = await self.openai.responses.create(model=GPT, input="hi", stream=True)
                async with responses:
                    async for event in responses:
                        if event.type == "response.output_text.delta":
                            heard += [event.delta]
            case _:
                async with self.anthropic.messages.stream(
                    model=SONNET, max_tokens=99, messages=[{"role": "user", "content": "hi"}]
                ) as stream:
                    async for piece in stream.text_stream:
                        heard += [piece]
