"""What OpenAI's two APIs refuse, and the emulated ones with them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from openai import AsyncOpenAI, BadRequestError, NotFoundError

from specialists.emulator import ModelEmulator, Say, Think
from tests.emulators.model_clients import openai_of
from tests.fakes.clock import ManualClock

TOOL: dict[str, Any] = {
    "name": "weather",
    "description": "Tells the weather.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
USER: dict[str, Any] = {"role": "user", "content": "hi"}


@pytest.fixture
async def models(clock: ManualClock) -> AsyncIterator[ModelEmulator]:
    async with ModelEmulator(clock=clock) as emulator:
        yield emulator


@pytest.fixture
async def client(models: ModelEmulator) -> AsyncIterator[AsyncOpenAI]:
    async with openai_of(models) as connected:
        yield connected


def _call() -> dict[str, Any]:
    return {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}


def _result(call: str = "c1") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call, "content": "sunny"}


CHAT_FLAWS: dict[str, tuple[dict[str, Any], str]] = {
    "no messages": ({"messages": []}, "too short"),
    "an unknown role": ({"messages": [{"role": "robot", "content": "x"}]}, "Supported values"),
    "no content": ({"messages": [{"role": "user", "content": None}]}, "expected a string, got null"),
    "a part of another api": (
        {"messages": [{"role": "user", "content": [{"type": "input_text", "text": "x"}]}]},
        "Invalid value",
    ),
    "a result of nothing": ({"messages": [USER, _result()]}, "must be a response to a preceeding message"),
    "a result of another call": (
        {"messages": [USER, {"role": "assistant", "tool_calls": [_call()]}, _result("c2")]},
        "must be a response to a preceeding message",
    ),
    "a call without a result": (
        {"messages": [USER, {"role": "assistant", "tool_calls": [_call()]}, USER]},
        "did not have response messages: c1",
    ),
    "no calls at all": ({"messages": [{"role": "assistant", "content": "x", "tool_calls": []}]}, "empty array"),
    "two limits": ({"max_tokens": 5, "max_completion_tokens": 5}, "at the same time"),
    "the old limit": ({"model": "gpt-5.4", "max_tokens": 5}, "Use 'max_completion_tokens' instead"),
    "a temperature for a thinker": ({"model": "gpt-5.6-terra", "temperature": 0.4}, "'temperature' does not support"),
    "top_p for a thinker": ({"model": "o3", "top_p": 0.4}, "'top_p' is not supported"),
    "a fever": ({"temperature": 2.5}, "above maximum value"),
    "usage without a stream": ({"stream_options": {"include_usage": True}}, "only allowed when 'stream'"),
    "a choice without tools": ({"tool_choice": "auto"}, "only allowed when 'tools'"),
    "a choice of no tool": (
        {
            "tools": [{"type": "function", "function": TOOL}],
            "tool_choice": {"type": "function", "function": {"name": "f"}},
        },
        "not found in 'tools'",
    ),
    "a flat tool": ({"tools": [{"type": "function", **TOOL}]}, "'tools[0].function'"),
    "a tool with a bad name": ({"tools": [{"type": "function", "function": {"name": "get weather"}}]}, "match pattern"),
    "an open strict schema": (
        {"tools": [{"type": "function", "function": {**TOOL, "strict": True}}]},
        "'additionalProperties' is required",
    ),
    "json without the word": ({"response_format": {"type": "json_object"}}, "must contain the word 'json'"),
    "a schema without a name": ({"response_format": {"type": "json_schema", "json_schema": {}}}, "json_schema.name"),
    "an unknown parameter": ({"max_output_tokens": 100}, "Unknown parameter"),
    "an effort of a plain model": ({"reasoning_effort": "low"}, "not supported with this model"),
}


@pytest.mark.parametrize("flaw", CHAT_FLAWS)
async def test_chat_refuses(models: ModelEmulator, client: AsyncOpenAI, flaw: str) -> None:
    changes, why = CHAT_FLAWS[flaw]
    body = {"model": "gpt-4.1", "messages": [USER]} | changes

    with pytest.raises(BadRequestError) as refused:
        await client.post("/chat/completions", cast_to=object, body=body)

    assert why in refused.value.message
    assert refused.value.type == "invalid_request_error"
    assert models.asked == []
    assert len(models.violations) == 1


CALL_ITEM = {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": "{}"}
OUTPUT_ITEM = {"type": "function_call_output", "call_id": "c1", "output": "sunny"}
THOUGHT_ITEM = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"}
USER_ITEM = {"role": "user", "content": "hi"}
RESPONSE_FLAWS: dict[str, tuple[dict[str, Any], str]] = {
    "no input": ({"input": None}, "Missing required parameter: 'input'"),
    "an empty input": ({"input": []}, "empty array"),
    "an unknown role": ({"input": [{"role": "tool", "content": "x"}]}, "Invalid value: 'tool'"),
    "a part of another api": (
        {"input": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]},
        "'input_text'",
    ),
    "what the user would not say": (
        {"input": [{"role": "assistant", "content": [{"type": "input_text", "text": "x"}]}, USER_ITEM]},
        "'output_text'",
    ),
    "an output of no call": ({"input": [USER_ITEM, OUTPUT_ITEM]}, "No tool call found"),
    "a call without an output": ({"input": [USER_ITEM, CALL_ITEM]}, "No tool output found for function call c1"),
    "a foreign id": ({"input": [USER_ITEM, {**CALL_ITEM, "id": "call_1"}, OUTPUT_ITEM]}, "begins with 'fc'"),
    "a nested tool": ({"tools": [{"type": "function", "function": TOOL}]}, "'tools[0].name'"),
    "too few tokens": ({"max_output_tokens": 5}, "below minimum value"),
    "a temperature for a thinker": ({"temperature": 0.4}, "'temperature' does not support"),
    "chat's limit": ({"max_tokens": 50}, "Unknown parameter"),
    "unsealed thoughts": (
        {
            "input": [
                USER_ITEM,
                THOUGHT_ITEM,
                CALL_ITEM,
                OUTPUT_ITEM,
            ]
        },
        "could not be verified",
    ),
}


@pytest.mark.parametrize("flaw", RESPONSE_FLAWS)
async def test_responses_refuses(models: ModelEmulator, client: AsyncOpenAI, flaw: str) -> None:
    changes, why = RESPONSE_FLAWS[flaw]
    body = {"model": "gpt-5.6-terra", "input": [USER_ITEM]} | changes

    with pytest.raises(BadRequestError) as refused:
        await client.post("/responses", cast_to=object, body=body)

    assert why in refused.value.message
    assert models.asked == []


async def test_a_thought_that_was_not_stored_is_not_found(models: ModelEmulator, client: AsyncOpenAI) -> None:
    async def again(*, store: bool) -> None:
        models.then(Think("Hm."), Say("Hello."))
        first = await client.responses.create(model="gpt-5.6-terra", input="hi", store=store)
        items = [item.model_dump(exclude_none=True) for item in first.output]
        await client.post("/responses", cast_to=object, body={"model": "gpt-5.6-terra", "input": [*items, USER_ITEM]})

    await again(store=True)
    with pytest.raises(NotFoundError, match="not persisted when `store` is set to false"):
        await again(store=False)
