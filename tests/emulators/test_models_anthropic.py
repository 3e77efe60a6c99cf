"""Anthropic's own client, and pydantic-ai on top of it, against the emulated Messages."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from anthropic import AsyncAnthropic, AuthenticationError, BadRequestError, NotFoundError
from anthropic.types import MessageParam, TextBlockParam
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput
from pydantic_ai.models.anthropic import AnthropicModel, AnthropicModelSettings
from pydantic_ai.providers.anthropic import AnthropicProvider

from specialists.emulator import Call, End, ModelEmulator, Say, Think, Used
from tests.emulators.model_clients import KEY, anthropic_of
from tests.fakes.clock import ManualClock

SONNET = "claude-sonnet-5-5"
HAIKU = "claude-haiku-4-5"
USER: MessageParam = {"role": "user", "content": "hi"}
TOOL: dict[str, Any] = {"name": "weather", "input_schema": {"type": "object", "properties": {}}}
CALL: dict[str, Any] = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}}
RESULT: dict[str, Any] = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "sunny"}


class City(BaseModel):
    name: str
    size: int


@pytest.fixture
async def models(clock: ManualClock) -> AsyncIterator[ModelEmulator]:
    async with ModelEmulator(clock=clock) as emulator:
        yield emulator


@pytest.fixture
async def client(models: ModelEmulator) -> AsyncIterator[AsyncAnthropic]:
    async with anthropic_of(models) as connected:
        yield connected


async def test_an_answer_comes_block_by_block(models: ModelEmulator, client: AsyncAnthropic) -> None:
    models.then(Think("Hm, well."), Say("Hello "), Say("there ☀️."), Call("weather", {"city": "Осло"}))

    stream = await client.messages.create(
        model=SONNET,
        max_tokens=1000,
        messages=[USER],
        thinking={"type": "adaptive", "display": "summarized"},
        stream=True,
    )
    events = [event async for event in stream]

    assert [event.type for event in events if event.type != "content_block_delta"] == [
        "message_start",
        *["content_block_start", "content_block_stop"] * 3,
        "message_delta",
        "message_stop",
    ]
    deltas = [event.delta for event in events if event.type == "content_block_delta"]
    assert "".join(delta.text for delta in deltas if delta.type == "text_delta") == "Hello there ☀️."
    assert "".join(delta.partial_json for delta in deltas if delta.type == "input_json_delta") == '{"city": "Осло"}'
    assert [delta.type for delta in deltas][:2] == ["thinking_delta", "signature_delta"]
    last = events[-2]
    assert last.type == "message_delta"
    assert (last.delta.stop_reason, last.usage.output_tokens) == ("tool_use", 3 + 8)


async def test_the_clients_own_stream_puts_the_message_together(models: ModelEmulator, client: AsyncAnthropic) -> None:
    models.then(Think("Hm."), Say("Hello there."), Used(50, 9, cached=0, reasoning=2))

    async with client.messages.stream(
        model=SONNET, max_tokens=1000, messages=[USER], thinking={"type": "adaptive", "display": "summarized"}
    ) as stream:
        pieces = [piece async for piece in stream.text_stream]
        message = await stream.get_final_message()

    assert "".join(pieces) == "Hello there."
    thought, text = message.content
    assert (thought.type, text.type) == ("thinking", "text")
    assert (message.usage.input_tokens, message.usage.output_tokens) == (50, 9)
    assert message.stop_reason == "end_turn"


async def test_an_answer_comes_whole_without_a_stream(models: ModelEmulator, client: AsyncAnthropic) -> None:
    models.then(Think("Hm."), Say("Hello."), Call("weather", {"city": "Rome"}, id="toolu_my"))

    message = await client.messages.create(model=SONNET, max_tokens=1000, messages=[USER])

    thought, text, call = message.content
    assert thought.type == "thinking"
    assert (thought.thinking, bool(thought.signature)) == ("", True), "nobody asked to see it"
    assert text.type == "text"
    assert text.text == "Hello."
    assert call.type == "tool_use"
    assert (call.id, call.input) == ("toolu_my", {"city": "Rome"})
    assert message.usage.output_tokens_details is not None
    assert message.usage.output_tokens_details.thinking_tokens == 1


async def test_a_model_without_thinking_does_not_think(models: ModelEmulator, client: AsyncAnthropic) -> None:
    models.then(Think("Hm."), Say("Hello."))

    message = await client.messages.create(model=HAIKU, max_tokens=1000, messages=[USER])

    assert [block.type for block in message.content] == ["text"]


@pytest.mark.parametrize(
    ("end", "reason"), [("length", "max_tokens"), ("refusal", "refusal"), ("pause", "pause_turn"), ("stop", "end_turn")]
)
async def test_answers_end_for_a_reason(models: ModelEmulator, client: AsyncAnthropic, end: str, reason: str) -> None:
    models.then(Say("I"), End(end))

    message = await client.messages.create(model=SONNET, max_tokens=100, messages=[USER])

    assert message.stop_reason == reason
    assert (message.stop_details is not None) == (end == "refusal")


async def test_a_model_stops_at_the_limit_of_tokens(models: ModelEmulator, client: AsyncAnthropic) -> None:
    models.then(Say("x" * 1000))

    message = await client.messages.create(model=SONNET, max_tokens=10, messages=[USER])

    assert message.content[0].type == "text"
    assert (message.content[0].text, message.stop_reason) == ("x" * 40, "max_tokens")
    assert message.usage.output_tokens == 10


async def test_an_agent_goes_through_a_loop_of_tools(models: ModelEmulator, client: AsyncAnthropic) -> None:
    settings = AnthropicModelSettings(anthropic_thinking={"type": "adaptive", "display": "summarized"})
    agent = Agent(
        AnthropicModel(SONNET, provider=AnthropicProvider(anthropic_client=client), settings=settings),
        instructions="Be brief.",
    )

    @agent.tool_plain
    def weather(city: str) -> str:
        return f"sunny in {city}"

    calls = [Call("weather", {"city": city}) for city in ("Oslo", "Rome")]
    models.then(Think("Where?"), Say("One moment."), *calls)
    models.then(Say("Sunny in both."))

    done = await agent.run("Weather?")

    assert done.output == "Sunny in both."
    assert models.violations == []
    assert models.asked[-1].system == "Be brief."
    assert models.asked[-1].messages == (
        ("user", "Weather?"),
        ("thinking", "Where?"),
        ("assistant", "One moment."),
        ("call", 'weather {"city": "Oslo"}'),
        ("call", 'weather {"city": "Rome"}'),
        ("tool", "sunny in Oslo"),
        ("tool", "sunny in Rome"),
    )


async def test_an_agent_streams(models: ModelEmulator, client: AsyncAnthropic) -> None:
    agent = Agent(AnthropicModel(SONNET, provider=AnthropicProvider(anthropic_client=client)))
    models.then(Think("Well."), Say("One two three four five six."))

    async with agent.run_stream("count") as result:
        pieces = [piece async for piece in result.stream_text(delta=True, debounce_by=None)]

    assert "".join(pieces) == "One two three four five six."
    assert len(pieces) > 1


@pytest.mark.parametrize("model", [SONNET, HAIKU])
async def test_an_unscripted_model_echoes_and_fills_in_what_is_wanted(
    models: ModelEmulator, client: AsyncAnthropic, model: str
) -> None:
    agent = Agent(AnthropicModel(model, provider=AnthropicProvider(anthropic_client=client)))

    spoken = await agent.run("hello")
    by_tool = await agent.run("a city", output_type=City)
    by_format = await agent.run("a city", output_type=NativeOutput(City))

    assert spoken.output == f"{model} heard: hello"
    assert by_tool.output == by_format.output == City(name="text", size=1)
    assert models.violations == []


async def test_only_what_is_marked_is_cached(models: ModelEmulator, client: AsyncAnthropic) -> None:
    system = "You are a mentor. " * 20

    async def usage(*, marked: bool) -> tuple[int, int, int]:
        block = TextBlockParam(type="text", text=system)
        if marked:
            block["cache_control"] = {"type": "ephemeral"}
        message = await client.messages.create(model=SONNET, max_tokens=9, system=[block], messages=[USER])
        used = message.usage
        return used.input_tokens, used.cache_creation_input_tokens or 0, used.cache_read_input_tokens or 0

    assert await usage(marked=False) == (93, 0, 0)
    assert await usage(marked=True) == (2, 91, 0)
    assert models.asked[-1].cached_tokens == 93, "all of it was the same, marked or not"
    assert await usage(marked=True) == (2, 0, 91)
    system = "!" + system
    assert await usage(marked=True) == (2, 91, 0)
    assert models.asked[-1].cached_tokens == 0


async def test_tokens_are_counted_and_models_listed(clock: ManualClock) -> None:
    async with ModelEmulator(clock=clock, catalog=[SONNET]) as models, anthropic_of(models) as client:
        counted = await client.messages.count_tokens(model=SONNET, messages=[USER])
        listed = [model.id async for model in client.models.list()]
        with pytest.raises(NotFoundError):
            await client.messages.create(model=HAIKU, max_tokens=9, messages=[USER])
    assert (counted.input_tokens, listed) == (3, [SONNET])


async def test_only_the_right_key_is_let_in(clock: ManualClock) -> None:
    async with ModelEmulator(clock=clock, key=KEY) as models, anthropic_of(models, "sk-wrong") as client:
        with pytest.raises(AuthenticationError):
            await client.messages.create(model=SONNET, max_tokens=9, messages=[USER])


async def test_older_versions_of_the_api_take_a_temperature(models: ModelEmulator, client: AsyncAnthropic) -> None:
    older = client.with_options(default_headers={"anthropic-version": "2023-06-01"})

    await older.messages.create(model=HAIKU, max_tokens=9, messages=[USER], extra_body={"temperature": 0.4})
    with pytest.raises(BadRequestError, match="Extra inputs are not permitted"):
        await client.messages.create(model=HAIKU, max_tokens=9, messages=[USER], extra_body={"temperature": 0.4})


FLAWS: dict[str, tuple[dict[str, Any], str]] = {
    "no limit": ({"max_tokens": None}, "max_tokens: Field required"),
    "no tokens": ({"max_tokens": 0}, "greater than or equal to 1"),
    "no messages": ({"messages": []}, "at least one message"),
    "an unknown role": ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role"),
    "an empty message": ({"messages": [{"role": "user", "content": ""}]}, "non-empty content"),
    "an empty block": ({"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]}, "non-empty"),
    "only spaces": ({"messages": [{"role": "user", "content": " "}]}, "non-whitespace"),
    "a foreign block": ({"messages": [{"role": "user", "content": [{"type": "input_text"}]}]}, "expected tags"),
    "the assistant first": ({"messages": [{"role": "assistant", "content": "x"}, USER]}, "first message"),
    "an answer begun": ({"messages": [USER, {"role": "assistant", "content": "I"}]}, "prefill"),
    "a result of nothing": ({"messages": [{"role": "user", "content": [RESULT]}]}, "unexpected `tool_use_id`"),
    "a call without a result": (
        {"messages": [USER, {"role": "assistant", "content": [CALL]}, USER]},
        "without `tool_result` blocks immediately after: toolu_1",
    ),
    "a result after text": (
        {
            "messages": [
                USER,
                {"role": "assistant", "content": [CALL]},
                {"role": "user", "content": [{"type": "text", "text": "x"}, RESULT]},
            ]
        },
        "without `tool_result` blocks immediately after",
    ),
    "a forged thought": (
        {
            "messages": [
                USER,
                {"role": "assistant", "content": [{"type": "thinking", "thinking": "x", "signature": "y"}]},
                USER,
            ]
        },
        "Invalid `signature`",
    ),
    "a system prompt among the messages": ({"messages": [{"role": "system", "content": "x"}, USER]}, "first message"),
    "a choice without tools": ({"tool_choice": {"type": "any"}}, "while providing `tools`"),
    "two tools of one name": ({"tools": [TOOL, TOOL]}, "must be unique"),
    "a tool of another api": ({"tools": [{"name": "f", "parameters": {}}]}, "input_schema: Field required"),
    "an order to a thinker": ({"tools": [TOOL], "tool_choice": {"type": "any"}}, "forcing tool use"),
    "a budget of thought": ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, "Use 'adaptive' instead"),
    "a small budget": ({"model": HAIKU, "thinking": {"type": "enabled", "budget_tokens": 9}}, "equal to 1024"),
    "a budget beyond the limit": (
        {"model": HAIKU, "thinking": {"type": "enabled", "budget_tokens": 2000}},
        "must be greater than `thinking.budget_tokens`",
    ),
    "five marks": (
        {"system": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}] * 5},
        "A maximum of 4 blocks",
    ),
    "an unknown parameter": ({"response_format": {"type": "text"}}, "response_format: Extra inputs"),
}


@pytest.mark.parametrize("flaw", FLAWS)
async def test_messages_refuses(models: ModelEmulator, client: AsyncAnthropic, flaw: str) -> None:
    changes, why = FLAWS[flaw]
    body = {"model": SONNET, "max_tokens": 1000, "messages": [USER]} | changes

    with pytest.raises(BadRequestError) as refused:
        await client.post("/v1/messages", cast_to=object, body=body)

    assert why in refused.value.message
    assert isinstance(refused.value.body, dict)
    assert refused.value.body["error"]["type"] == "invalid_request_error"
    assert models.asked == []
    assert len(models.violations) == 1
