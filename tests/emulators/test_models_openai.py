"""OpenAI's own client, and pydantic-ai on top of it, against the emulated Chat Completions and Responses."""

import json
from collections.abc import AsyncIterator

import pytest
from openai import AsyncOpenAI, AuthenticationError, BadRequestError, NotFoundError
from openai.types.chat import ChatCompletionMessageParam
from openai.types.responses import ResponseCompletedEvent, ResponseIncompleteEvent, ResponseReasoningItem
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput
from pydantic_ai.models import Model
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel, OpenAIResponsesModelSettings
from pydantic_ai.providers.openai import OpenAIProvider

from specialists.emulator import Call, End, ModelEmulator, Say, Think, Used
from tests.emulators.model_clients import KEY, chat_chunks, openai_of, response_events
from tests.fakes.clock import ManualClock

USER: ChatCompletionMessageParam = {"role": "user", "content": "hi"}


class City(BaseModel):
    name: str
    size: int


@pytest.fixture
async def models(clock: ManualClock) -> AsyncIterator[ModelEmulator]:
    async with ModelEmulator(clock=clock) as emulator:
        yield emulator


@pytest.fixture
async def client(models: ModelEmulator) -> AsyncIterator[AsyncOpenAI]:
    async with openai_of(models) as connected:
        yield connected


def _pydantic_models(client: AsyncOpenAI) -> dict[str, Model]:
    provider = OpenAIProvider(openai_client=client)
    seen = OpenAIResponsesModelSettings(
        openai_reasoning_summary="auto", openai_reasoning_effort="low", openai_store=False
    )
    return {
        "chat": OpenAIChatModel("gpt-4.1", provider=provider),
        "responses": OpenAIResponsesModel("gpt-5.6-terra", provider=provider, settings=seen),
    }


async def test_a_chat_answer_comes_in_pieces_and_its_usage_last(models: ModelEmulator, client: AsyncOpenAI) -> None:
    models.then(Say("Good morning, Ann! ☀️", chunk_chars=5))

    chunks = await chat_chunks(client, "hello")

    assert chunks[0].choices[0].delta.role == "assistant"
    pieces = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]
    assert pieces == ["Good ", "morni", "ng, A", "nn! ☀", "️"]
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert (chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens) == (4, 6)
    assert {chunk.id for chunk in chunks} == {chunks[0].id}
    assert all(chunk.usage is None for chunk in chunks[:-1])


async def test_usage_is_told_only_to_those_who_ask(models: ModelEmulator, client: AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(model="gpt-4.1", messages=[USER], stream=True)

    assert [chunk.usage for chunk in [chunk async for chunk in stream] if chunk.usage] == []


async def test_a_chat_model_thinks_and_calls_two_tools(models: ModelEmulator, client: AsyncOpenAI) -> None:
    models.then(
        Think("Two cities."), Say("Let me see."), Call("weather", {"city": "Осло"}), Call("weather", {}, id="my")
    )

    chunks = await chat_chunks(client)

    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert "".join((delta.model_extra or {}).get("reasoning_content") or "" for delta in deltas) == "Two cities."
    parts = [part for delta in deltas for part in delta.tool_calls or ()]
    arguments = ["".join(p.function.arguments or "" for p in parts if p.index == n and p.function) for n in (0, 1)]
    assert [json.loads(text) for text in arguments] == [{"city": "Осло"}, {}]
    assert [part.id for part in parts if part.id][1:] == ["my"]
    assert deltas[-1].content is None
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "tool_calls"
    assert models.asked[0].used == Used(3, 3 + 3 + 5, reasoning=3)


async def test_a_chat_answer_comes_whole_without_a_stream(models: ModelEmulator, client: AsyncOpenAI) -> None:
    models.then(Say("Yes."), Call("weather", {"city": "Rome"}), Used(100, 7, cached=60))

    answer = await client.chat.completions.create(model="gpt-4.1", messages=[USER])

    message = answer.choices[0].message
    assert message.content == "Yes."
    assert message.tool_calls is not None
    assert message.tool_calls[0].type == "function"
    assert message.tool_calls[0].function.arguments == '{"city": "Rome"}'
    assert answer.usage is not None
    assert answer.usage.prompt_tokens_details is not None
    assert (answer.usage.total_tokens, answer.usage.prompt_tokens_details.cached_tokens) == (107, 60)


async def test_a_response_streams_its_summary_text_and_call(models: ModelEmulator, client: AsyncOpenAI) -> None:
    models.then(Think("Hm, well."), Say("Hello there."), Call("weather", {"city": "Oslo"}))

    events = await response_events(client)

    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = list(dict.fromkeys(event.type for event in events))
    assert kinds == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.reasoning_summary_part.added",
        "response.reasoning_summary_text.delta",
        "response.reasoning_summary_text.done",
        "response.reasoning_summary_part.done",
        "response.output_item.done",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.completed",
    ]
    last = events[-1]
    assert isinstance(last, ResponseCompletedEvent)
    assert last.response.output_text == "Hello there."
    assert [item.type for item in last.response.output] == ["reasoning", "message", "function_call"]
    assert last.response.usage is not None
    assert last.response.usage.output_tokens_details.reasoning_tokens == 3


