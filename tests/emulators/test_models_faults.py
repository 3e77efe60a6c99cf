"""What goes wrong with providers: refusals, cut and malformed streams, silence; and clients that go away."""

import json
from collections.abc import AsyncIterator

import anthropic
import httpx2
import openai
import pytest
from pydantic_ai import Agent
from pydantic_ai.exceptions import ModelContextWindowExceededError, ModelQuotaExceededError, ModelRateLimitError
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from bot.domain.errors import SettingsError
from specialists.emulator import (
    Asked,
    Call,
    Complain,
    Cut,
    End,
    Garbage,
    ModelEmulator,
    Refuse,
    Say,
    Script,
)
from tests.emulators.model_clients import GPT, KEY, WIRES, Clients, anthropic_of, openai_of
from tests.fakes.clock import ManualClock


@pytest.fixture
async def models(clock: ManualClock) -> AsyncIterator[ModelEmulator]:
    async with ModelEmulator(clock=clock) as emulator:
        yield emulator


@pytest.fixture
async def clients(models: ModelEmulator) -> AsyncIterator[Clients]:
    async with openai_of(models) as one, anthropic_of(models) as other:
        yield Clients(one, other)


@pytest.mark.parametrize(
    ("step", "error", "code"),
    [
        (Refuse(400, "context_length_exceeded"), openai.BadRequestError, "context_length_exceeded"),
        (Refuse(400, "unsupported_value"), openai.BadRequestError, "unsupported_value"),
        (Refuse(401), openai.AuthenticationError, "invalid_api_key"),
        (Refuse(403), openai.PermissionDeniedError, "unsupported_country_region_territory"),
        (Refuse(404), openai.NotFoundError, "model_not_found"),
        (Refuse(429), openai.RateLimitError, "rate_limit_exceeded"),
        (Refuse(429, "insufficient_quota"), openai.RateLimitError, "insufficient_quota"),
        (Refuse(500), openai.InternalServerError, None),
        (Refuse(503), openai.InternalServerError, None),
    ],
)
async def test_openai_refuses_in_its_shape(
    models: ModelEmulator, clients: Clients, step: Refuse, error: type[openai.APIStatusError], code: str | None
) -> None:
    for wire in ("chat", "responses"):
        models.then(step)
        with pytest.raises(error) as refused:
            await clients.hears(wire, [])
        assert (refused.value.status_code, refused.value.code) == (step.status, code)
        assert refused.value.message
    assert [asked.ended for asked in models.asked] == [True, True]
    assert models.violations == [], "what a script refuses is nobody's fault"


@pytest.mark.parametrize(
    ("step", "error", "kind"),
    [
        (Refuse(400, "context_length_exceeded"), anthropic.BadRequestError, "invalid_request_error"),
        (Refuse(401), anthropic.AuthenticationError, "authentication_error"),
        (Refuse(403), anthropic.PermissionDeniedError, "permission_error"),
        (Refuse(429), anthropic.RateLimitError, "rate_limit_error"),
        (Refuse(500), anthropic.InternalServerError, "api_error"),
        (Refuse(529), anthropic.APIStatusError, "overloaded_error"),
    ],
)
async def test_anthropic_refuses_in_its_shape(
    models: ModelEmulator, clients: Clients, step: Refuse, error: type[anthropic.APIStatusError], kind: str
) -> None:
    models.then(step)

    with pytest.raises(error) as refused:
        await clients.hears("anthropic", [])

    assert refused.value.status_code == step.status
    assert isinstance(refused.value.body, dict)
    assert refused.value.body["error"]["type"] == kind


@pytest.mark.parametrize("wire", WIRES)
async def test_a_refusal_says_when_to_come_back(models: ModelEmulator, clients: Clients, wire: str) -> None:
    models.then(Refuse(429, message="Slow down.", retry_after="7"))

    with pytest.raises((openai.RateLimitError, anthropic.RateLimitError), match="Slow down") as refused:
        await clients.asks(wire)

    assert isinstance(refused.value, openai.RateLimitError | anthropic.RateLimitError)
    assert refused.value.response.headers["Retry-After"] == "7"


async def test_pydantic_ai_tells_the_refusals_apart(models: ModelEmulator, clients: Clients) -> None:
    agent = Agent(OpenAIChatModel(GPT, provider=OpenAIProvider(openai_client=clients.openai)))
    expected = {
        "rate_limit_exceeded": (429, ModelRateLimitError),
        "insufficient_quota": (429, ModelQuotaExceededError),
        "context_length_exceeded": (400, ModelContextWindowExceededError),
    }
    for code, (status, error) in expected.items():
        models.then(Refuse(status, code))
        with pytest.raises(error):
            await agent.run("hi")


@pytest.mark.parametrize("wire", WIRES)
async def test_a_cut_connection_keeps_what_came_before(models: ModelEmulator, clients: Clients, wire: str) -> None:
    models.then(Say("It was a dark and stormy night"), Cut(), Say("never"))
    heard: list[str] = []

    with pytest.raises((openai.APIConnectionError, anthropic.APIConnectionError, httpx2.RemoteProtocolError)):
        await clients.hears(wire, heard)

    assert "".join(heard) == "It was a dark and stormy night"
    assert (models.asked[0].ended, models.asked[0].closed_early, models.asked[0].used) == (True, False, None)


