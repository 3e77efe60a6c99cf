"""Many people in Slack at once, with its limits on: everyone is answered once, in order and whole."""

import re

from adapters.slack.emulator import Limits, Message, SlackEmulator
from bot.domain.reply import Prompt
from specialists.scripted import Say, Script
from tests.stories.stage import set_stage

USERS = 20
CHANNELS = 5
ROUNDS = 4
STREAMS_A_MINUTE = 20
QUESTION = re.compile(r"question \d+ of \w+ (?:here|there)")


def _answer(prompt: Prompt) -> Script:
    (asked,) = QUESTION.findall(prompt.text)
    return (Say(f"The answer to {asked}. " + "It takes a while. " * 20, chunk_chars=60, pause_seconds=0.3),)


def _whole(message: Message, asked: str) -> None:
    assert message.text_content.strip() == f"The answer to {asked}. " + ("It takes a while. " * 20).strip()
    assert not message.is_streaming


async def test_twenty_people_ask_in_channels_and_alone_and_every_fifth_event_comes_twice(sqlite_url: str) -> None:
    async with (
        set_stage(sqlite_url, slack_limits=Limits.slack(), choose=_answer, grain_seconds=0.1) as stage,
        stage.process(),
    ):
        slack = stage.slack
        slack.repeats_every(5)
        people = [slack.user(f"User{number}") for number in range(USERS)]
        channels = [slack.channel(f"room-{number}", people[number::CHANNELS]) for number in range(CHANNELS)]
        roots: dict[str, Message] = {}
        for round_ in range(ROUNDS):
            for number, person in enumerate(people):
                lead = "" if round_ else "@concierge "
                asked = f"{lead}question {round_} of {person.name}"
                said = await person.says(f"{asked} here", channels[number % CHANNELS], roots.get(person.id))
                roots.setdefault(person.id, said)
                await person.says(f"{asked} there")
            await stage.clock.advance(40.0)
        await stage.settles()

        for number, person in enumerate(people):
            public = [one for one in channels[number % CHANNELS].replies if one.thread_ts == roots[person.id].ts]
            for place, replies in (("here", public), ("there", person.dm.replies)):
                assert len(replies) == ROUNDS
                for round_, reply in enumerate(replies):
                    _whole(reply, f"question {round_} of {person.name} {place}")
        assert not slack.violations
        async with stage.board.store.begin() as tx:
            account = await tx.ledger.account()
        asked_in_all = USERS * ROUNDS * 2
        assert (account.received, account.answered, account.lost) == (asked_in_all, asked_in_all, 0)


async def test_a_workspace_that_may_stream_no_more_still_gets_every_answer(sqlite_url: str) -> None:
    async with (
        set_stage(sqlite_url, slack_limits=Limits.slack(), choose=_answer, grain_seconds=0.1) as stage,
        stage.process(),
    ):
        slack = stage.slack
        people = [slack.user(f"User{number}") for number in range(STREAMS_A_MINUTE * 2)]
        channel = slack.channel("everybody", people)
        for person in people:
            await person.says(f"@concierge question 0 of {person.name} here", channel)
        await stage.settles()

        assert len(channel.replies) == len(people)
        for person in people:
            asked = f"question 0 of {person.name} here"
            (reply,) = [one for one in channel.replies if asked in one.text_content]
            _whole(reply, asked)
        begun = _calls(slack, "chat.startStream")
        assert 0 < begun <= STREAMS_A_MINUTE
        assert not slack.violations


def _calls(slack: SlackEmulator, method: str) -> int:
    return sum(call.method == method for call in slack.calls)
