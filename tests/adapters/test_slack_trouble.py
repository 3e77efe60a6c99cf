"""Verbs that fail: the right error of ours, and nothing given away."""

import traceback
from collections.abc import AsyncIterator

import pytest

from adapters.slack.emulator.limits import Limits
from adapters.slack.messenger import SlackMessenger
from bot.domain.errors import (
    Ambiguous,
    Blocked,
    Flooded,
    MessageGone,
    MessengerError,
    Misconfigured,
    TopicGone,
    Unreachable,
    Unrenderable,
)
from bot.domain.messenger import Outgoing
from bot.domain.place import Place, Ref
from tests.adapters.slack_cast import TEXTS, Stage, said, stage
from tests.fakes.clock import ManualClock


@pytest.fixture
async def here() -> AsyncIterator[Stage]:
    async with stage(running=False) as one:
        yield one


def elsewhere(token: str, api_base: str) -> SlackMessenger:
    async def no(_: Place) -> bool:
        return False

    async def left(_: str) -> None:
        return None

    return SlackMessenger(
        token,
        ManualClock(),
        TEXTS,
        api_base=api_base,
        app_token="xapp-1",
        commands=tuple,
        ours=no,
        specialists=lambda _: (),
        left=left,
    )


async def test_a_flood_says_how_long_to_wait() -> None:
    async with stage(limits=Limits.slack(), running=False) as here:
        place = here.at(here.slack.user("Ann").dm)
        for number in range(4):
            await here.app.send(place, Outgoing(f"{number}"))
        with pytest.raises(Flooded) as flood:
            await here.app.send(place, Outgoing("too much"))
    assert flood.value.retry_after_seconds == 4


async def test_where_we_are_not_we_cannot_speak(here: Stage) -> None:
    ann = here.slack.user("Ann")
    outside = here.slack.channel("secret", [ann], with_app=False)
    archived = here.slack.channel("old", [ann])
    archived.state.archived = True
    for place in (here.at(outside), here.at(archived), Place("slack", "C404", workspace=here.slack.home.id)):
        with pytest.raises(Blocked):
            await here.app.send(place, said("hello"))


async def test_a_thread_that_is_gone_cannot_be_answered(here: Stage) -> None:
    team = here.slack.channel("team", [here.slack.user("Ann")])
    with pytest.raises(TopicGone):
        await here.app.begin_stream(here.at(team, "1.000001"), Outgoing("hello", streaming=True), "U1")


async def test_what_others_wrote_is_not_ours_to_change(here: Stage) -> None:
    ann = here.slack.user("Ann")
    theirs = here.ref(ann.dm, await ann.says("mine"))
    for verb in (here.app.edit(theirs, said("ours")), here.app.delete(theirs)):
        with pytest.raises(MessageGone):
            await verb
    with pytest.raises(MessageGone):
        await here.app.edit(Ref(here.at(ann.dm), "1.000001"), said("nothing"))


async def test_what_slack_does_not_take_is_told_apart(here: Stage) -> None:
    ann = here.slack.user("Ann")
    for outgoing in (Outgoing("word " * 4_000), Outgoing(" ")):
        with pytest.raises(Unrenderable):
            await here.app.send(here.at(ann.dm), outgoing)


@pytest.mark.parametrize("fault", ["drops_after", "drops_before", "garbage", "fails"])
async def test_a_send_that_ended_in_the_dark_is_ambiguous(here: Stage, fault: str) -> None:
    getattr(here.slack.faults, fault)(method="chat.postMessage")
    with pytest.raises(Ambiguous):
        await here.app.send(here.at(here.slack.user("Ann").dm), said("hello"))


@pytest.mark.parametrize("fault", ["drops_after", "drops_before", "garbage", "fails"])
async def test_an_edit_that_ended_in_the_dark_may_simply_be_made_again(here: Stage, fault: str) -> None:
    ref = await here.app.send(here.at(here.slack.user("Ann").dm), said("hello"))
    getattr(here.slack.faults, fault)(method="chat.update")
    with pytest.raises(Unreachable):
        await here.app.edit(ref, said("hello again"))


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_bare_status_is_a_doubt_too(here: Stage, status: int) -> None:
    here.slack.faults.fails(status, method="chat.postMessage")
    with pytest.raises(Ambiguous):
        await here.app.send(here.at(here.slack.user("Ann").dm), said("hello"))


async def test_nobody_at_the_other_end_means_certainly_not_delivered() -> None:
    app = elsewhere("xoxb-1", "http://127.0.0.1:9/api/")
    with pytest.raises(Unreachable):
        await app.send(Place("slack", "D1", workspace="T1"), said("hello"))
    await app.close()


async def test_a_refused_token_is_a_matter_for_the_operator(here: Stage) -> None:
    app = elsewhere("xoxb-other", here.slack.url)
    with pytest.raises(Misconfigured, match="invalid_auth"):
        await app.send(here.at(here.slack.user("Ann").dm), said("hello"))
    await app.close()


async def test_a_new_token_is_asked_for_after_a_refusal() -> None:
    tokens: list[str] = ["xoxb-old"]

    async def token(team: str) -> str:
        return tokens[-1]

    async with stage(tokens=token, running=False) as here:
        place = here.at(here.slack.user("Ann").dm)
        with pytest.raises(Misconfigured):
            await here.app.send(place, said("hello"))
        tokens.append(here.slack.token)
        await here.app.send(place, said("hello"))
        # Installed anew while we still spoke with the token of before: nothing was said, and the next try will do.
        await here.slack.home.uninstalls()
        tokens.append(here.slack.home.installs())
        with pytest.raises(Unreachable):
            await here.app.send(place, said("hello again"))
        await here.app.send(place, said("hello again"))
        tokens.append("")
        here.slack.faults.fails("token_revoked", method="chat.postMessage")
        for _ in range(2):
            with pytest.raises(Misconfigured):
                await here.app.send(place, said("hello"))


async def test_a_missing_right_is_named(here: Stage) -> None:
    here.slack.faults.fails("missing_scope", method="chat.postMessage")
    with pytest.raises(Misconfigured, match="missing_scope"):
        await here.app.send(here.at(here.slack.user("Ann").dm), said("hello"))


async def test_calls_share_their_connections(here: Stage) -> None:
    session = here.app._client.session
    ann = here.slack.user("Ann")
    for _ in range(3):
        await here.app.send(here.at(ann.dm), said("hello"))
    assert here.app._client.session is session
    assert session.connector is not None
    assert sum(map(len, session.connector._conns.values())) == 1


async def test_no_trouble_shows_the_token_or_the_text(here: Stage, caplog: pytest.LogCaptureFixture) -> None:
    ann = here.slack.user("Ann")
    caplog.set_level("DEBUG")
    told: list[str] = []
    secret = " ".join(("the", "secret", "recipe"))
    broken = elsewhere(here.slack.token, "ftp://nowhere/")
    for spoil in (here.slack.faults.drops_after, here.slack.faults.garbage, here.slack.faults.fails):
        spoil(method="chat.postMessage")
        try:
            await here.app.send(here.at(ann.dm), Outgoing(secret))
        except MessengerError as trouble:
            told.extend(traceback.format_exception(trouble))
    try:
        await broken.send(here.at(ann.dm), Outgoing(secret))
    except MessengerError as trouble:
        told.extend(traceback.format_exception(trouble))
    await broken.close()
    assert len(told) > 4
    everything = "".join(told) + caplog.text
    assert here.slack.token not in everything
    assert secret not in everything