@pytest.mark.parametrize("wire", WIRES)
async def test_a_connection_is_cut_before_a_word(models: ModelEmulator, clients: Clients, wire: str) -> None:
    models.then(Cut())
    models.then(Say("x"), Cut())

    for ask in (clients.hears(wire, []), clients.asks(wire)):
        with pytest.raises((openai.APIConnectionError, anthropic.APIConnectionError)):
            await ask


@pytest.mark.parametrize("wire", WIRES)
async def test_garbage_in_a_stream(models: ModelEmulator, clients: Clients, wire: str) -> None:
    models.then(Say("Hello"), Garbage(b'event: content_block_delta\ndata: {"type": "content_bl\n\n'))
    heard: list[str] = []

    with pytest.raises(json.JSONDecodeError):
        await clients.hears(wire, heard)

    assert heard == ["Hello"]


async def test_garbage_instead_of_an_answer(models: ModelEmulator, clients: Clients) -> None:
    models.then(Garbage(b"<html>Bad gateway</html>"))

    with pytest.raises(json.JSONDecodeError):
        await clients.asks("chat")


@pytest.mark.parametrize("wire", WIRES)
async def test_a_complaint_in_the_stream(models: ModelEmulator, clients: Clients, wire: str) -> None:
    models.then(Say("Hello"), Complain("overloaded_error", "Overloaded"), Say("never"))
    heard: list[str] = []

    with pytest.raises((openai.APIError, anthropic.APIStatusError), match="Overloaded"):
        await clients.hears(wire, heard)

    assert heard == ["Hello"]


@pytest.mark.parametrize("wire", WIRES)
async def test_a_complaint_without_a_stream_is_an_error(models: ModelEmulator, clients: Clients, wire: str) -> None:
    models.then(Say("Hello"), Complain("rate_limit_error", "Too much"))

    with pytest.raises((openai.RateLimitError, anthropic.RateLimitError), match="Too much"):
        await clients.asks(wire)


async def test_a_refusal_that_comes_too_late_is_a_complaint(models: ModelEmulator, clients: Clients) -> None:
    models.then(Say("Hello"), Refuse(500))
    heard: list[str] = []

    with pytest.raises(openai.APIError, match="The server had an error"):
        await clients.hears("chat", heard)

    assert heard == ["Hello"]


@pytest.mark.parametrize("wire", WIRES)
async def test_a_stream_may_just_stop(models: ModelEmulator, clients: Clients, wire: str) -> None:
    models.then(Say("It was a"), End(""))
    heard: list[str] = []

    await clients.hears(wire, heard)

    assert heard == ["It was a"]


async def test_a_model_may_call_with_broken_arguments(models: ModelEmulator, clients: Clients) -> None:
    models.then(Call("weather", '{"city": "Os'))

    answer = await clients.openai.chat.completions.create(model=GPT, messages=[{"role": "user", "content": "hi"}])

    assert answer.choices[0].message.tool_calls is not None
    assert answer.choices[0].message.tool_calls[0].type == "function"
    assert answer.choices[0].message.tool_calls[0].function.arguments == '{"city": "Os'


async def test_scripts_are_taken_in_order_and_then_the_model_chooses(models: ModelEmulator, clients: Clients) -> None:
    def choose(asked: Asked) -> Script:
        return [Say(f"{asked.wire} {asked.messages[-1][1]}")]

    models.choose = choose
    models.then(Say("first"))
    models.then(Say("second"))
    heard: list[str] = []

    for _ in range(3):
        await clients.hears("responses", heard)

    assert "".join(heard) == "firstsecondresponses hi"
    assert models.scripts_left == 0


async def test_texts_of_every_kind_arrive_as_they_are(models: ModelEmulator, clients: Clients) -> None:
    text = '\x00\x1b[31m\u2028 </s> "quoted" \\ 👩‍👩‍👧 שלום\r\n\r\ndata: [DONE]\n\n' + "длинно " * 5000
    for wire in ("chat", "responses"):
        models.then(Say(text, chunk_chars=999))
        heard: list[str] = []
        await clients.hears(wire, heard)
        assert "".join(heard) == text


async def test_nothing_is_understood_that_is_not_json(models: ModelEmulator, clock: ManualClock) -> None:
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    async with httpx2.AsyncClient(base_url=models.openai_url) as client:
        statuses = [
            (await client.post("/chat/completions", content=body, headers=headers)).status_code
            for body in (b"{", b"[]", b"\xff", b'{"model": "\\ud800"}', b'{"n": NaN}', b"[" * 200_000)
        ]
        text = await client.post("/chat/completions", content=b"{}", headers=headers | {"Content-Type": "text/plain"})
        nobody = await client.post("/chat/completions", json={})
        nowhere = await client.get("/nowhere", headers=headers)

    assert statuses == [400] * 6
    assert (text.status_code, nobody.status_code, nowhere.status_code) == (400, 401, 404)
    assert nobody.json()["error"]["message"] == "You didn't provide an API key."


async def test_a_broken_script_is_a_failure_of_the_test_that_wrote_it(models: ModelEmulator, clients: Clients) -> None:
    def choose(asked: Asked) -> Script:
        raise LookupError(asked.model)

    models.choose = choose

    with pytest.raises(openai.InternalServerError):
        await clients.asks("chat")

    assert models.violations == ["chat: the emulator failed with LookupError"]


async def test_an_emulator_has_no_address_before_it_starts(clock: ManualClock) -> None:
    models = ModelEmulator(clock=clock)

    with pytest.raises(SettingsError):
        _ = models.openai_url
    with pytest.raises(ValueError, match="no such end"):
        End("tired")