async def test_a_response_shows_no_thinking_that_was_not_asked_for(models: ModelEmulator, client: AsyncOpenAI) -> None:
    models.then(Think("Secret."), Say("Hello."))

    answer = await client.responses.create(model="gpt-5.6-terra", input="hi")

    thought = answer.output[0]
    assert isinstance(thought, ResponseReasoningItem)
    assert (thought.summary, thought.encrypted_content) == ([], None)
    assert answer.usage is not None
    assert answer.usage.output_tokens_details.reasoning_tokens == 2


async def test_a_model_stops_at_the_limit_of_tokens(models: ModelEmulator, client: AsyncOpenAI) -> None:
    models.then(Say("x" * 1000), End())
    models.then(Say("x" * 1000), End())

    chat = await client.chat.completions.create(model="gpt-4.1", messages=[USER], max_completion_tokens=10)
    stream = await client.responses.create(model="gpt-4.1", input="hi", max_output_tokens=16, stream=True)
    *_, last = [event async for event in stream]

    assert (chat.choices[0].message.content, chat.choices[0].finish_reason) == ("x" * 40, "length")
    assert isinstance(last, ResponseIncompleteEvent)
    assert last.response.incomplete_details is not None
    assert last.response.incomplete_details.reason == "max_output_tokens"
    assert last.response.output_text == "x" * 64


async def test_a_refused_answer_ends_in_the_words_of_each_api(models: ModelEmulator, client: AsyncOpenAI) -> None:
    models.then(Say("I"), End("refusal"))
    models.then(Say("I"), End("refusal"))

    chat = await client.chat.completions.create(model="gpt-4.1", messages=[USER])
    response = await client.responses.create(model="gpt-4.1", input="hi")

    assert chat.choices[0].finish_reason == "content_filter"
    assert response.incomplete_details is not None
    assert (response.status, response.incomplete_details.reason) == ("incomplete", "content_filter")


@pytest.mark.parametrize("wire", ["chat", "responses"])
async def test_an_agent_goes_through_a_loop_of_tools(models: ModelEmulator, client: AsyncOpenAI, wire: str) -> None:
    agent = Agent(_pydantic_models(client)[wire], instructions="Be brief.")
    agent.tool_plain(name="weather")(_weather)
    calls = [Call("weather", {"city": city}) for city in ("Oslo", "Rome")]
    models.then(Think("Where?"), Say("One moment. "), *calls)
    models.then(Say("Sunny in both."))

    result = await agent.run("Weather?")

    assert result.output == "Sunny in both."
    assert models.violations == []
    first, second = models.asked
    assert (first.wire, first.system, first.tools) == (wire, "Be brief.", ("weather",))
    assert first.messages == (("user", "Weather?"),)
    assert second.messages == (
        ("user", "Weather?"),
        ("thinking", "Where?"),
        ("assistant", "One moment. "),
        ("call", 'weather {"city":"Oslo"}'),
        ("call", 'weather {"city":"Rome"}'),
        ("tool", "sunny in Oslo"),
        ("tool", "sunny in Rome"),
    )
    assert result.usage.requests == 2
    assert result.usage.cache_read_tokens == second.cached_tokens > 0


