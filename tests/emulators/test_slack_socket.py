"""Socket Mode: hello, envelopes, acknowledgements, and what goes out again."""

from contextlib import AsyncExitStack

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from adapters.slack.emulator import SlackEmulator
from tests.emulators.slack_apps import client_of, connected
from tests.fakes.clock import ManualClock


async def open_socket(
    slack: SlackEmulator, stack: AsyncExitStack
) -> tuple[aiohttp.ClientWebSocketResponse, dict[str, object]]:
    """A socket opened by hand, and its hello."""
    answer = await client_of(slack).apps_connections_open(app_token=slack.app_token)
    session = await stack.enter_async_context(aiohttp.ClientSession())
    socket = await stack.enter_async_context(session.ws_connect(answer["url"]))
    return socket, await socket.receive_json()


async def test_a_bolt_app_hears_and_answers(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack, connected(slack) as app:
        ann = slack.user("Ann")

        @app.app.message("hello")
        async def greet(say: object) -> None:
            raise AssertionError("the catch-all comes first")

        await ann.says("hello")
        await clock.until(lambda: slack.pending_events == 0)
        assert app.texts == ["hello"]
        assert slack.deliveries[0].retry_numbers == [0]
        assert slack.deliveries[0].acked
        assert slack.violations == []


async def test_what_happened_before_the_app_came_waits_for_it(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        ann = slack.user("Ann")
        for text in ("one", "two"):
            await ann.says(text)
        assert slack.pending_events == 2
        async with connected(slack) as app:
            await clock.until(lambda: slack.pending_events == 0)
            assert app.texts == ["one", "two"]


async def test_the_first_thing_on_a_socket_is_hello(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack, AsyncExitStack() as stack:
        _, hello = await open_socket(slack, stack)
        assert (hello["type"], hello["num_connections"]) == ("hello", 1)
        assert len(slack.connections) == 1
        socket, hello = await open_socket(slack, stack)
        assert hello["num_connections"] == 2
        await socket.close()
        await clock.until(lambda: len(slack.connections) == 1)


async def test_only_the_app_token_opens_a_socket(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        with pytest.raises(SlackApiError, match="not_allowed_token_type"):
            await client_of(slack).apps_connections_open(app_token=slack.token)
        url = (await client_of(slack).apps_connections_open(app_token=slack.app_token))["url"]
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(url):
                pass
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(url)


async def test_an_app_without_socket_mode_gets_no_socket(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock, socket_mode=False) as slack:
        with pytest.raises(SlackApiError):
            await client_of(slack).apps_connections_open(app_token=slack.app_token)


async def test_an_event_without_acknowledgement_comes_again(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack, connected(slack) as app:
        app.refuses = 4
        await slack.user("Ann").says("hello")
        await clock.until(lambda: len(app.bodies) == 1)
        assert slack.pending_events == 1
        await clock.advance(3)
        assert await slack.redelivers() == 1
        await clock.until(lambda: len(app.bodies) == 2)
        await clock.advance(3)
        assert slack.pending_events == 1
        await slack.redelivers()
        assert (len(app.bodies), slack.pending_events) == (2, 0)
        await clock.advance(57)
        await slack.redelivers()
        await clock.until(lambda: len(app.bodies) == 2)
        await clock.advance(3)
        await slack.redelivers()
        await clock.until(lambda: len(app.bodies) == 3)
        await clock.advance(303)
        await slack.redelivers()
        await clock.until(lambda: len(app.bodies) == 4)
        await clock.advance(3)
        assert await slack.redelivers() == 0
        assert app.retries == ["0", "1", "2", "3"]
        assert len({body["event_id"] for body in app.bodies}) == 1
        assert slack.deliveries[0].given_up


async def test_a_late_acknowledgement_does_not_count(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack, AsyncExitStack() as stack:
        socket, _ = await open_socket(slack, stack)
        await slack.user("Ann").says("hello")
        first = await socket.receive_json()
        assert (first["retry_attempt"], first["accepts_response_payload"]) == (0, False)
        await clock.advance(3.5)
        await socket.send_json({"envelope_id": first["envelope_id"]})
        again = await socket.receive_json()
        assert (again["retry_attempt"], again["retry_reason"]) == (1, "http_timeout")
        assert again["payload"] == first["payload"]
        await socket.send_json({"envelope_id": again["envelope_id"]})
        await clock.until(lambda: slack.pending_events == 0)


async def test_what_a_lost_socket_took_with_it_comes_over_the_next_one(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack, AsyncExitStack() as stack:
        socket, _ = await open_socket(slack, stack)
        await slack.user("Ann").says("hello")
        lost = await socket.receive_json()
        await slack.hangs_up(rudely=True)
        await clock.until(lambda: not slack.connections)
        assert slack.pending_events == 1
        socket, _ = await open_socket(slack, stack)
        again = await socket.receive_json()
        assert again["payload"] == lost["payload"]
        await socket.send_json({"envelope_id": again["envelope_id"]})
        await clock.until(lambda: slack.pending_events == 0)


async def test_the_app_comes_by_another_socket_when_asked(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack, connected(slack) as app:
        ann = slack.user("Ann")
        (before,) = slack.connections
        await slack.disconnects()
        await clock.until(lambda: slack.connections != [before] and len(slack.connections) == 1)
        await ann.says("still there?")
        await clock.until(lambda: slack.pending_events == 0)
        assert app.texts == ["still there?"]
        await slack.hangs_up()
        await clock.until(lambda: len(slack.connections) == 1)
        await ann.says("and now?")
        await clock.until(lambda: slack.pending_events == 0)
        assert app.texts[-1] == "and now?"


async def test_several_sockets_share_the_events(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack, connected(slack) as one, connected(slack) as other:
        ann = slack.user("Ann")
        for number in range(6):
            await ann.says(f"number {number}")
        await clock.until(lambda: slack.pending_events == 0)
        assert len(one.texts) == len(other.texts) == 3
        assert sorted(one.texts + other.texts) == [f"number {number}" for number in range(6)]


async def test_events_can_come_twice(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack, connected(slack) as app:
        ann = slack.user("Ann")
        slack.repeats_every(2)
        for text in ("one", "two", "three"):
            await ann.says(text)
        await clock.until(lambda: slack.pending_events == 0)
        assert app.texts == ["one", "two", "two", "three"]
        slack.repeats_every(0)
        await slack.repeats_events(2)
        await clock.until(lambda: slack.pending_events == 0)
        assert sorted(app.texts[4:]) == ["three", "two"]
        assert app.retries == ["0", "0", "1", "0", "2", "1"]


async def test_a_crowd_is_heard_to_the_last_word(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack, connected(slack) as app:
        slack.repeats_every(5)
        people = [slack.user(f"User{number}") for number in range(20)]
        rooms = [slack.channel(f"room{number}", people) for number in range(5)]
        for number in range(10):
            for index, person in enumerate(people):
                await person.says(f"{person.name} {number}", to=rooms[index % 5] if index % 2 else None)
        await clock.until(lambda: slack.pending_events == 0)
        said = {message["ts"] for message in app.of("message")}
        assert len(said) == 200
        assert len(app.of("app_mention")) >= 100
        assert len(app.events) == 300 + 60


async def test_anything_can_be_pushed(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack, connected(slack) as app:
        await slack.push({"type": "telepathy", "thought": "x"})
        await clock.until(lambda: slack.pending_events == 0)
        assert app.of("telepathy") == [{"type": "telepathy", "thought": "x"}]


async def test_nonsense_on_the_socket_is_a_violation(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack, AsyncExitStack() as stack:
        socket, _ = await open_socket(slack, stack)
        await socket.send_str("nonsense")
        await clock.until(lambda: bool(slack.violations))
        assert slack.violations == ["socket: what came is no acknowledgement"]