@pytest.mark.parametrize("wire", ["chat", "responses"])
async def test_an_unscripted_model_echoes_and_fills_in_what_is_wanted(
    models: ModelEmulator, client: AsyncOpenAI, wire: str
) -> None:
    agent = Agent(_pydantic_models(client)[wire])

    spoken = await agent.run("hello")
    by_tool = await agent.run("a city", output_type=City)
    by_format = await agent.run("a city", output_type=NativeOutput(City))

    assert spoken.output == f"{models.asked[0].model} heard: hello"
    assert by_tool.output == by_format.output == City(name="text", size=1)
    assert models.asked[1].forced == ("final_result",)
    assert models.asked[2].schema is not None


async def test_an_agent_streams(models: ModelEmulator, client: AsyncOpenAI) -> None:
    for model in _pydantic_models(client).values():
        models.then(Think("Well."), Say("One two three four five six."))
        async with Agent(model).run_stream("count") as result:
            pieces = [piece async for piece in result.stream_text(delta=True, debounce_by=None)]
        assert "".join(pieces) == "One two three four five six."
        assert len(pieces) > 1


async def test_what_begins_alike_is_read_from_the_cache(models: ModelEmulator, client: AsyncOpenAI) -> None:
    async def cached(system: str, *said: str) -> int:
        told: list[ChatCompletionMessageParam] = [{"role": "user", "content": text} for text in said]
        answer = await client.chat.completions.create(
            model="gpt-4.1", messages=[{"role": "system", "content": system}, *told]
        )
        assert answer.usage is not None
        assert answer.usage.prompt_tokens_details is not None
        return answer.usage.prompt_tokens_details.cached_tokens or 0

    system = "You are a mentor. " * 20

    assert await cached(system, "first") == 0
    grown = await cached(system, "first", "second")
    assert grown * 4 >= len(system)
    assert await cached(system, "first", "second", "third") > grown
    assert await cached("!" + system, "first", "second", "third") == 0
    other = await client.chat.completions.create(model="gpt-5.4", messages=[{"role": "system", "content": system}])
    assert other.usage is not None
    assert other.usage.prompt_tokens_details is not None
    assert other.usage.prompt_tokens_details.cached_tokens == 0, "each model has its own cache"


async def test_the_models_are_listed(clock: ManualClock) -> None:
    async with ModelEmulator(clock=clock, catalog=["gpt-5.4", "gpt-4.1"]) as models, openai_of(models) as client:
        assert [model.id async for model in client.models.list()] == ["gpt-4.1", "gpt-5.4"]
        with pytest.raises(NotFoundError) as refused:
            await client.chat.completions.create(model="gpt-2", messages=[USER])
    assert refused.value.code == "model_not_found"


async def test_only_the_right_key_is_let_in(clock: ManualClock) -> None:
    async with ModelEmulator(clock=clock, key=KEY) as models, openai_of(models, "sk-wrong") as client:
        with pytest.raises(AuthenticationError) as refused:
            await client.chat.completions.create(model="gpt-4.1", messages=[USER])
        with pytest.raises(AuthenticationError):
            await client.models.list()
    assert refused.value.code == "invalid_api_key"


async def test_a_prompt_beyond_the_window_is_refused(models: ModelEmulator, client: AsyncOpenAI) -> None:
    models.context_tokens = 100

    with pytest.raises(BadRequestError) as refused:
        await client.responses.create(model="gpt-5.4", input="x" * 500)

    assert refused.value.code == "context_length_exceeded"
    assert models.violations == []


def _weather(city: str) -> str:
    """Tell the weather."""
    return f"sunny in {city}"
